"""Take in the events that Stripe's own list has and ours has not, also while the webhook endpoint is disabled."""

from functions.reconcile_stripe.compare import compare
from functions.reconcile_stripe.window import windows
from shared import alerts
from shared.causes import Cause
from shared.entrypoint import entrypoint
from shared.log import log
from shared.providers.stripe_api import disabled_endpoints
from shared.task import Run, admitted, task

DISABLED = Cause("endpoint", "stripe")


@task("reconcile-stripe")
async def reconcile_stripe(run: Run) -> None:
    if not run.settings.stripe_api_key.get_secret_value():
        run.skip("STRIPE_API_KEY is not set: Stripe's list of events cannot be read.")
    # By the schedule once an hour, whoever fires it; by hand as often as anybody likes.
    elif run.trigger != "schedule" or await admitted(run, "hour"):
        await check_endpoints(run)
        await compare(run, await windows(run))


async def check_endpoints(run: Run) -> None:
    """Say so when Stripe has given up on an endpoint: nothing else would."""
    if disabled := await disabled_endpoints(run.http, run.settings):
        run.note(disabled_endpoints=disabled)
        log.warning("a webhook endpoint is disabled at Stripe", endpoints=disabled)
        await alerts.alarm(run.resources, DISABLED)
    else:
        await alerts.resolve(run.resources, DISABLED.name)


main, handler = entrypoint(reconcile_stripe)
