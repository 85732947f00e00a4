"""Claude's Messages API: one prompt, one text (platform.claude.com/docs/en/api/messages).

There is no idempotency key: a request that left without an answer is `Unknown`, and its repetition is billed again.
Nothing is tried again here; the caller waits for as long as the outcome says.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from pydantic import ValidationError

from shared.errors import ConfigurationError
from shared.outcome import Dead, Down, Unknown
from shared.providers import claude_prices
from shared.providers.claude_answer import Answer, Barred, Cut, Declined, Message, Outcome, refused, understood
from shared.providers.claude_headroom import Headroom
from shared.providers.reach import NEVER_LEFT
from shared.settings import Settings

VERSION = "2023-06-01"  # platform.claude.com/docs/en/api/versioning
CONNECT = 3.0  # seconds to reach the API
TTL = "5m"  # of the cached part of a prompt: each use renews it, and a run's calls follow each other closely
STRIKES = 3  # refused prompts in a row: a limit on spending is refused with the same code as a wrong prompt

UNWRITABLE = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What Claude is told, and what it is asked.

    Attributes:
        system_static: the part that is the same for every row, cached where it is long enough (512 to 4,096 tokens by
            model: platform.claude.com/docs/en/build-with-claude/prompt-caching).
        system_dynamic: what differs by row and still is an instruction.
        max_tokens: of the answer.
    """

    system_static: str
    system_dynamic: str | None
    user: str
    max_tokens: int

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(part.encode()) for part in (self.system_static, self.system_dynamic or "", self.user))


class Claude:
    """One key and one model.

    Attributes:
        price: what the model costs.
        headroom: what is left of the rate limits.

    Raises:
        ConfigurationError: the key is missing or cannot be one, or the model's prices are not known.
    """

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.http = http
        self.model, self.price = settings.anthropic_model, claude_prices.model(settings.anthropic_model)
        self.base = settings.anthropic_base_url.rstrip("/")
        self.headers = credentials(settings)
        self.timeout = settings.claude_timeout.total_seconds()
        self.headroom = Headroom()
        self.strikes = 0

    async def write(self, prompt: Prompt) -> Outcome:
        """Ask once."""
        self.headroom.spend()
        answer = await self.call("POST", "/v1/messages", params(self.model, self.price, prompt))
        if not isinstance(answer, httpx.Response):
            return answer
        self.headroom.note(answer.headers)
        return self.meaning(answer)

    def at_most(self, prompt: Prompt, *, batch: bool = False) -> Decimal:
        """US dollars that a prompt may cost: far more than it does, for a budget that must hold before the answer."""
        return self.price.at_most(prompt.size, prompt.max_tokens, batch=batch)

    async def call(
        self, method: str, path: str, body: Any = None, *, patience: float | None = None
    ) -> httpx.Response | Down | Unknown | Barred:
        """One request with the key; `patience` is for the whole answer, in seconds."""
        limits = httpx.Timeout(patience or self.timeout, connect=CONNECT)
        extensions = {"timeout": limits.as_dict()}
        content = {"content": body, "headers": {**self.headers, "content-type": "application/json"}}
        asked = content if isinstance(body, bytes) else {"json": body, "headers": self.headers}
        try:
            request = httpx.Request(method, f"{self.base}{path}", extensions=extensions, **asked)
            return await self.http.send(request)
        except (*UNWRITABLE, httpx.InvalidURL) as error:
            return Barred(f"claude: ANTHROPIC_BASE_URL or ANTHROPIC_API_KEY cannot be used ({type(error).__name__})")
        except NEVER_LEFT as error:
            return Down(f"claude: not reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            return Unknown(f"claude: no answer ({type(error).__name__})")

    def meaning(self, answer: httpx.Response) -> Outcome:
        """The table of answers, by codes alone."""
        outcome = self.read(answer) if answer.is_success else refused(answer, self.headroom.wait())
        if isinstance(outcome, Answer | Cut | Declined):
            self.strikes = 0
        elif isinstance(outcome, Dead):
            self.strikes += 1
            return Barred(f"{outcome.why}, {self.strikes} in a row") if self.strikes >= STRIKES else outcome
        return outcome

    def read(self, answer: httpx.Response) -> Outcome:
        try:
            return understood(Message.model_validate_json(answer.content), self.price)
        except ValidationError:
            return Unknown(f"claude: HTTP {answer.status_code} without an answer of Claude's own")


def credentials(settings: Settings) -> dict[str, str]:
    """The headers of every request. A key that no header can hold is refused here: an error of HTTP would show it."""
    key = settings.anthropic_api_key.get_secret_value()
    if not (key and key.isascii() and key.isprintable()):
        raise ConfigurationError("ANTHROPIC_API_KEY is not set, or holds what no key can hold.")
    return {"x-api-key": key, "anthropic-version": VERSION}


def params(model: str, price: claude_prices.Model, prompt: Prompt, ttl: str = TTL) -> dict[str, Any]:
    """The parameters of one message; a batch has the same."""
    cached = {"type": "text", "text": prompt.system_static, "cache_control": {"type": "ephemeral", "ttl": ttl}}
    fresh = {"type": "text", "text": prompt.system_dynamic}
    system = [block for block in (cached, fresh) if block["text"]]
    return {
        "model": model,
        "max_tokens": prompt.max_tokens,
        **({"thinking": {"type": price.thinking}} if price.thinking else {}),
        **({"system": system} if system else {}),
        "messages": [{"role": "user", "content": prompt.user}],
    }
