"""A packaged bundle under AWS's own runtime client and the runtime's own Python, from nothing to the first answer."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pytest
from packaging.requirements import Requirement

from infra.package.distributions import closure
from infra.package.install import install
from infra.package.lock import pins
from infra.package.platform import X86_64
from shared import table
from tests.deploy.bundles.building import Unpack
from tests.integration.core.test_core_entrypoint import environment, http_event
from tests.integration.core.test_imports import NOISE, SECRET, stripes_event, tick
from tests.lambda_runtime import LambdaRuntime

pytestmark = [pytest.mark.registry, pytest.mark.timeout(300)]  # the first one builds every bundle

STARTS = 5
WARM = 50  # calls of a process that has answered already
OVERHEAD = 0.003  # seconds of a warm call that does no work, both ends of the loopback included
Start = Callable[[str], LambdaRuntime]
BUDGET = 0.35  # seconds of processor time from a new process to its first answer, on a quiet machine


@pytest.fixture(scope="session")
def client(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """awslambdaric for the runtime's Python, where Lambda has it: outside of the bundle."""
    folder = tmp_path_factory.mktemp("awslambdaric") / "runtime"
    locked = pins(X86_64)
    install({locked[name] for name in closure([Requirement("awslambdaric")], X86_64)}, X86_64, folder)
    return folder


@pytest.fixture
def start(database_url: str, python: Path, unpack: Unpack, client: Path) -> Start:
    """Make a new instance of a packaged function."""
    env = environment(database_url) | {"STRIPE_WEBHOOK_SECRETS": SECRET, "PYTHONPATH": str(client)}

    def instance(name: str) -> LambdaRuntime:
        return LambdaRuntime(table.lookup(name).handler, env, unpack(name), python)

    return instance


@pytest.mark.parametrize(
    ("name", "event"), [("deliver-responses", tick), ("stripe-webhook", stripes_event)], ids=["deliver", "stripe"]
)
def test_a_bundle_starts_cold_and_answers(
    start: Start, capsys: pytest.CaptureFixture[str], name: str, event: Callable[[], dict[str, Any]]
) -> None:
    instance = start(name)
    took, worked = [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        with instance as running:
            outcome = running.invoke(event())
            took.append(time.perf_counter() - began)
            used = psutil.Process(running.process.pid).cpu_times()
            worked.append(used.user + used.system)
        assert (outcome.kind, outcome.content["statusCode"]) == ("response", 200), running.output
    with capsys.disabled():
        times = f"{median(took) * 1000:.0f} ms, {median(worked) * 1000:.0f} of them at work"
        print(f"\ncold start of {name}'s bundle: {times} (medians of {STARTS})")  # noqa: T201
    assert median(worked) < BUDGET * NOISE


def test_a_warm_call_adds_little_to_its_work(start: Start) -> None:
    with start("health") as running:
        event = http_event("/health/livez", method="GET")
        running.invoke(event)
        took = [timed(running, event) for _ in range(WARM)]
    assert median(took) < OVERHEAD * NOISE


def timed(running: LambdaRuntime, event: dict[str, Any]) -> float:
    """Seconds from handing over an event to its answer."""
    began = time.perf_counter()
    outcome = running.invoke(event)
    assert outcome.content["statusCode"] == 200
    return time.perf_counter() - began
