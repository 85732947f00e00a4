"""Look at what is wrong, note how the queues stand, and send what operators are to be told."""

from functions.watch.courier import Courier
from functions.watch.look import look
from shared.entrypoint import entrypoint
from shared.queue import ALERTS, drain
from shared.task import Run, pulsed, task

AT_ONCE = 10  # posts under way at most
GRACE = 9.0  # seconds before the end at which the last post starts: 3 to connect, 5 for its answer


@task("watch")
async def watch(run: Run) -> None:
    await pulsed(run)
    try:
        await look(run)
    finally:
        await tell(run)


async def tell(run: Run) -> None:
    courier = Courier(run)
    try:
        await drain(run, ALERTS, courier, until_empty=True, grace=GRACE, at_once=AT_ONCE)
    finally:
        await courier.close()


main, handler = entrypoint(watch)
