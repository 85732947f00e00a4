"""Expo's push service and FCM's HTTP v1 beside each other, with the token server that FCM's callers come from."""

import json
import time
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar, Literal
from uuid import uuid4

import jwt
from aiohttp import web
from pydantic import Field, TypeAdapter

from infra.local import keys
from infra.local.twins import admin
from infra.local.twins.exchange import Exchange, Reply
from infra.local.twins.faults import CommonFault, Fault, Throttle
from infra.local.twins.journal import Clock
from infra.local.twins.push_wire import EXPO_TOKEN, expo_error, expo_refusal, fcm_error, fcm_refusal
from infra.local.twins.server import HttpTwin
from infra.local.twins.window import SlidingWindow

EXPO_RATE = 600  # notifications a second; docs.expo.dev/push-notifications/sending-notifications
EXPO_BATCH = 100  # notifications of a request; the same page
EXPO_RECEIPTS = 1000  # ids of a request; the same page
FCM_RATE = 600_000  # messages a minute; firebase.google.com/docs/cloud-messaging/throttling-and-quotas
PAYLOAD = 4096  # bytes; both
EXPIRES = 3600  # seconds that an access token holds
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
FIELDS = ("token", "fid")


@dataclass(frozen=True, slots=True)
class PushConfig:
    """Limits as (notifications, seconds). Expo wants no key where `expo_key` is empty."""

    expo_key: str = keys.EXPO_KEY
    project: str = keys.FCM_PROJECT
    expo_rate: tuple[int, float] = (EXPO_RATE, 1.0)
    fcm_rate: tuple[int, float] = (FCM_RATE, 60.0)


class DeviceState(Fault):
    """What became of the tokens in `only`; `late`: Expo says it in the receipt only."""

    kind: Literal["device"] = "device"
    state: Literal["registered", "unregistered", "mismatch", "credentials", "too_often", "invalid"]
    late: bool = False
    only: tuple[str, ...] = Field(min_length=1)


class PushTwin(HttpTwin):
    """Records carry `channel` (expo, fcm), `to` (a list of tokens), `titles` and, of Expo, `tickets`.

    Outcomes: delivered, refused states of devices (FCM), throttled, unauthorized, bad_request, malformed, outage.
    """

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(CommonFault | DeviceState)

    def __init__(self, *, port: int = 0, config: PushConfig | None = None, clock: Clock = time.monotonic) -> None:
        super().__init__(port=port, clock=clock)
        self.config = config or PushConfig()
        self._forget()

    def _forget(self) -> None:
        self._expo, self._fcm = SlidingWindow(*self.config.expo_rate), SlidingWindow(*self.config.fcm_rate)
        self._states: dict[str, DeviceState] = {}
        self._tickets: dict[str, str] = {}
        self.granted: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", admin.overview(self)),
            web.post("/--/api/v2/push/send", self._send),
            web.post("/--/api/v2/push/getReceipts", self._receipts),
            web.post("/token", self._token),
            web.post("/v1/projects/{project}/messages:send", self._message),
        ]

    def apply(self, fault: Fault) -> None:
        """States of devices are facts about tokens, not a fault in the line of requests."""
        if not isinstance(fault, DeviceState):
            return super().apply(fault)
        return self._states.update((token, fault) for token in fault.only)

    def clear_faults(self, kind: str | None = None) -> None:
        super().clear_faults(kind)
        if kind in {None, "device"}:
            self._states.clear()

    def reset(self) -> None:
        super().reset()
        self._forget()

    def state(self, token: str) -> str:
        return self._states[token].state if token in self._states else "registered"

    async def _send(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        notes = body if isinstance(body, list) else [body]
        record = self.journal.add(
            channel="expo", to=[n.get("to") for n in notes], titles=[n.get("title") for n in notes]
        )
        return await Exchange(self, request, record).run(lambda: self._expo_gate(request) or self._expo_take(notes))

    def _expo_gate(self, request: web.Request) -> Reply | None:
        wanted = self.config.expo_key
        if wanted and request.headers.get("Authorization") != f"Bearer {wanted}":
            return expo_refusal(401, "UNAUTHORIZED", "unauthorized")
        return None

    def _expo_take(self, notes: list[dict[str, Any]]) -> Reply:
        if len(notes) > EXPO_BATCH:
            return expo_refusal(400, "PUSH_TOO_MANY_NOTIFICATIONS", "bad_request")
        if not all(EXPO_TOKEN.fullmatch(str(note.get("to"))) for note in notes):
            return expo_refusal(400, "VALIDATION_ERROR", "bad_request")
        if wait := self._wait(self._expo, len(notes)):
            reply = expo_refusal(429, "TOO_MANY_REQUESTS", "throttled")
            reply.headers["retry-after"] = str(wait)
            return reply
        tickets = [self._ticket(note) for note in notes]
        fields = {"tickets": [ticket.get("id") for ticket in tickets]}
        return Reply(200, {"data": tickets}, "delivered", accepted=True, fields=fields)

    def _ticket(self, note: dict[str, Any]) -> dict[str, Any]:
        token = str(note["to"])
        known = self._states.get(token)
        if len(json.dumps(note).encode()) > PAYLOAD:
            return expo_error("too_big")
        if known and known.state != "registered" and not known.late:
            return expo_error(known.state)
        ticket = str(uuid4())
        self._tickets[ticket] = token
        return {"status": "ok", "id": ticket}

    async def _receipts(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read()).get("ids", [])
        record = self.journal.add(channel="expo", to=[], titles=[], asked=len(asked))

        def decide() -> Reply:
            if len(asked) > EXPO_RECEIPTS:
                return expo_refusal(400, "PUSH_TOO_MANY_RECEIPTS", "bad_request")
            told = {ticket: self._receipt(self._tickets[ticket]) for ticket in asked if ticket in self._tickets}
            return Reply(200, {"data": told}, "answered")

        return await Exchange(self, request, record).run(lambda: self._expo_gate(request) or decide())

    def _receipt(self, token: str) -> dict[str, Any]:
        return {"status": "ok"} if self.state(token) == "registered" else expo_error(self.state(token))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        record = self.journal.add(channel="google", to=[], titles=[])
        return await Exchange(self, request, record).run(lambda: self._grant(dict(form)))

    def _grant(self, form: dict[str, Any]) -> Reply:
        """Google looks at the signature as well; here the claims do."""
        try:
            claims = jwt.decode(str(form.get("assertion")), options={"verify_signature": False})
        except jwt.InvalidTokenError:
            claims = {}
        if form.get("grant_type") != GRANT or claims.get("scope") != SCOPE or claims.get("aud") != f"{self.url}/token":
            return Reply(400, {"error": "invalid_grant"}, "unauthorized")
        token = f"ya29.{uuid4().hex}"
        self.granted.add(token)
        return Reply(200, {"access_token": token, "expires_in": EXPIRES, "token_type": "Bearer"}, "granted")

    async def _message(self, request: web.Request) -> web.StreamResponse:
        message = json.loads(await request.read()).get("message", {})
        address = next((name for name in FIELDS if message.get(name)), None)
        token = str(message.get(address)) if address else ""
        record = self.journal.add(channel="fcm", to=[token], titles=[message.get("notification", {}).get("title")])
        return await Exchange(self, request, record, token).run(lambda: self._fcm_take(request, message, address))

    def _fcm_take(self, request: web.Request, message: dict[str, Any], address: str | None) -> Reply:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.granted:
            return fcm_refusal(401, "UNAUTHENTICATED", "unauthorized")
        if request.match_info["project"] != self.config.project:
            return fcm_refusal(404, "NOT_FOUND", "bad_request")
        if wait := self._wait(self._fcm, 1):
            reply = fcm_error("too_often")
            reply.headers["retry-after"] = str(wait)
            return reply
        if address is None or len(json.dumps(message).encode()) > PAYLOAD:
            return fcm_error("too_big")
        state = self.state(str(message[address]))
        if state != "registered":
            return fcm_error(state, f"message.{address}" if state == "invalid" else None)
        name = f"projects/{self.config.project}/messages/{uuid4().int % 10**16}"
        return Reply(200, {"name": name}, "delivered", accepted=True)

    def _wait(self, window: SlidingWindow, amount: int) -> int:
        """Whole seconds until so many fit; what fits is taken."""
        now = self.watch.mono()
        forced = self.faults.take(Throttle)
        if forced:
            return forced.fault.retry_after or forced.seconds_left(now)
        if window.used(now) + amount > window.limit:
            return max(1, ceil(window.wait(now)))
        for _ in range(amount):
            window.take(now)
        return 0
