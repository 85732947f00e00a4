"""More invocations of a task than its schedule starts, where one has too much to do: a cloud's queue hands them out.

The work itself stays in the database, leased row by row: whoever an invocation is handed to takes what is free. One
that comes twice, late or not at all does no harm, and the schedule's next tick goes on in any case.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from shared.errors import NightshiftError
from shared.log import log

if TYPE_CHECKING:
    from shared.task import Run

TRIGGER = "fan-out"  # of the invocations that are asked for: they ask for no others
MOST = 8  # invocations that one run asks for


class Distributor(Protocol):
    """A cloud's queue of invocations."""

    async def ask(self, ticks: Sequence[dict[str, str]]) -> None:
        """Have the task invoked once for each of these bodies.

        Raises:
            NightshiftError: the queue took them not, or not all of them.
        """
        ...


def distributor(run: "Run", queue: str) -> Distributor:
    """SQS for a queue's address, Cloud Tasks for a queue's name, `projects/…/locations/…/queues/…`."""
    if queue.startswith("projects/"):
        from shared.fan_out.cloud_tasks import CloudTasks  # noqa: PLC0415 - one of the two at most

        return CloudTasks(run.http, run.settings, queue, run.job)
    from shared.fan_out.sqs import Sqs  # noqa: PLC0415

    return Sqs(run.settings, queue)


async def fan_out(run: "Run", waiting: Callable[[int], Awaitable[int]], each: int) -> None:
    """Ask for more invocations where more rows wait than one does, as far as FAN_OUT_QUEUE names a queue for them.

    A queue that takes none costs nothing but time: it is logged, and this run works on alone.

    Args:
        waiting: how many rows wait, counted up to the number given.
        each: rows that one invocation is expected to do.
    """
    queue = run.settings.fan_out_queue
    if queue is None or run.trigger == TRIGGER:
        return
    wanted = min(MOST, await waiting((MOST + 1) * each) // each)
    if wanted == 0:
        return
    tick = {"scheduled_for": run.scheduled_for.isoformat(), "trigger": TRIGGER}
    try:
        await distributor(run, queue).ask([tick] * wanted)
    except NightshiftError as error:
        log.warning("no more invocations", reason=error.detail)
    else:
        run.note(invocations_asked_for=wanted)
