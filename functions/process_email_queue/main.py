"""Send due emails through SES, SMTP or Resend."""

from functions.process_email_queue.courier import Courier
from shared.entrypoint import entrypoint
from shared.queue import EMAILS, drain
from shared.task import Run, task

CLAIM = 50  # rows in flight at most
SETTLE = 2.0  # seconds to write the last fates, on top of the slowest send


@task("process-email-queue")
async def process_email_queue(run: Run) -> None:
    settings = run.settings
    grace = 2 * settings.email_timeout.total_seconds() + SETTLE  # SMTP waits once for the envelope, once for the data
    async with Courier(run) as courier:
        at_once = courier.mailer.at_once
        await drain(run, EMAILS, courier, claim=CLAIM, linger=settings.linger_seconds, grace=grace, at_once=at_once)


main, handler = entrypoint(process_email_queue)
