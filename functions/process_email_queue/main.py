"""Send due emails through SES, SMTP or Resend."""

from functions.process_email_queue.courier import Courier
from shared.entrypoint import entrypoint
from shared.queue import EMAILS, drain
from shared.task import Run, task

CLAIM = 50  # rows in flight at most


@task("process-email-queue")
async def process_email_queue(run: Run) -> None:
    async with Courier(run) as courier:
        await drain(run, EMAILS, courier, claim=CLAIM, linger=run.settings.linger_seconds)


main, handler = entrypoint(process_email_queue)
