"""Go through Stripe's list page by page, and take in what is missing here."""

from collections import Counter
from collections.abc import Sequence

from functions.reconcile_stripe.window import Window, remainder
from shared.log import log
from shared.providers.stripe_api import Listed, StripeRefusedError, events
from shared.stripe.intake import Intake, reason
from shared.task import Run

RESERVE = 15.0  # seconds left to the run at which it stops; the next one goes on from there


async def compare(run: Run, windows: Sequence[Window]) -> None:
    """Compare the windows in turn until the time is nearly up; the history keeps what is left."""
    comparison = Comparison(run)
    for number, window in enumerate(windows):
        if stopped := await comparison.through(window):
            run.note(resume=remainder(windows[number:], stopped))
            break
    run.note(**{name: comparison.counts[name] for name in ("listed", "missing", "processed", "queued")})


class Comparison:
    """One run's work and its counts."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.intake = Intake(run.db, run.settings.webhook_retry_delays)
        self.counts: Counter[str] = Counter()

    async def through(self, window: Window) -> str | None:
        """Compare one window; the id of the last event compared if it had to stop before the end."""
        try:
            return await self._through(window)
        except StripeRefusedError:
            if window.after is None:
                raise
            return await self._through(Window(window.since))  # that event is not listed any more: from the top

    async def _through(self, window: Window) -> str | None:
        async for page in events(self.run.http, self.run.settings, created_gte=window.since, after=window.after):
            await self.page(page)
            if page and self.run.seconds_left() < RESERVE:
                return page[-1].event.id
        return None

    async def page(self, page: Sequence[Listed]) -> None:
        missing = await self.intake.unknown([listed.event.id for listed in page])
        self.counts.update(listed=len(page), missing=len(missing))
        for listed in reversed(page):
            if listed.event.id in missing:
                await self.take_in(listed)

    async def take_in(self, listed: Listed) -> None:
        """Record and process one event; one that fails is left to the retry queue."""
        event = listed.event
        recorded = await self.intake.record(event, listed.raw)
        try:
            if recorded.open:
                await self.intake.apply(event)
        except Exception as error:
            # Whatever it is: one event that fails must not keep the others out.
            log.warning("event failed", event=event.id, event_type=event.type, reason=reason(error))
            await self.intake.queue(event, error)
            self.counts.update(queued=1)
            self.run.count(failed=1)
        else:
            self.counts.update(processed=1)
            self.run.count(processed=1)
