"""mail-events, the way of Amazon SNS: whose message it is, and what becomes of one that is nobody's."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from functions.cleanup_stale.keeping import KEPT
from functions.mail_events.main import app
from infra.local.program import free_port
from shared.providers import sns, sns_signature
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift
from tests.integration.mail.mail_events import held, post, suppressions
from tests.nightshift import Connection, content
from tests.topic import ARN, HOST, Topic, bounce, certificate, signed, stamp

ANNA = "anna@example.org"


@pytest.mark.parametrize("version", ["1", "2"])
async def test_what_sns_signed_is_taken(conn: Connection, events: Resources, topic: Topic, version: str) -> None:
    answer = await post(events, signed(topic.notification(bounce(ANNA)), version))
    assert (answer.status, content(answer)) == (200, {"status": "suppressed"})
    assert await suppressions(conn) == {ANNA: "bounce"}


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_message_without_a_subject_and_with_odd_letters_is_taken(
    conn: Connection, events: Resources, topic: Topic, version: str
) -> None:
    told = json.dumps(bounce(ANNA) | {"note": "Zoë ✓\nand\ttabs"}, ensure_ascii=False, indent=2)
    assert (await post(events, signed(topic.notification(told, Subject=None), version))).status == 200
    assert await suppressions(conn) == {ANNA: "bounce"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Message", json.dumps(bounce("victim@example.org"))),
        ("MessageId", "another-id"),
        ("Subject", "Another"),
        ("Subject", None),
        ("Timestamp", stamp(timedelta(seconds=1))),
        ("Type", "UnsubscribeConfirmation"),
        ("SignatureVersion", "1"),
        ("Signature", "QUJD"),
    ],
    ids=["text", "id", "subject", "no subject", "time", "type", "version", "signature"],
)
async def test_a_message_that_was_changed_on_its_way_is_refused(
    conn: Connection, events: Resources, topic: Topic, field: str, value: str | None
) -> None:
    changed = signed(topic.notification(bounce(ANNA))) | {field: value}
    assert (await post(events, {name: each for name, each in changed.items() if each is not None})).status == 400
    assert await held(conn) == []


@pytest.mark.parametrize("field", ["SubscribeURL", "Token", "Message", "Timestamp"])
async def test_a_confirmation_that_was_changed_on_its_way_is_refused(
    conn: Connection, events: Resources, topic: Topic, field: str
) -> None:
    changes = {"Timestamp": stamp(timedelta(seconds=1)), "SubscribeURL": f"https://{HOST}/?Action=Other"}
    answer = await post(events, signed(topic.subscription()) | {field: changes.get(field, "other")})
    assert (answer.status, topic.confirmed, await held(conn)) == (400, [], [])


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.s3-eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://SNS.eu-west-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://evil@sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem#.pem",
        "https://sns.eu-west-1.amazonaws.com/?Action=Other&x=.pem",
        "https://sns.eu-west-1.amazonaws.com/a/../b.pem",
        "https://sns.eu-west-1.amazonaws.com/certificate.txt",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem\n",
        "https://sns-eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "ftp://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "",
    ],
)
async def test_a_certificate_of_any_other_place_is_not_even_asked_for(
    conn: Connection, events: Resources, topic: Topic, url: str
) -> None:
    assert (await post(events, signed(topic.notification(bounce(ANNA), SigningCertURL=url)))).status == 400
    assert (topic.asked, await held(conn)) == ([], [])


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sns:eu-west-1:123456789012:another",
        "arn:aws:sns:eu-west-1:999999999999:mail-events",
        "arn:aws:sns:us-east-1:123456789012:mail-events",
        f"{ARN}:c9135db0",
        ARN.upper(),
    ],
)
async def test_a_message_of_another_topic_is_refused_before_anything_is_fetched(
    conn: Connection, events: Resources, topic: Topic, arn: str
) -> None:
    answer = await post(events, signed(topic.notification(bounce(ANNA), TopicArn=arn)))
    assert (answer.status, "SES_TOPIC_ARN" in content(answer)["detail"]) == (403, True)
    assert (topic.asked, await held(conn)) == ([], [])


async def test_without_a_topic_nothing_is_taken(conn: Connection, database_url: str, topic: Topic) -> None:
    unset = Resources(nightshift.settings(database_url))
    answer = await post(unset, signed(topic.notification(bounce(ANNA))))
    await unset.close()
    assert (answer.status, content(answer)["detail"]) == (403, "SES_TOPIC_ARN is not set: no topic is ours.")
    assert await held(conn) == []


async def test_any_of_several_topics_may_send(conn: Connection, database_url: str, topic: Topic) -> None:
    both = Resources(nightshift.settings(database_url, ses_topic_arn=f"{ARN}-of-identities, {ARN}"))
    vars(both)["http"] = topic.client()
    assert (await post(both, signed(topic.notification(bounce(ANNA))))).status == 200
    await both.close()


@pytest.mark.parametrize(
    ("ago", "status"),
    [
        (timedelta(hours=2), 200),
        (timedelta(days=23), 200),
        (timedelta(days=26), 400),
        (-timedelta(minutes=4), 200),
        (-timedelta(minutes=6), 400),
    ],
)
async def test_a_message_is_taken_for_as_long_as_sns_may_try(
    events: Resources, topic: Topic, ago: timedelta, status: int
) -> None:
    assert (await post(events, signed(topic.notification(bounce(ANNA), Timestamp=stamp(ago))))).status == status


def test_a_message_is_remembered_for_longer_than_it_is_taken() -> None:
    days, unit = KEPT["webhook_events_deleted"].time.split()
    assert unit == "days"
    assert timedelta(days=int(days)) > sns_signature.OLDEST


async def test_a_certificate_is_fetched_once(events: Resources, topic: Topic) -> None:
    for _ in range(3):
        assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == 200
    assert topic.asked == [topic.file]


@pytest.mark.parametrize(
    ("since", "until"), [(timedelta(hours=1), timedelta(days=1)), (timedelta(days=-2), timedelta(hours=-1))]
)
async def test_a_certificate_that_is_not_valid_now_proves_nothing(
    conn: Connection, events: Resources, topic: Topic, since: timedelta, until: timedelta
) -> None:
    topic.pem = certificate(since=since, until=until)
    assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == 400
    assert await held(conn) == []


async def test_the_key_of_another_certificate_proves_nothing(conn: Connection, events: Resources, topic: Topic) -> None:
    topic.pem = certificate(rsa.generate_private_key(65537, 2048))
    assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == 400
    assert await held(conn) == []


async def test_a_key_of_another_kind_proves_nothing(events: Resources, topic: Topic) -> None:
    topic.pem = certificate(ec.generate_private_key(ec.SECP256R1()))
    assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == 400


@pytest.mark.parametrize(
    "pem", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----"]
)
async def test_what_is_no_certificate_proves_nothing(events: Resources, topic: Topic, pem: bytes) -> None:
    topic.pem = pem
    assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == 400


async def test_an_overlong_certificate_is_not_read(events: Resources, topic: Topic) -> None:
    topic.pem = certificate() + b"\n" * 40_000
    assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == 400


@pytest.mark.parametrize(
    ("status", "answered"), [(302, 400), (403, 400), (404, 400), (429, 503), (500, 503), (503, 503)]
)
async def test_a_certificate_that_is_not_there_is_a_refusal_and_one_that_cannot_be_had_a_delay(
    conn: Connection, events: Resources, topic: Topic, status: int, answered: int
) -> None:
    topic.status = status
    assert (await post(events, signed(topic.notification(bounce(ANNA))))).status == answered
    assert (len(topic.asked), await held(conn)) == (1, [])


async def test_sns_out_of_reach_is_a_delay(events: Resources, topic: Topic) -> None:
    topic.transport.base = f"http://127.0.0.1:{free_port()}"
    answer = await post(events, signed(topic.notification(bounce(ANNA))))
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_a_subscription_is_confirmed_once(conn: Connection, events: Resources, topic: Topic) -> None:
    message = signed(topic.subscription())
    statuses = [content(await post(events, message))["status"] for _ in range(2)]
    assert statuses == ["confirmed", "duplicate"]
    assert topic.confirmed == [{"Action": "ConfirmSubscription", "TopicArn": ARN, "Token": "2336412f37fb687f"}]
    [kept] = await held(conn)
    assert "2336412f37fb687f" not in kept["raw_body"]


async def test_a_confirmation_that_sns_does_not_take_is_tried_again(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    message = signed(topic.subscription())
    assert (await post(events, signed(topic.notification("the certificate is fetched")))).status == 200
    topic.status = 500
    assert (await post(events, message)).status == 503
    topic.status = 200
    assert content(await post(events, message)) == {"status": "confirmed"}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.eu-west-1.amazonaws.com@evil.example/?Action=ConfirmSubscription",
        "https://sns.eu-west-1.amazonaws.com/somewhere",
    ],
)
async def test_a_confirmation_is_told_to_nobody_else(events: Resources, topic: Topic, url: str) -> None:
    assert (await post(events, signed(topic.subscription(SubscribeURL=url)))).status == 400
    assert topic.confirmed == []


async def test_the_end_of_a_subscription_is_not_undone(conn: Connection, events: Resources, topic: Topic) -> None:
    answer = await post(events, signed(topic.subscription("Unsubscribe")))
    assert (content(answer), topic.confirmed, await held(conn)) == ({"status": "ignored"}, [], [])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"no json", b"\xff", b"[" * 50_000, json.dumps({"Type": "Notification"}).encode()]
)
async def test_what_is_no_message_is_refused_without_quoting_it(events: Resources, body: bytes) -> None:
    answer = await app(Request("POST", "/mail-events/ses", body=body), events)
    assert (answer.status, content(answer)["detail"]) == (400, "The body is not a message of Amazon SNS.")


async def test_the_path_for_direct_invocations_is_closed_to_http(events: Resources, topic: Topic) -> None:
    body = json.dumps({"Records": [{"Sns": topic.notification(bounce(ANNA))}]}).encode()
    assert (await app(Request("POST", "/mail-events", body=body), events)).status == 403


async def test_a_stopped_database_is_answered_503_so_that_sns_tries_again(topic: Topic) -> None:
    gone = Resources(nightshift.settings(f"postgresql://postgres@127.0.0.1:{free_port()}/gone", ses_topic_arn=ARN))
    vars(gone)["http"] = topic.client()
    answer: Response = await post(gone, signed(topic.notification(bounce(ANNA))))
    await gone.close()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_a_topic_of_china_has_hosts_of_its_own() -> None:
    told: dict[str, Any] = signed(Topic().notification("x", TopicArn="arn:aws-cn:sns:cn-north-1:123456789012:m"))
    assert sns.posted(json.dumps(told).encode()).host == "sns.cn-north-1.amazonaws.com.cn"
