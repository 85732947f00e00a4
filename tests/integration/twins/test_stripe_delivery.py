import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import stripe
from aiohttp import web

from infra.local.twins import StripeConfig, StripeTwin, TwinClient
from infra.local.twins.stripe_delivery import Batch, Emit
from infra.local.twins.stripe_events import SAMPLES, sample

SECRET = "whsec_test"


@dataclass
class Endpoint:
    """A webhook endpoint that keeps what it got and answers what it is told, 200 when it is told nothing."""

    url: str = ""
    got: list[tuple[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append((await request.text(), request.headers["Stripe-Signature"]))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for body, _ in self.got]


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
    app.router.add_post("/stripe-webhook", endpoint.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/stripe-webhook"
    yield endpoint
    await runner.cleanup()


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
async def twin(endpoint: Endpoint, sleeps: Sleeps) -> AsyncIterator[StripeTwin]:
    config = StripeConfig(endpoint.url, secrets=(SECRET,), retries=(60.0, 240.0), sleep=sleeps)
    async with StripeTwin(config=config) as twin:
        yield twin


@pytest.fixture
async def admin(twin: StripeTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


def events(*ids: str) -> list[Emit]:
    return [Emit(type="invoice.paid", object=sample("invoice.paid"), id=each) for each in ids]


def outcomes(twin: StripeTwin) -> list[str]:
    return [record["outcome"] for record in twin.journal.all()]


@pytest.mark.parametrize("event_type", SAMPLES)
async def test_stripes_own_library_accepts_every_event(twin: StripeTwin, endpoint: Endpoint, event_type: str) -> None:
    twin.emit(event_type, sample(event_type))
    await twin.settled()
    body, signature = endpoint.got[0]
    event = stripe.Webhook.construct_event(body, signature, SECRET)
    assert (event.type, event.data.object["object"]) == (event_type, sample(event_type)["object"])


async def test_during_a_rotation_either_secret_verifies(endpoint: Endpoint) -> None:
    async with StripeTwin(config=StripeConfig(endpoint.url, secrets=("whsec_old", "whsec_new"))) as twin:
        twin.emit("invoice.paid", sample("invoice.paid"))
        await twin.settled()
    body, signature = endpoint.got[0]
    for secret in ("whsec_old", "whsec_new"):
        assert stripe.Webhook.construct_event(body, signature, secret)


async def test_a_forged_event_does_not_verify(twin: StripeTwin, endpoint: Endpoint) -> None:
    twin.emit("invoice.paid", sample("invoice.paid"), forge=True)
    await twin.settled()
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(*endpoint.got[0], SECRET)


async def test_an_old_timestamp_is_outside_the_tolerance(twin: StripeTwin, endpoint: Endpoint) -> None:
    twin.emit("invoice.paid", sample("invoice.paid"), age=301)
    await twin.settled()
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(*endpoint.got[0], SECRET)


async def test_a_thin_event_names_the_snapshot_it_stands_for(twin: StripeTwin, endpoint: Endpoint) -> None:
    event = twin.emit("invoice.paid", sample("invoice.paid"), thin=True)
    await twin.settled()
    body, signature = endpoint.got[0]
    client = stripe.StripeClient("sk_test_x")
    assert client.parse_event_notification(body, signature, SECRET).type == "v1.invoice.paid"
    thin = json.loads(body)
    assert (thin["object"], thin["snapshot_event"]) == ("v2.core.event", event["id"])


async def test_a_duplicated_event_arrives_as_often_as_asked(twin: StripeTwin, endpoint: Endpoint) -> None:
    event = twin.emit("invoice.paid", sample("invoice.paid"), copies=3)
    await twin.settled()
    assert endpoint.ids() == [event["id"]] * 3


async def test_a_batch_arrives_in_its_order(twin: StripeTwin, endpoint: Endpoint) -> None:
    await twin.emit_all(Batch(events=events("evt_1", "evt_2", "evt_3")))
    assert endpoint.ids() == ["evt_1", "evt_2", "evt_3"]


async def test_a_batch_can_arrive_in_reverse(twin: StripeTwin, endpoint: Endpoint) -> None:
    await twin.emit_all(Batch(events=events("evt_1", "evt_2", "evt_3"), order="reversed"))
    assert endpoint.ids() == ["evt_3", "evt_2", "evt_1"]
    assert [event["id"] for event in twin.events] == ["evt_1", "evt_2", "evt_3"]


async def test_a_shuffled_batch_leaves_none_out(twin: StripeTwin, endpoint: Endpoint) -> None:
    wanted = [f"evt_{number}" for number in range(20)]
    await twin.emit_all(Batch(events=events(*wanted), order="shuffled", concurrency=5))
    assert sorted(endpoint.ids()) == sorted(wanted)


async def test_an_id_that_is_emitted_again_is_posted_again_and_listed_once(
    twin: StripeTwin, endpoint: Endpoint
) -> None:
    await twin.emit_all(Batch(events=events("evt_1", "evt_1")))
    assert (endpoint.ids(), len(twin.events)) == (["evt_1", "evt_1"], 1)


async def test_an_update_says_what_was_there_before(twin: StripeTwin, endpoint: Endpoint) -> None:
    before = {"cancel_at_period_end": False}
    kind = "customer.subscription.updated"
    twin.emit(kind, sample(kind, cancel_at_period_end=True), previous_attributes=before)
    await twin.settled()
    assert json.loads(endpoint.got[0][0])["data"]["previous_attributes"] == before


async def test_a_delayed_event_is_posted_after_its_delay(twin: StripeTwin, endpoint: Endpoint, sleeps: Sleeps) -> None:
    twin.emit("invoice.paid", sample("invoice.paid"), delay=5)
    await twin.settled()
    assert (sleeps.taken, len(endpoint.got)) == ([5], 1)


async def test_a_withheld_event_is_listed_and_never_posted(twin: StripeTwin, endpoint: Endpoint) -> None:
    event = twin.emit("invoice.paid", sample("invoice.paid"), withhold=True)
    await twin.settled()
    assert (twin.events, endpoint.got, outcomes(twin)) == ([event], [], ["withheld"])


async def test_a_withheld_event_can_be_sent_by_hand_later(twin: StripeTwin, endpoint: Endpoint) -> None:
    event = twin.emit("invoice.paid", sample("invoice.paid"), withhold=True)
    twin.resend(event["id"])
    await twin.settled()
    assert endpoint.ids() == [event["id"]]


async def test_a_refused_event_is_retried_on_the_schedule_until_it_is_accepted(
    twin: StripeTwin, endpoint: Endpoint, sleeps: Sleeps
) -> None:
    endpoint.answers = [500, 302, 204]
    twin.emit("invoice.paid", sample("invoice.paid"))
    await twin.settled()
    assert outcomes(twin) == ["refused", "refused", "accepted"]
    assert [record["attempt"] for record in twin.journal.all()] == [1, 2, 3]
    assert sleeps.taken == [60.0, 240.0]


async def test_after_the_last_retry_it_gives_up(twin: StripeTwin, endpoint: Endpoint) -> None:
    endpoint.answers = [500] * 9
    event = twin.emit("invoice.paid", sample("invoice.paid"))
    await twin.settled()
    assert (len(endpoint.got), event["pending_webhooks"]) == (3, 1)


async def test_an_endpoint_that_is_not_there_is_unreachable(sleeps: Sleeps) -> None:
    async with StripeTwin(config=StripeConfig("http://127.0.0.1:9/", retries=(), sleep=sleeps)) as twin:
        twin.emit("invoice.paid", sample("invoice.paid"))
        await twin.settled()
        assert outcomes(twin) == ["unreachable"]


async def test_a_disabled_endpoint_gets_nothing(twin: StripeTwin, endpoint: Endpoint, admin: TwinClient) -> None:
    await admin.fault("endpoint_disabled")
    twin.emit("invoice.paid", sample("invoice.paid"))
    await twin.settled()
    assert (endpoint.got, outcomes(twin), len(twin.events)) == ([], ["disabled"], 1)


async def test_an_enabled_endpoint_gets_what_comes_after_and_not_what_came_before(
    twin: StripeTwin, endpoint: Endpoint, admin: TwinClient
) -> None:
    await admin.fault("endpoint_disabled")
    twin.emit("invoice.paid", sample("invoice.paid"), id="evt_before")
    await twin.settled()
    await admin.clear("endpoint_disabled")
    twin.emit("invoice.paid", sample("invoice.paid"), id="evt_after")
    await twin.settled()
    assert endpoint.ids() == ["evt_after"]


async def test_events_are_emitted_over_the_admin_api(twin: StripeTwin, endpoint: Endpoint, admin: TwinClient) -> None:
    one = {"type": "invoice.paid", "object": sample("invoice.paid"), "id": "evt_1", "copies": 2}
    (event,) = await admin.emit(one)
    assert endpoint.ids() == ["evt_1", "evt_1"]
    assert event["data"]["object"] == one["object"]


async def test_reset_gives_up_what_is_under_way(endpoint: Endpoint) -> None:
    endpoint.answers = [500]
    async with StripeTwin(config=StripeConfig(endpoint.url, retries=(3600.0,))) as twin:
        await twin.emit_all(Batch(events=events("evt_1")))
        twin.reset()
        await twin.settled()
        assert (twin.events, len(endpoint.got)) == ([], 1)


def test_a_session_carries_what_an_order_needs() -> None:
    session = sample("checkout.session.completed", user_id="u1", order_id="o1", essence=500, email="a@b.c")
    assert session["client_reference_id"] == "u1"
    assert session["metadata"] == {"user_id": "u1", "order_id": "o1", "essence": "500"}
    assert session["customer_details"]["email"] == "a@b.c"


def test_a_partial_refund_is_not_a_refund_in_full() -> None:
    assert sample("charge.refunded", amount=499)["refunded"] is True
    assert sample("charge.refunded", amount=499, amount_refunded=100)["refunded"] is False


def test_a_subscription_has_its_period_on_the_item_and_on_top() -> None:
    subscription = sample("customer.subscription.created", period_start=1_000)
    assert subscription["current_period_end"] == 1_000 + 30 * 86_400
    assert subscription["items"]["data"][0]["current_period_end"] == subscription["current_period_end"]


def test_an_invoice_names_its_subscription_in_both_places() -> None:
    invoice = sample("invoice.paid", subscription="sub_1")
    assert invoice["subscription"] == "sub_1"
    assert invoice["parent"]["subscription_details"]["subscription"] == "sub_1"
