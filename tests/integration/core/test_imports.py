"""Cold starts: what each function loads before its first call, and how long that call takes."""

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import psutil
import pytest
from pydantic import SecretStr

from infra.local.twins import resend_webhooks
from shared import standard_webhooks
from tests.integration.core.test_core_entrypoint import environment, http_event
from tests.lambda_runtime import ROOT, LambdaRuntime
from tests.nightshift import SERVICE_KEY

BASE = {
    "annotated_types",
    "psycopg",
    "psycopg_binary",
    "psycopg_pool",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
}
HTTP = {"httpx", "idna"}
MORE = {  # what one calls out with, or reads the table of functions
    "admin": {"cronsim", "yaml", *HTTP},
    "console": {"cronsim", "markupsafe", "yaml", *HTTP},
    "deliver_push": HTTP,
    "deliver_responses": HTTP,
    "generate_summaries": HTTP,
    "watch": {"cronsim", "yaml", *HTTP},
}
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
# As in a deployed bundle, where httpx finds nothing to make a command line of.
BUNDLE = "import sys; sys.modules.update(click=None, pygments=None, rich=None)"
LOADED = """
before = set(sys.modules)
import importlib, json
importlib.import_module(f"functions.{sys.argv[1]}.main")
own = {"functions", "shared", *sys.stdlib_module_names}
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps([name for name in tops if name not in own and not name.startswith(("_", "cython_runtime"))]))
"""

STARTS = 5
BUDGET = 0.4  # seconds of processor time from a new process to its first answer, on a quiet machine
NOISE = 3  # times as much on a busy one; the time on the wall says there only how busy it is
SECRET = "whsec_cold_start"
RESEND_SECRET = "whsec_Y29sZCBzdGFydA=="


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_loads_what_it_needs_and_nothing_else(function: str) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{BUNDLE}\n{LOADED}", function],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(json.loads(done.stdout)) == BASE | MORE.get(function, set())


def tick() -> dict[str, Any]:
    return http_event("/deliver-responses", headers={"authorization": f"Bearer {SERVICE_KEY}"})


def stripes_event() -> dict[str, Any]:
    """A signed event of a type that nobody handles."""
    now = int(time.time())
    event = {
        "id": f"evt_{time.time_ns()}",
        "object": "event",
        "type": "product.created",
        "created": now,
        "livemode": False,
        "api_version": "2025-01-01",
        "data": {"object": {"id": "prod_1", "object": "product"}},
    }
    body = json.dumps(event)
    signature = hmac.new(SECRET.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    return http_event("/stripe-webhook", headers={"stripe-signature": f"t={now},v1={signature}"}, body=body)


def resends_event() -> dict[str, Any]:
    """A signed bounce that may pass."""
    now, identifier = datetime.now(UTC), f"msg_{time.time_ns()}"
    body = json.dumps(resend_webhooks.event("soft", str(uuid4()), {}, "anna@example.org", now)).encode()
    key = standard_webhooks.key(SecretStr(RESEND_SECRET))
    at = int(now.timestamp())
    signature = standard_webhooks.sign(key, identifier, at, body)
    headers = {"svix-id": identifier, "svix-timestamp": str(at), "svix-signature": signature}
    return http_event("/mail-events/resend", headers=headers, body=body.decode())


@pytest.mark.parametrize(
    ("name", "event"), [("deliver_responses", tick), ("stripe_webhook", stripes_event)], ids=["deliver", "stripe"]
)
def test_the_first_answer_of_a_new_process_comes_soon(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    event: Callable[[], dict[str, Any]],
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BUNDLE)
    took, worked = [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        env = environment(database_url) | {"STRIPE_WEBHOOK_SECRETS": SECRET}
        env["PYTHONPATH"] = f"{tmp_path}:{ROOT}"
        with LambdaRuntime(f"functions/{name}/main.handler", env) as running:
            outcome = running.invoke(event())
            took.append(time.perf_counter() - began)
            used = psutil.Process(running.process.pid).cpu_times()
            worked.append(used.user + used.system)
        assert (outcome.kind, outcome.content["statusCode"]) == ("response", 200)
    with capsys.disabled():
        times = f"{median(took) * 1000:.0f} ms, {median(worked) * 1000:.0f} of them at work"
        print(f"\ncold start of {name}: {times} (medians of {STARTS})")  # noqa: T201
    assert median(worked) < BUDGET * NOISE
