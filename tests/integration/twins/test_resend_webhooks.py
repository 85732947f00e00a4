"""What the twin of Resend posts to a webhook endpoint."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from infra.local.twins import ResendConfig, ResendTwin
from infra.local.twins.resend import KEY, SECRET


@dataclass
class Endpoint:
    """A webhook endpoint that keeps what it got and answers what it is told, 200 when it is told nothing."""

    url: str = ""
    got: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((await request.text(), headers))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@dataclass
class Sleeps:
    """Sleeps no time, and remembers how long it would have been."""

    taken: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        if seconds:
            self.taken.append(seconds)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/mail-events/resend", endpoint.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mail-events/resend"
    yield endpoint
    await runner.cleanup()


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
async def twin(endpoint: Endpoint, sleeps: Sleeps) -> AsyncIterator[ResendTwin]:
    config = ResendConfig(webhook_url=endpoint.url, retries=(5.0, 300.0), sleep=sleeps)
    async with ResendTwin(config=config) as twin:
        yield twin


async def send(twin: ResendTwin, *to: str, key: str = "k") -> str:
    """Send an email, and wait for what is posted of it; its id."""
    body = {"from": "night@example.org", "to": list(to), "subject": "hi", "text": "body"}
    headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": key}
    async with httpx.AsyncClient(base_url=twin.url, timeout=30, trust_env=False) as http:
        answer = await http.post("/emails", json=body, headers=headers)
    assert twin.webhooks is not None
    await twin.webhooks.finished()
    return str(answer.json()["id"])


def kinds(endpoint: Endpoint) -> list[str]:
    return [json.loads(body)["type"] for body, _ in endpoint.got]


@pytest.mark.parametrize(
    ("to", "kind", "bounce"),
    [
        ("bounced@resend.dev", "email.bounced", "Permanent"),
        ("bounced+anna@example.org", "email.bounced", "Permanent"),
        ("soft+anna@example.org", "email.bounced", "Transient"),
        ("complained+anna@example.org", "email.complained", None),
    ],
)
async def test_an_address_says_what_becomes_of_its_mail(
    twin: ResendTwin, endpoint: Endpoint, to: str, kind: str, bounce: str | None
) -> None:
    email_id = await send(twin, to)
    [(body, headers)] = endpoint.got
    told = json.loads(body)
    assert (told["type"], told["data"]["email_id"], told["data"]["to"]) == (kind, email_id, [to])
    assert told["data"].get("bounce", {}).get("type") == bounce
    signed = {
        name.replace("svix", "webhook"): headers[name] for name in ("svix-id", "svix-timestamp", "svix-signature")
    }
    assert Webhook(SECRET).verify(body, signed) == told


async def test_of_a_mail_that_arrives_nothing_is_posted(twin: ResendTwin, endpoint: Endpoint) -> None:
    await send(twin, "anna@example.org")
    assert endpoint.got == []


async def test_a_repetition_of_a_mail_is_no_second_bounce(twin: ResendTwin, endpoint: Endpoint) -> None:
    assert await send(twin, "bounced@resend.dev") == await send(twin, "bounced@resend.dev")
    assert kinds(endpoint) == ["email.bounced"]


async def test_a_refused_event_is_posted_again_with_its_id_and_a_new_time(
    twin: ResendTwin, endpoint: Endpoint, sleeps: Sleeps
) -> None:
    endpoint.answers = [503, 302]
    await send(twin, "bounced@resend.dev")
    assert (len(endpoint.got), sleeps.taken) == (3, [5.0, 300.0])
    assert len({headers["svix-id"] for _, headers in endpoint.got}) == 1
    records = [record for record in twin.journal.all() if record.get("kind") == "webhook"]
    assert [(record["attempt"], record["outcome"]) for record in records] == [
        (1, "refused"),
        (2, "refused"),
        (3, "accepted"),
    ]


async def test_without_an_endpoint_nothing_is_posted() -> None:
    async with ResendTwin() as twin:
        assert twin.webhooks is None


async def test_a_reset_gives_up_what_is_under_way(endpoint: Endpoint) -> None:
    endpoint.answers = [500]
    async with ResendTwin(config=ResendConfig(webhook_url=endpoint.url, retries=(3600.0,))) as twin:
        assert twin.webhooks is not None
        twin.webhooks.tell("e_1", {}, ["bounced@resend.dev"])
        twin.reset()
        await twin.webhooks.finished()
    assert endpoint.got == []
