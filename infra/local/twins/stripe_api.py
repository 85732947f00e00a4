"""Stripe's list and error shapes (docs.stripe.com/api: events, pagination, errors)."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from multidict import MultiMapping

from infra.local.twins.exchange import Reply
from infra.local.twins.stripe_objects import Object

LIMIT = 10  # objects on a page unless asked; docs.stripe.com/api/pagination
LIMIT_MAX = 100
KEPT = 30 * 86_400  # seconds that events are listed; docs.stripe.com/api/events/list

RANGE = re.compile(r"created\[(gte|gt|lte|lt)\]")
TYPES = re.compile(r"types\[\d*\]")


class InvalidQueryError(Exception):
    """The request's parameters are not Stripe's; `param` names the one."""

    def __init__(self, param: str, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code

    def reply(self) -> Reply:
        return refusal(400, str(self), code=self.code, param=self.param)


@dataclass(slots=True)
class ListQuery:
    """What GET /v1/events was asked for."""

    limit: int = LIMIT
    starting_after: str | None = None
    ending_before: str | None = None
    types: list[str] = field(default_factory=list)
    delivery_success: bool | None = None
    bounds: dict[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, parameters: MultiMapping[str]) -> Self:
        query = cls()
        for name, value in parameters.items():
            query._take(name, value)
        if query.starting_after and query.ending_before:
            raise InvalidQueryError("starting_after", "You cannot use both starting_after and ending_before.")
        return query

    def _take(self, name: str, value: str) -> None:
        bound = RANGE.fullmatch(name)
        if bound or name == "created":
            self.bounds[bound[1] if bound else "eq"] = whole(name, value)
        elif TYPES.fullmatch(name) or name == "type":
            self.types.append(value)
        elif name == "limit":
            self.limit = whole(name, value)
            if not 1 <= self.limit <= LIMIT_MAX:
                raise InvalidQueryError(name, f"Invalid integer: {value}, limit is between 1 and {LIMIT_MAX}")
        elif name in {"starting_after", "ending_before"}:
            setattr(self, name, value)
        elif name == "delivery_success":
            self.delivery_success = value == "true"
        else:
            raise InvalidQueryError(name, f"Received unknown parameter: {name}", "parameter_unknown")

    def wants(self, event: Object) -> bool:
        created, bounds = event["created"], self.bounds
        delivered = event["pending_webhooks"] == 0
        return (
            created >= bounds.get("gte", created)
            and created <= bounds.get("lte", created)
            and created == bounds.get("eq", created)
            and created > bounds.get("gt", created - 1)
            and created < bounds.get("lt", created + 1)
            and (not self.types or any(matches(event["type"], each) for each in self.types))
            and self.delivery_success in {None, delivered}
        )


def matches(event_type: str, wanted: str) -> bool:
    """`charge.*` means every type that begins with `charge.`."""
    return event_type == wanted or (wanted.endswith("*") and event_type.startswith(wanted[:-1]))


def whole(name: str, value: str) -> int:
    if not value.isdecimal():
        raise InvalidQueryError(name, f"Invalid integer: {value}", "parameter_invalid_integer")
    return int(value)


def page(events: Sequence[Object], query: ListQuery) -> Object:
    """One page, newest first. A cursor is an event's id, also of an event that the filters leave out."""
    newest = sorted(events, key=lambda event: event["created"], reverse=True)
    if query.ending_before:
        before = newest[: position(newest, "ending_before", query.ending_before)]
        found = [event for event in before if query.wants(event)]
        shown = found[-query.limit :]
    else:
        after = position(newest, "starting_after", query.starting_after) + 1 if query.starting_after else 0
        found = [event for event in newest[after:] if query.wants(event)]
        shown = found[: query.limit]
    return listed("/v1/events", shown, has_more=len(found) > len(shown))


def position(events: Sequence[Object], param: str, wanted: str) -> int:
    for number, event in enumerate(events):
        if event["id"] == wanted:
            return number
    raise InvalidQueryError(param, f"No such event: '{wanted}'", "resource_missing")


def listed(url: str, data: Sequence[Object], *, has_more: bool = False) -> Object:
    return {"object": "list", "url": url, "has_more": has_more, "data": list(data)}


def refusal(status: int, message: str, **more: Any) -> Reply:
    error = {"type": "api_error" if status >= 500 else "invalid_request_error", "message": message}  # noqa: PLR2004
    error.update((name, value) for name, value in more.items() if value is not None)
    outcome = {401: "unauthorized", 404: "not_found", 429: "throttled"}.get(status, "invalid")
    return Reply(status, {"error": error}, outcome)


def api_key(authorization: str) -> str:
    """Bearer, or Basic with the key as the user; empty when there is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return value
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
