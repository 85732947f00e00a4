"""What a page is asked for by its address: filters and a place in a list. An address can be shared."""

from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, model_validator

from shared.web import Call

ROWS = 50  # of a list on one page


class View(BaseModel):
    """A field that a form left empty is left out; one that is not known is refused, since it would do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    done: str | None = None

    @model_validator(mode="before")
    @classmethod
    def without_empty(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given


def further(call: Call, **place: Any) -> str:
    """The address of the next page of this list."""
    kept = {name: value for name, value in call.request.query.items() if value and name != "done"}
    return f"{call.request.path}?{urlencode({**kept, **place})}"
