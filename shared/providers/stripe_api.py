"""Stripe's API, as far as Nightshift reads it: the list of events and the webhook endpoints.

What is read is safe to read again: 429 and 5xx are tried a few times here, then left to the next run.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from shared.errors import ConfigurationError, NightshiftError, UnavailableError
from shared.log import log
from shared.providers.stripe import Event
from shared.retry import retrying
from shared.settings import Model, Settings

if TYPE_CHECKING:
    import httpx

PAGE = 100  # objects a page; the most that Stripe gives
TRIES = 4
TIMEOUT = 10.0  # seconds for one answer
KEY_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
ASK_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.CONFLICT)


class StripeUnavailableError(UnavailableError):
    """Stripe did not answer, answered 5xx, or wants us to slow down."""


class StripeRefusedError(NightshiftError):
    """Stripe does not take the request as it is; `code` is Stripe's."""


class Page(Model):
    """One page of any of Stripe's lists."""

    data: list[dict[str, Any]]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """An event from the list, with its JSON text."""

    event: Event
    raw: str


async def events(
    http: "httpx.AsyncClient", settings: Settings, *, created_gte: datetime, after: str | None = None
) -> AsyncIterator[list[Listed]]:
    """The events since a time, newest first, page by page. Stripe keeps them for 30 days.

    Args:
        created_gte: nothing older is listed.
        after: the id of an event: the list begins with the next older one.

    Raises:
        StripeUnavailableError: try again later.
        StripeRefusedError: as a rule, that `after` is not known any more.
        ConfigurationError: the key is missing or not good for this.
    """
    more = True
    while more:
        query: dict[str, Any] = {"limit": PAGE, "created[gte]": int(created_gte.timestamp())}
        page = await get(http, settings, "/v1/events", {**query, **({"starting_after": after} if after else {})})
        more = page.has_more and bool(page.data)
        after = page.data[-1].get("id") if page.data else None
        yield [listed for each in page.data if (listed := _listed(each))]


async def disabled_endpoints(http: "httpx.AsyncClient", settings: Settings) -> list[str]:
    """The ids of the webhook endpoints to which Stripe posts nothing any more. Raises as `events` does."""
    page = await get(http, settings, "/v1/webhook_endpoints", {"limit": PAGE})
    return [str(each.get("id")) for each in page.data if each.get("status") == "disabled"]


async def get(http: "httpx.AsyncClient", settings: Settings, path: str, query: dict[str, Any]) -> Page:
    """One list request, tried again where that may help."""
    key = settings.stripe_api_key.get_secret_value()
    if not key:
        raise ConfigurationError("STRIPE_API_KEY is not set: Stripe's API cannot be asked.")
    return await retrying(
        lambda: _get(http, f"{settings.stripe_api_base}{path}", key, query), TRIES, StripeUnavailableError
    )


async def _get(http: "httpx.AsyncClient", url: str, key: str, query: dict[str, Any]) -> Page:
    import httpx  # noqa: PLC0415 - the caller's client has loaded it already; a webhook never comes here

    try:
        answer = await http.get(url, params=query, headers={"authorization": f"Bearer {key}"}, timeout=TIMEOUT)
        if answer.is_success:
            return Page.model_validate_json(answer.content)
    except httpx.HTTPError as error:
        raise StripeUnavailableError(f"Stripe cannot be reached ({type(error).__name__}).") from None
    except ValidationError:
        raise StripeUnavailableError("Stripe's answer is not a list.") from None
    raise refusal(answer)


def refusal(answer: "httpx.Response") -> NightshiftError:
    """A refusal by its status code."""
    status = answer.status_code
    if status in KEY_REFUSED:
        return ConfigurationError(
            f"STRIPE_API_KEY: Stripe refuses this key ({status}). It must be allowed to read events."
        )
    if status in ASK_AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StripeUnavailableError(f"Stripe answered {status}.")
    return StripeRefusedError(f"Stripe answered {status}.", code=_code(answer))


def _code(answer: "httpx.Response") -> str | None:
    try:
        return str(answer.json()["error"].get("code"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _listed(shown: dict[str, Any]) -> Listed | None:
    try:
        return Listed(Event.model_validate(shown), json.dumps(shown, separators=(",", ":")))
    except ValidationError:
        log.warning("an event in Stripe's list could not be read")
        return None
