"""What may be wrong, and what an operator is told of each: what it is, the next safe action, where to look.

A cause is named `<kind>:<subject>`, such as `failed:apply-decay`. Nothing personal may stand in one.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Way = Literal["queue", "direct", "note"]
QUEUE, WATCH = "alert_queue", "watch"  # what tells of all else, and so cannot tell of itself


class Kind(NamedTuple):
    """One kind of trouble; `{subject}` and the facts of the cause are filled in.

    Attributes:
        wrong: what is wrong, one sentence.
        advice: the next safe action.
        well: what is said when it is over.
        page: the console's page of it.
        alarm_page: the page while it lasts, where that is another one.
        again: how long after an alarm another one tells that it still lasts.
        short: what is wrong without the facts, where it names any.
    """

    wrong: str
    advice: str
    well: str
    page: str
    alarm_page: str | None = None
    again: timedelta = timedelta(minutes=15)
    short: str | None = None


HOUR = timedelta(hours=1)
TASK, ROWS, LETTERS = "/tasks/{subject}", "/queues/{subject}", "/queues/{subject}/dead-letters"
PUSHES = "/queues/push_queue"
KINDS = {
    "failed": Kind(
        "{subject} failed ({why}).",
        "See its log lines of run {run}; it runs again on schedule.",
        "{subject} works again.",
        TASK,
        "/runs/{run}",
        short="{subject} failed.",
    ),
    "killed": Kind(
        "{subject} ended without a word (runs: {runs}).",
        "Look in the cloud's log for a crash or a time-out; what it held is taken again by the next run.",
        "{subject} ends its runs again.",
        TASK,
        short="Runs of {subject} ended without a word.",
    ),
    "missed": Kind(
        "{subject} has not begun when it should have.",
        "See whether its schedule is there and enabled, then start it by hand: nightshift run {subject}.",
        "{subject} begins on time again.",
        TASK,
    ),
    "late": Kind(
        "{subject} holds a row that is due for {minutes} minutes and has not gone out.",
        "Ask why: nightshift queue list {subject}, then queue why with the row's id.",
        "{subject} sends what is due again.",
        ROWS,
        again=HOUR,
        short="{subject} holds a row that has been due for too long.",
    ),
    "backlog": Kind(
        "{subject} has {due} due rows and gets no fewer.",
        "See whether its task runs and what the provider answers: nightshift queue list {subject}.",
        "{subject} is no longer behind.",
        ROWS,
        again=HOUR,
        short="{subject} has very many due rows and gets no fewer.",
    ),
    "dead": Kind(
        "{subject} has new dead letters, {dead} in all.",
        "Group them by error, mend the cause, then requeue: nightshift queue list {subject} --errors.",
        "{subject} has no dead letters any more.",
        LETTERS,
        short="{subject} has dead letters.",
    ),
    "breaker": Kind(
        "The breaker of {subject} is open ({why}).",
        "Mend the token, the account or wait for the provider; a probe closes it by itself and nothing is lost.",
        "The breaker of {subject} has closed.",
        ROWS,
        again=HOUR,
        short="The breaker of {subject} is open.",
    ),
    "budget": Kind(
        "{subject} has used up the day's budget of {budget} USD.",
        "Raise CLAUDE_DAILY_BUDGET_USD or wait for midnight UTC; what waits is written later.",
        "{subject} has a budget again.",
        TASK,
        again=12 * HOUR,
        short="{subject} has used up the day's budget.",
    ),
    "endpoint": Kind(
        "A webhook endpoint is disabled at {subject}.",
        "Enable it in the provider's dashboard; reconcile-stripe takes the events in meanwhile.",
        "The webhook endpoints at {subject} are enabled again.",
        "/tasks/reconcile-stripe",
        again=6 * HOUR,
    ),
    "push": Kind(
        "Pushing through {subject} fails by our fault ({why}).",
        "Look at its settings and its account.",
        "Pushing through {subject} works again.",
        PUSHES,
        again=HOUR,
        short="Pushing through {subject} fails by our fault.",
    ),
    "push-brake": Kind(
        "{subject} says of {gone} devices that nobody is there, and took {accepted} messages: no device was marked.",
        "Look whether project and credentials are the right ones, then requeue the dead letters.",
        "{subject} is believed about devices again.",
        PUSHES,
        f"{PUSHES}/dead-letters",
        short="{subject} says of so many devices that nobody is there that it is not believed.",
    ),
}


class Cause(NamedTuple):
    """One thing that is wrong.

    Attributes:
        facts: what its kind's sentences name beside the subject: counts, ids, codes.
        since: since when; None for since it was first told of.
    """

    kind: str
    subject: str
    facts: Mapping[str, Any] = MappingProxyType({})
    since: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.subject}"

    @property
    def summary(self) -> str:
        return self._filled(KINDS[self.kind].wrong)

    @property
    def advice(self) -> str:
        return self._filled(KINDS[self.kind].advice)

    @property
    def again(self) -> timedelta:
        return KINDS[self.kind].again

    @property
    def page(self) -> str:
        kind = KINDS[self.kind]
        return self._filled(kind.alarm_page or kind.page)

    def _filled(self, text: str) -> str:
        return text.format(subject=self.subject, **self.facts)


def way(name: str) -> Way:
    """How a cause is told: by the queue, but not by one that is itself the trouble.

    Of `watch`, which empties the queue, whoever notices tells at once. Trouble of the queue is noted and logged only:
    told through itself it would make more of itself.
    """
    return {QUEUE: "note", WATCH: "direct"}.get(name.partition(":")[2], "queue")  # type: ignore[return-value]


def lasting(name: str) -> tuple[str, str]:
    """What is said of a cause that lasts: a sentence, a page."""
    kind, _, subject = name.partition(":")
    texts = KINDS[kind]
    return (texts.short or texts.wrong).format(subject=subject), texts.page.format(subject=subject)


def recovery(name: str) -> dict[str, str]:
    """What is said when a cause is over: its name, a sentence, a page."""
    kind, _, subject = name.partition(":")
    texts = KINDS[kind]
    return {"cause": name, "summary": texts.well.format(subject=subject), "page": texts.page.format(subject=subject)}
