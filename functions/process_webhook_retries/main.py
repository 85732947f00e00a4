"""Process Stripe's events again that failed before, or that were forgotten."""

from functools import partial

from functions.process_webhook_retries.reprocess import Reprocess
from shared.entrypoint import entrypoint
from shared.fan_out import fan_out
from shared.queue import WEBHOOKS, drain
from shared.queue.rows import Rows
from shared.stripe.intake import Intake
from shared.task import Run, task

CLAIM = 50  # rows in flight at most
EACH = 20_000  # rows that one invocation does: 240 s, some 100 rows a second where each has effects


@task("process-webhook-retries")
async def process_webhook_retries(run: Run) -> None:
    intake = Intake(run.db)
    if adopted := await intake.adopt():
        run.note(adopted=adopted)
    await fan_out(run, partial(Rows(run.db).due, WEBHOOKS.table), EACH)
    await drain(run, WEBHOOKS, Reprocess(intake), claim=CLAIM, until_empty=True)


main, handler = entrypoint(process_webhook_retries)
