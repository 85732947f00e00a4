"""Push due notices to players' devices, and learn from Expo's receipts what became of earlier ones."""

from functions.deliver_push.aftermath import Aftermath
from functions.deliver_push.channels import Channels
from functions.deliver_push.pushes import Pushes
from functions.deliver_push.receipts import collect
from shared.entrypoint import entrypoint
from shared.queue import PUSHES, drain
from shared.task import Run, task

CLAIM = 100  # rows in flight at most: one request of Expo's
SETTLE = 2.0  # seconds to write the last fates, on top of the slowest send


@task("deliver-push")
async def deliver_push(run: Run) -> None:
    channels, aftermath = Channels(run), Aftermath(run)
    grace = run.settings.push_timeout.total_seconds() + SETTLE
    try:
        await collect(run, channels.expo, aftermath)
        await drain(
            run, PUSHES, Pushes(run, channels, aftermath), claim=CLAIM, linger=run.settings.linger_seconds, grace=grace
        )
    finally:
        await aftermath.conclude()


main, handler = entrypoint(deliver_push)
