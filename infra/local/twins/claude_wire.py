"""Claude's requests, messages and errors on the wire (platform.claude.com/docs/en/api/messages/create and /errors)."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.local.twins.exchange import Reply

CUSTOM_ID = r"^[a-zA-Z0-9_-]{1,64}$"
BYTES_PER_TOKEN = 4  # about what English text takes; the real tokenizer is not public
SHOWN = 200  # characters of a prompt that an answer repeats

ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
OUTCOMES = {401: "unauthorized", 402: "unpaid", 404: "not_found", 413: "too_large", 429: "throttled", 529: "overloaded"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CacheControl(Strict):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class Text(Strict):
    type: Literal["text"]
    text: str = Field(min_length=1)
    cache_control: CacheControl | None = None


class Turn(Strict):
    role: Literal["user", "assistant"]
    content: str | list[Text] = Field(min_length=1)


class Thinking(Strict):
    type: Literal["disabled", "between_tools", "adaptive"]


class Metadata(Strict):
    user_id: str | None = None


class Params(Strict):
    """The parameters that text in and text out may have; the real API knows more, and as here refuses unknown ones."""

    model: str
    max_tokens: int = Field(ge=1)
    messages: list[Turn] = Field(min_length=1)
    system: str | list[Text] = ""
    thinking: Thinking | None = None
    metadata: Metadata | None = None
    stream: Literal[False] = False

    @property
    def blocks(self) -> list[Text]:
        """System and turns in the order in which they are cached."""
        system = [Text(type="text", text=self.system)] if isinstance(self.system, str) and self.system else self.system
        turns = [turn.content for turn in self.messages]
        written = [[Text(type="text", text=each)] if isinstance(each, str) else each for each in turns]
        return [*(system if isinstance(system, list) else []), *(block for blocks in written for block in blocks)]

    @property
    def user(self) -> str:
        content = self.messages[-1].content
        return content if isinstance(content, str) else "".join(block.text for block in content)


class BatchRequest(Strict):
    custom_id: Annotated[str, Field(pattern=CUSTOM_ID)]
    params: dict[str, Any]


class BatchCreate(Strict):
    requests: list[BatchRequest] = Field(min_length=1, max_length=100_000)


def tokens(text: str) -> int:
    return max(1, -(-len(text.encode()) // BYTES_PER_TOKEN))


def identity(kind: str) -> str:
    return f"{kind}_01{token_hex(11)}"


def error(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    details = {"details": {"error_code": code}} if code else {}
    inner = {"type": ERRORS.get(status, "api_error"), "message": message, **details}
    return {"type": "error", "error": inner, "request_id": identity("req")}


def refusal(status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, error(status, message, code), OUTCOMES.get(status, "invalid"), headers=dict(headers or {}))


def invalid(fault: ValidationError) -> Reply:
    """The first mistake, by the path of its field, as the real API puts it."""
    first = fault.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    words = {"missing": "Field required", "extra_forbidden": "Extra inputs are not permitted"}
    return refusal(400, f"{path}: {words.get(first['type'], first['msg'])}")


def message(params: Params, usage: dict[str, Any], stop: str) -> dict[str, Any]:
    """An answer of up to `max_tokens`; what was declined has no text."""
    whole = f"Written for: {params.user[:SHOWN]}"
    text = {"refusal": "", "max_tokens": whole[: params.max_tokens * BYTES_PER_TOKEN]}.get(stop, whole)
    return {
        "id": identity("msg"),
        "type": "message",
        "role": "assistant",
        "model": params.model,
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": min(tokens(text) if text else 1, params.max_tokens)},
    }
