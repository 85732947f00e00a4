"""What a page says after an act, by the word that the act's answer puts into the address (`?done=`)."""

NOTICES = {
    "started": "The run has been started.",
    "stands": "There was nothing to start: this run stands for that time already.",
    "skipped": "The task had nothing to do.",
    "added": "That address gets no more mail.",
    "there": "That address was on the list already.",
    "removed": "That address gets mail again.",
    "redelivered": "The event is processed again.",
}
