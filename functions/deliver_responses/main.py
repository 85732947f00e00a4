"""Deliver due replies through the Telegram Bot API."""

from functions.deliver_responses.reply import Replies
from shared.entrypoint import entrypoint
from shared.queue import REPLIES, drain
from shared.task import Run, task

CLAIM = 50  # rows in flight at most


@task("deliver-responses")
async def deliver_responses(run: Run) -> None:
    await drain(run, REPLIES, Replies(run), claim=CLAIM, linger=run.settings.linger_seconds)


main, handler = entrypoint(deliver_responses)
