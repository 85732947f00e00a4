"""The last good answer of a question: what a page shows, with its age, while the database is slow or gone.

In this process and, where configured, in Redis, so that an instance that starts in the middle of an outage has it too.
What is asked here is kept outside the database: nothing that is not fit to be shown.
"""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from shared import cache
from shared.errors import UnavailableError
from shared.log import log

if TYPE_CHECKING:
    from pydantic import SecretStr
    from redis.asyncio import Redis

KEPT = 200  # answers that one process keeps ...
VALUES = 500_000  # ... and how much is in them: a full table of learning days has 140,000 values and takes 10 MB
LIFE = 86_400  # seconds for which Redis keeps one
RENEWED = 5.0  # seconds between two writes of one answer to Redis
REDIS_TIMEOUT = 0.5  # seconds
REDIS_REST = 5.0  # seconds for which a failed Redis is left alone
PREFIX = "nightshift:last-good:"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """An answer.

    Attributes:
        at: when it was true.
        why: why there is none of now; None for one of now.
    """

    value: T
    at: datetime
    why: str | None = None


class LastGood:
    """Asks, and remembers what it was told.

    Args:
        url: Redis; None for this process alone.
    """

    def __init__(self, url: "SecretStr | None") -> None:
        self.url = url
        self.kept: OrderedDict[str, tuple[Known[Any], int]] = OrderedDict()
        self.written: dict[str, float] = {}
        self.rests_until = 0.0
        self.redis: Redis | None = None

    async def ask(self, name: str, question: Callable[[], Awaitable[T]], *, within: float) -> Known[T]:
        """The answer of now, or the last good one.

        Args:
            name: what the question is, with everything that its answer depends on.
            within: seconds to wait for it.

        Raises:
            UnavailableError: there is neither.
        """
        try:
            value = await in_time(question, within)
        except UnavailableError as error:
            return await self._recall(name, error)
        known = Known(value, datetime.now(UTC))
        await self._keep(name, known)
        return known

    async def close(self) -> None:
        if self.redis is not None:
            await self.redis.aclose()

    async def _keep(self, name: str, known: Known[Any]) -> None:
        self._remember(name, known)
        if self.url is not None and time.monotonic() - self.written.get(name, float("-inf")) > RENEWED:
            self.written[name] = time.monotonic()
            await self._command("set", key(name), encoded([known.at, known.value]), ex=LIFE)

    def _remember(self, name: str, known: Known[Any]) -> None:
        """Keep an answer here; the oldest make way for it."""
        self.kept[name] = known, values(known.value)
        self.kept.move_to_end(name)
        while len(self.kept) > KEPT or (len(self.kept) > 1 and sum(size for _, size in self.kept.values()) > VALUES):
            self.written.pop(self.kept.popitem(last=False)[0], None)

    async def _recall(self, name: str, error: UnavailableError) -> Known[Any]:
        known, _ = self.kept.get(name, (None, 0))
        if known is None and self.url is not None and (text := await self._command("get", key(name))):
            at, value = decoded(text)
            known = Known(value, at)
            self._remember(name, known)
        if known is None:
            raise error
        return Known(known.value, known.at, error.detail)

    async def _command(self, command: str, *arguments: Any, **options: Any) -> Any:
        """One command to Redis; None while it fails, which costs no page more than a moment."""
        if time.monotonic() < self.rests_until:
            return None
        try:
            return await getattr(self._client(), command)(*arguments, **options)
        except cache.failures() as error:
            self.rests_until = time.monotonic() + REDIS_REST
            log.warning("the last good answers are kept in this process alone", error_type=type(error).__name__)
            return None

    def _client(self) -> "Redis":
        if self.redis is None and self.url is not None:
            self.redis = cache.client(self.url.get_secret_value(), REDIS_TIMEOUT)
        assert self.redis is not None  # noqa: S101 - no command is sent where no Redis is configured
        return self.redis


async def in_time(question: Callable[[], Awaitable[T]], seconds: float) -> T:
    """The answer, if it comes in time.

    A question that has none is cancelled and not waited for: telling a server that does not answer takes seconds, too.

    Raises:
        UnavailableError: it did not come in time.
    """
    asked = asyncio.ensure_future(question())
    done, _ = await asyncio.wait({asked}, timeout=seconds)
    if done:
        return asked.result()
    asked.cancel()
    asked.add_done_callback(seen)
    raise UnavailableError("The database does not answer in time.", retry_after=5)


def seen(given_up: "asyncio.Future[Any]") -> None:
    """Look at how a question ended that was given up, or asyncio would write it down as a fault that nobody saw."""
    if not given_up.cancelled():
        given_up.exception()


def values(value: Any) -> int:
    """How many values there are in a value of rows, itself among them."""
    match value:
        case dict():
            return 1 + sum(map(values, value.values()))
        case list() | tuple():
            return 1 + sum(map(values, value))
        case _:
            return 1


def key(name: str) -> str:
    """Where Redis keeps an answer. Names quote what people search for, so they are not legible there."""
    return PREFIX + hashlib.sha256(name.encode()).hexdigest()


MARK = "$"  # the key that tells a written value from a plain one
WRITTEN = {UUID: "uuid", datetime: "datetime", date: "date", Decimal: "decimal"}
READ: dict[str, Callable[[Any], Any]] = {
    "uuid": UUID,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "dict": dict,
}


def encoded(value: Any) -> str:
    """A value of rows as text that `decoded` makes the same value of."""
    return json.dumps(marked(value))


def marked(value: Any) -> Any:
    match value:
        case dict():
            inner = {name: marked(one) for name, one in value.items()}
            return {MARK: "dict", "of": list(inner.items())} if MARK in inner else inner
        case list() | tuple():
            return [marked(one) for one in value]
        case UUID() | date() | Decimal():
            return {MARK: WRITTEN[type(value)], "of": str(value)}
        case _:
            return value


def decoded(text: str | bytes) -> Any:
    return json.loads(text, object_hook=lambda one: READ[one[MARK]](one["of"]) if MARK in one else one)
