"""What a page says after an act, by the word that the act's answer puts into the address (`?done=`)."""

NOTICES: dict[str, str] = {}
