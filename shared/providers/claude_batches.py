"""Claude's Message Batches API: many prompts at half price, answered within a day, in no order.

platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar

import httpx
from pydantic import Field, ValidationError

from shared.log import log
from shared.outcome import Dead, Retry, Unknown
from shared.providers.claude import Claude, Prompt, params
from shared.providers.claude_answer import Barred, Message, Outcome, Problem, Refusal, fate, named, refused, understood
from shared.settings import Model

REQUESTS_MAX = 100_000  # of one batch; Claude's limit
BYTES_MAX = 256_000_000  # of one batch; Claude's limit
REQUESTS = 10_000  # of one batch of ours
BYTES = 32_000_000  # of one batch of ours: a function has to hold it twice
ANSWERS = 48_000_000  # bytes of one batch's results: they come in one answer, and the client takes 64 MiB at most
LINE = 1_000  # bytes of a result around its text, generously
TOKEN = 8  # bytes of a token of a text, generously
TTL = "1h"  # of the cached part: a batch's requests may lie far apart
YOUNG = timedelta(minutes=10)  # for which a batch that was made may still be unknown to whoever answers
TRANSFER = 60.0  # seconds for what a batch sends or gets at once
RECENT = 100  # batches
CUSTOM_ID = re.compile("[a-zA-Z0-9_-]{1,64}")
PATH = "/v1/messages/batches"
T = TypeVar("T", bound=Model)


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt and the name by which its result is found again: 1 to 64 letters, digits, `_` and `-`."""

    custom_id: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Created:
    batch_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """Some requests are not done yet."""


@dataclass(frozen=True, slots=True)
class Young:
    """Not known yet, and too young for that to mean anything: ask again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Every request has a result, kept for 29 days after the batch was made."""

    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """One request's result: `Retry` where it was not billed and may be asked again."""

    custom_id: str
    outcome: Outcome


class Batch(Model):
    id: str
    created_at: datetime
    ended_at: datetime | None = None
    processing_status: str


class Page(Model):
    data: list[Batch]


class Succeeded(Model):
    type: Literal["succeeded"]
    message: Message


class Errored(Model):
    type: Literal["errored"]
    error: Problem


class Unserved(Model):
    type: Literal["canceled", "expired"]


class Line(Model):
    custom_id: str
    result: Annotated[Succeeded | Errored | Unserved, Field(discriminator="type")]


class Batches:
    """The batches of one key and model."""

    def __init__(self, claude: Claude) -> None:
        self.claude = claude

    def split(
        self, requests: Sequence[Request], most: int = REQUESTS, size: int = BYTES, answers: int = ANSWERS
    ) -> Iterator[list[Request]]:
        """As many requests at a time as one batch may hold, and as its results may fill, in their order.

        Raises:
            ValueError: names that cannot be one or come twice: their results could not be told apart.
        """
        check(requests)
        most, size = min(most, REQUESTS_MAX), min(size, BYTES_MAX)
        part: list[Request] = []
        there = back = 0
        for request in requests:
            more, answer = len(self.written(request)) + 1, LINE + TOKEN * request.prompt.max_tokens
            if part and (len(part) >= most or there + more > size or back + answer > answers):
                yield part
                part, there, back = [], 0, 0
            part.append(request)
            there, back = there + more, back + answer
        if part:
            yield part

    async def create(self, requests: Sequence[Request]) -> Created | Refusal:
        """Hand one batch over, as `split` cuts it. After `Unknown` it may exist: see `recent`.

        What Claude refuses here is the batch or its account, and none of the rows is to blame.
        """
        body = b'{"requests":[' + b",".join(map(self.written, requests)) + b"]}"
        batch = read(await self.claude.call("POST", PATH, body, patience=TRANSFER), Batch)
        if isinstance(batch, Dead):
            return Barred(batch.why)
        return Created(batch.id, batch.created_at) if isinstance(batch, Batch) else batch

    async def status(self, batch_id: str, created_at: datetime) -> Ended | Running | Young | Refusal:
        """How far a batch is. `Dead`: it is not known any more."""
        answer = await self.claude.call("GET", f"{PATH}/{batch_id}")
        if unknown := missing(answer, created_at):
            return unknown
        batch = read(answer, Batch)
        if not isinstance(batch, Batch):
            return batch
        return Ended(batch.ended_at or datetime.now(UTC)) if batch.processing_status == "ended" else Running()

    async def results(self, batch_id: str, ended_at: datetime) -> Iterator[Finished] | Young | Refusal:
        """The results of a batch that has ended, in no order, read one by one.

        A line that cannot be read is passed over: the caller knows what it asked for, and so what is missing.
        """
        answer = await self.claude.call("GET", f"{PATH}/{batch_id}/results", patience=TRANSFER)
        if unknown := missing(answer, ended_at):
            return unknown
        if not isinstance(answer, httpx.Response):
            return answer
        return self.finished(answer.content) if answer.is_success else refused(answer)

    async def recent(self) -> list[Created] | Refusal:
        """The latest hundred batches of the key's workspace, latest first, whoever made them."""
        page = read(await self.claude.call("GET", f"{PATH}?limit={RECENT}"), Page)
        return [Created(each.id, each.created_at) for each in page.data] if isinstance(page, Page) else page

    def written(self, request: Request) -> bytes:
        asked = params(self.claude.model, self.claude.price, request.prompt, TTL)
        return json.dumps({"custom_id": request.custom_id, "params": asked}, separators=(",", ":")).encode()

    def finished(self, lines: bytes) -> Iterator[Finished]:
        for text in filter(bytes.strip, io.BytesIO(lines)):
            try:
                line = Line.model_validate_json(text)
            except ValidationError:
                log.warning("a result of a batch could not be read")
                continue
            yield Finished(line.custom_id, self.outcome(line.result))

    def outcome(self, result: Succeeded | Errored | Unserved) -> Outcome:
        match result:
            case Succeeded():
                return understood(result.message, self.claude.price, batch=True)
            case Errored():
                name = result.error.error.type
                return fate(name)(f"claude: batch {named(name) or 'error'}")
            case Unserved():
                return Retry(f"claude: batch {result.type}")


def check(requests: Sequence[Request]) -> None:
    names = [request.custom_id for request in requests]
    if wrong := sum(not CUSTOM_ID.fullmatch(name) for name in names):
        raise ValueError(f"{wrong} names are not 1 to 64 letters, digits, _ and -")
    if len(set(names)) < len(names):
        raise ValueError("each request of a batch needs a name of its own")


def missing(answer: httpx.Response | Refusal, since: datetime) -> Young | Dead | None:
    """What a 404 means, by the age of what it concerns."""
    if not isinstance(answer, httpx.Response) or answer.status_code != HTTPStatus.NOT_FOUND:
        return None
    return Young() if datetime.now(UTC) - since < YOUNG else Dead("claude: the batch is not known")


def read(answer: httpx.Response | Refusal, shape: type[T]) -> T | Refusal:
    if not isinstance(answer, httpx.Response):
        return answer
    if not answer.is_success:
        return refused(answer)
    try:
        return shape.model_validate_json(answer.content)
    except ValidationError:
        return Unknown(f"claude: HTTP {answer.status_code} without an answer of Claude's own")
