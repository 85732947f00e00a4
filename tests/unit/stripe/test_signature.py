"""Signatures and events as they come over the wire."""

import hashlib
import hmac
import json
import time

import pytest
from pydantic import SecretStr

from infra.local.twins.stripe_events import thin
from shared.errors import BadRequestError, ConfigurationError
from shared.providers.stripe import TOLERANCE, read, verify
from tests.payments import SECRET, event, signature

BODY = json.dumps(event("invoice.paid")).encode()
OURS = [SecretStr(SECRET)]
NOW = 1_700_000_000


def refused(header: str, *, body: bytes = BODY, now: float = NOW) -> bool:
    with pytest.raises(BadRequestError):
        verify(body, header, OURS, now)
    return True


def test_what_stripes_own_sdk_signs_is_taken() -> None:
    verify(BODY, signature(BODY, SECRET), OURS)


def test_a_body_that_is_not_ascii_is_signed_by_its_bytes() -> None:
    body = '{"name": "Zoë ✓"}'.encode()
    verify(body, signature(body, SECRET, at=NOW), OURS, NOW)


def test_any_of_several_v1_signatures_may_match() -> None:
    verify(BODY, signature(BODY, "whsec_old", SECRET, at=NOW), OURS, NOW)


def test_any_of_several_active_secrets_may_match() -> None:
    both = [SecretStr("whsec_new"), *OURS]
    verify(BODY, signature(BODY, SECRET, at=NOW), both, NOW)
    verify(BODY, signature(BODY, "whsec_new", at=NOW), both, NOW)


def test_a_v0_signature_proves_nothing() -> None:
    assert refused(signature(BODY, SECRET, at=NOW).replace("v1=", "v0="))


def test_another_secret_or_another_body_is_refused() -> None:
    assert refused(signature(BODY, "whsec_of_somebody_else", at=NOW))
    assert refused(signature(BODY, SECRET, at=NOW), body=BODY + b" ")


@pytest.mark.parametrize("age", [TOLERANCE, -TOLERANCE])
def test_a_signature_is_good_for_five_minutes_either_way(age: int) -> None:
    verify(BODY, signature(BODY, SECRET, at=NOW - age), OURS, NOW)


@pytest.mark.parametrize("age", [TOLERANCE + 1, -TOLERANCE - 1])
def test_an_old_or_early_signature_is_refused(age: int) -> None:
    assert refused(signature(BODY, SECRET, at=NOW - age))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=00",
        "t=1",
        "t=,v1=00",
        "t=x,v1=00",
        "t=²,v1=00",
        "t=1,t=2,v1=00",
        f"t={'9' * 400},v1=00",
        "nonsense",
        "t=1,v1=é",
    ],
)
def test_a_header_of_another_form_is_refused(header: str) -> None:
    assert refused(header, now=1)


def test_the_time_is_part_of_what_is_signed() -> None:
    digest = hmac.new(SECRET.encode(), b"." + BODY, hashlib.sha256).hexdigest()
    assert refused(f"t={NOW},v1={digest}")


def test_without_a_secret_nothing_can_be_checked() -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_WEBHOOK_SECRETS"):
        verify(BODY, signature(BODY, SECRET), [], time.time())


def test_a_snapshot_event_carries_its_object() -> None:
    found = read(BODY)
    assert found.type == "invoice.paid"
    assert found.object_id == found.resource["id"] == json.loads(BODY)["data"]["object"]["id"]


def test_a_thin_event_names_its_object() -> None:
    snapshot = event("charge.refunded")
    found = read(json.dumps(thin(snapshot)).encode())
    assert found.thin
    assert found.type == "v1.charge.refunded"
    assert found.object_id == snapshot["data"]["object"]["id"]
    assert found.created.timestamp() == snapshot["created"]


def test_an_object_without_an_id_has_none() -> None:
    assert read(json.dumps(event("invoice.paid", id=None)).encode()).object_id is None
    assert read(json.dumps(thin(event("invoice.paid")) | {"related_object": None}).encode()).object_id is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"evt_1"',
        b"{}",
        b"{",
        b"\xff\xfe",
        b'{"id": "evt_1\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps({**json.loads(BODY), "object": "charge"}).encode(),
        json.dumps({**json.loads(BODY), "id": "evt_\0"}).encode(),
        json.dumps({**json.loads(BODY), "id": "e" * 256}).encode(),
        json.dumps({**json.loads(BODY), "created": None}).encode(),
        json.dumps({**json.loads(BODY), "created": 10**30}).encode(),
        json.dumps({**json.loads(BODY), "data": {}}).encode(),
        json.dumps({**json.loads(BODY), "data": {"object": []}}).encode(),
        json.dumps({**json.loads(BODY), "type": "\ud800"}).encode(),
    ],
)
def test_what_is_not_an_event_is_refused_without_quoting_it(body: bytes) -> None:
    with pytest.raises(BadRequestError) as refusal:
        read(body)
    assert refusal.value.detail == "The body is not a Stripe event."
