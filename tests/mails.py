"""A mail that can be sent, to be varied."""

from typing import Any
from uuid import UUID

from shared.providers.mail import Mail

ID = UUID("0190f3a0-0000-7000-8000-000000000001")


def mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {
        "id": ID,
        "to_email": "anna@example.org",
        "from_email": "Nightshift <night@example.com>",
        "subject": "Hello",
        "text": "Good morning.",
    }
    return Mail(**(values | changes))
