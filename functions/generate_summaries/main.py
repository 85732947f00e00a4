"""Write each user's recap of their yesterday, from 06:00 of their own time on."""

from functions.generate_summaries.calls import Calls
from functions.generate_summaries.collect import collect
from functions.generate_summaries.hand_over import hand_over
from functions.generate_summaries.recap import by_template
from functions.generate_summaries.worklist import Worklist
from shared.entrypoint import entrypoint
from shared.errors import NightshiftError
from shared.fan_out import fan_out
from shared.providers.claude import Claude
from shared.task import Run, task

PAGE = 500  # recaps that the template writes at once
EACH = 5000  # recaps that one invocation writes: 900 s, 20 calls under way, some 3 s a call


class BarredError(NightshiftError):
    """No call to Claude can succeed until somebody does something about the key, the account or the model."""


@task("generate-summaries")
async def generate_summaries(run: Run) -> None:
    work = Worklist(run)
    try:
        await work.plan()
        await fan_out(run, work.waiting, EACH)
        if run.settings.anthropic_api_key.get_secret_value():
            await by_the_model(work, Claude(run.settings, run.http))
        else:
            await without_a_model(work)
    finally:
        work.note()


async def by_the_model(work: Worklist, claude: Claude) -> None:
    """What batches have brought, then new batches if very many wait, then a call each.

    While Claude is not to be asked, calls come to none: only what has waited for too long is written, by the template.
    """
    barred = await collect(work, claude) or await hand_over(work, claude)
    calls = Calls(work, claude)
    await calls.run()
    if why := barred or calls.barred:
        raise BarredError(
            f"No recap can be asked for ({why}). Look at ANTHROPIC_API_KEY, the account and ANTHROPIC_MODEL."
        )


async def without_a_model(work: Worklist) -> None:
    while work.time_left > 0 and (recaps := await work.claim(PAGE)):
        await work.write([by_template(recap) for recap in recaps])


main, handler = entrypoint(generate_summaries)
