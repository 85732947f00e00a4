"""A Telegram Bot API: sendMessage and getMe, with its limits, its errors and its silences."""

import time
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field, TypeAdapter, model_validator

from infra.local import keys
from infra.local.twins import admin
from infra.local.twins.exchange import Exchange, Reply
from infra.local.twins.faults import CommonFault, Fault, Throttle
from infra.local.twins.journal import Clock, Record
from infra.local.twins.server import HttpTwin
from infra.local.twins.telegram_wire import STATES, chat_id, read_arguments, refusal, text_length, too_many
from infra.local.twins.window import KeyedWindows, SlidingWindow, peak

TEXT_MAX = 4096  # core.telegram.org/bots/api#sendmessage: 1-4096 characters after entities parsing
OVERALL = 30  # messages a second; core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
PER_CHAT = 1  # message a second in one chat; same page
PER_GROUP = 20  # messages a minute in one group; same page
TOKEN = keys.TELEGRAM_TOKEN


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """Limits as (messages, seconds); a wrong token is refused."""

    token: str = TOKEN
    overall: tuple[int, float] = (OVERALL, 1.0)
    per_chat: tuple[int, float] = (PER_CHAT, 1.0)
    per_group: tuple[int, float] = (PER_GROUP, 60.0)


class ChatState(Fault):
    """What became of the chats in `only`; stays until faults are cleared or the state is `open` again."""

    kind: Literal["chat"] = "chat"
    state: Literal["blocked", "deactivated", "kicked", "not_found", "migrated", "open"]
    migrate_to: int | None = None
    only: tuple[int, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _migrated_somewhere(self) -> "ChatState":
        if (self.state == "migrated") != (self.migrate_to is not None):
            raise ValueError("migrate_to belongs to state migrated, and to no other")
        return self


class TelegramTwin(HttpTwin):
    """Records carry `chat_id`, `text`, `outcome` and, when delivered, `message_id`.

    Outcomes: delivered, throttled, forbidden, not_found, migrated, bad_request, unauthorized, malformed,
    outage, and answered for getMe.
    `answered` is false where the client never saw the answer, also of a delivered message.
    """

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(CommonFault | ChatState)

    def __init__(self, *, port: int = 0, config: TelegramConfig | None = None, clock: Clock = time.monotonic) -> None:
        super().__init__(port=port, clock=clock)
        self.config = config or TelegramConfig()
        self._forget()

    def _forget(self) -> None:
        self._overall = SlidingWindow(*self.config.overall)
        self._chats = KeyedWindows(*self.config.per_chat)
        self._groups = KeyedWindows(*self.config.per_group)
        self._states: dict[int, ChatState] = {}
        self._message_id = 0

    def routes(self) -> list[web.RouteDef]:
        path = "/bot{token:[^/]+}/{method}"
        return [web.get("/", admin.overview(self)), web.get(path, self._called), web.post(path, self._called)]

    def apply(self, fault: Fault) -> None:
        """Chat states are facts about chats, not a fault in the line of requests."""
        if not isinstance(fault, ChatState):
            return super().apply(fault)
        return self._states.update((chat, fault) for chat in fault.only)

    def clear_faults(self, kind: str | None = None) -> None:
        super().clear_faults(kind)
        if kind in {None, "chat"}:
            self._states.clear()

    def reset(self) -> None:
        super().reset()
        self._forget()

    def stats(self) -> dict[str, Any]:
        """Adds: delivered, of these unanswered, and repeated (the same text to the same chat again).

        `peak` is the most that was delivered within the seconds of each limit: overall, and in any one chat.
        """
        delivered = [r for r in self.journal.all() if r["outcome"] == "delivered"]
        distinct = {(r["chat_id"], r["text"]) for r in delivered}
        return {
            **super().stats(),
            "delivered": len(delivered),
            "unanswered": sum(not r["answered"] for r in delivered),
            "repeated": len(delivered) - len(distinct),
            "peak": self._peaks(delivered),
        }

    def _peaks(self, delivered: list[Record]) -> dict[str, int]:
        chats: dict[int, list[float]] = {}
        for record in delivered:
            chats.setdefault(record["chat_id"], []).append(record["mono"])
        overall = peak((record["mono"] for record in delivered), self.config.overall[1])
        in_chat = (peak(times, self.config.per_chat[1]) for times in chats.values())
        return {"overall": overall, "one_chat": max(in_chat, default=0)}

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await read_arguments(request)
        chat = chat_id(arguments.get("chat_id"))
        record = self.journal.add(method=method, chat_id=chat, text=arguments.get("text"))
        exchange = Exchange(self, request, record, chat)
        if request.match_info["token"] != self.config.token:
            return await exchange.run(lambda: refusal(401, "Unauthorized", "unauthorized"))
        return await exchange.run(lambda: self._method(method, chat, arguments))

    def _method(self, method: str, chat: int | None, arguments: dict[str, Any]) -> Reply:
        match method.lower():  # the real API ignores the case of method names
            case "getme":
                return Reply(200, {"ok": True, "result": self._bot()}, "answered")
            case "sendmessage":
                return self._send(chat, arguments)
            case _:
                return refusal(404, "Not Found", "bad_request")

    def _send(self, chat: int | None, arguments: dict[str, Any]) -> Reply:
        if chat is None:
            return refusal(400, "Bad Request: chat_id is empty", "bad_request")
        length = text_length(arguments)
        if not length:
            return refusal(400, "Bad Request: message text is empty", "bad_request")
        if length > TEXT_MAX:
            return refusal(400, "Bad Request: message is too long", "bad_request")
        return self._state_refusal(chat) or self._throttle(chat) or self._deliver(chat, str(arguments["text"]))

    def _state_refusal(self, chat: int) -> Reply | None:
        state = self._states.get(chat)
        if not state or state.state == "open":
            return None
        code, words = STATES[state.state]
        if state.state == "migrated":
            return refusal(code, words, "migrated", migrate_to_chat_id=state.migrate_to)
        return refusal(code, words, "forbidden" if code == 403 else "not_found")  # noqa: PLR2004

    def _throttle(self, chat: int) -> Reply | None:
        """Refused messages do not count: they were not sent."""
        now = self.watch.mono()
        forced = self.faults.take(Throttle, chat)
        if forced:
            return too_many(forced.fault.retry_after or forced.seconds_left(now))
        windows = [self._overall, self._chats.of(chat, now)]
        if chat < 0:
            windows.append(self._groups.of(chat, now))
        wait = max(window.wait(now) for window in windows)
        if wait > 0:
            return too_many(ceil(wait))
        for window in windows:
            window.take(now)
        return None

    def _deliver(self, chat: int, text: str) -> Reply:
        self._message_id += 1
        message = {
            "message_id": self._message_id,
            "from": self._bot(),
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
            "date": int(self.watch.wall()),
            "text": text,
        }
        fields = {"message_id": self._message_id}
        return Reply(200, {"ok": True, "result": message}, "delivered", accepted=True, fields=fields)

    def _bot(self) -> dict[str, Any]:
        number = int(self.config.token.partition(":")[0])
        return {"id": number, "is_bot": True, "first_name": "Nightshift", "username": "nightshift_bot"}
