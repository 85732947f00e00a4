"""From what a message costs to what a month costs, and how long a message waits."""

import math
from dataclasses import dataclass

from tests.benchmarks.cases.cost import prices

DAY = 86_400.0  # seconds
MONTH = 30 * DAY
SEND = 0.1  # seconds: assumed of a provider's answer; the sends of one batch run side by side
AT_ONCE = 50  # sends side by side
MEMORY = 0.5  # GB: memorySize in serverless.yml


@dataclass(frozen=True)
class Work:
    """What was measured of one function.

    Attributes:
        message: CPU seconds of the function per message.
        call: CPU seconds of an invocation that finds nothing.
        waits: seconds per message that the function waits for the database, where nothing else fills them.
    """

    message: float
    call: float = 0.0
    waits: float = 0.0


@dataclass(frozen=True)
class Mode:
    """How a queue's function is fired: every `period` seconds, and how long it then lingers."""

    name: str
    period: float
    linger: float = 0.0

    def wait(self, share: float) -> float:
        """Seconds that a message waits for an invocation at most, in this share of the cases."""
        return max(0.0, self.period - self.linger - (1 - share) * self.period)

    @property
    def mean_wait(self) -> float:
        return (self.period - self.linger) ** 2 / (2 * self.period)


@dataclass(frozen=True)
class Bill:
    """One month: US dollars, and what they are for.

    Attributes:
        seconds: for which functions ran, on AWS.
    """

    aws: float
    google: float
    calls: float
    seconds: float


def scheduled(work: Work, mode: Mode, daily: float) -> Bill:
    """The month of a queue's function that its schedule fires."""
    calls = MONTH / mode.period
    aws, google = (busy(work, mode, daily, vcpu) for vcpu in (lambda_vcpu(), prices.RUN_VCPU))
    seconds = calls * rounded(aws, prices.LAMBDA_STEP)
    run = calls * rounded(google, prices.RUN_STEP)
    return Bill(
        aws=calls * (prices.LAMBDA_REQUEST + prices.SCHEDULE) + seconds * MEMORY * prices.LAMBDA_GB_SECOND,
        google=calls * prices.RUN_REQUEST + run * run_second() + prices.JOB,
        calls=calls,
        seconds=seconds,
    )


def busy(work: Work, mode: Mode, daily: float, vcpu: float) -> float:
    """Seconds of one invocation: it lingers, or is at work for longer. Messages come at random times."""
    messages = daily * mode.period / DAY
    sends = max(1 - math.exp(-messages), messages / AT_ONCE) * SEND
    return max(mode.linger, sends, messages * work.message / vcpu) + work.call / vcpu


def posted(work: Work, daily: float) -> Bill:
    """The month of a function that each message calls by HTTP."""
    calls = daily * MONTH / DAY
    seconds = calls * rounded(work.waits + work.message / lambda_vcpu(), prices.LAMBDA_STEP)
    run = calls * rounded(work.waits + work.message / prices.RUN_VCPU, prices.RUN_STEP)
    return Bill(
        aws=calls * (prices.LAMBDA_REQUEST + prices.HTTP_API_REQUEST) + seconds * MEMORY * prices.LAMBDA_GB_SECOND,
        google=calls * prices.RUN_REQUEST + run * run_second(),
        calls=calls,
        seconds=seconds,
    )


def lambda_vcpu() -> float:
    return MEMORY * 1024 / prices.LAMBDA_VCPU


def run_second() -> float:
    return prices.RUN_VCPU * prices.RUN_VCPU_SECOND + MEMORY * prices.RUN_GIB_SECOND


def rounded(seconds: float, step: float) -> float:
    return math.ceil(round(seconds / step, 6)) * step
