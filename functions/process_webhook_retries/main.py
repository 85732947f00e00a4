"""Process Stripe's events again that failed before, or that were forgotten."""

from functions.process_webhook_retries.reprocess import Reprocess
from shared.entrypoint import entrypoint
from shared.queue import WEBHOOKS, drain
from shared.stripe.intake import Intake
from shared.task import Run, task

CLAIM = 50  # rows in flight at most


@task("process-webhook-retries")
async def process_webhook_retries(run: Run) -> None:
    intake = Intake(run.db)
    if adopted := await intake.adopt():
        run.note(adopted=adopted)
    await drain(run, WEBHOOKS, Reprocess(intake), claim=CLAIM, until_empty=True)


main, handler = entrypoint(process_webhook_retries)
