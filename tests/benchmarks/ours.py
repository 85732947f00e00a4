"""Nightshift's own lines, and the raw limit beside them."""

from tests.benchmarks.systems import System

HISTORY = "yes, every attempt on the row"
LEASE = "yes, with a fencing token"
DEAD = "yes, with the reason, kept and requeued on demand"
ONCE = "attempts = 1 and jsonb_array_length(history) = 1"
BARE_DONE = f"select count(*) from bare where status = 'done' and {ONCE}"  # noqa: S608 - constants
NIGHTSHIFT = "shared.queue.drain, one invocation, on uvloop as on Google"

FUSED = System(
    name="bare SQL, one statement",
    kind="limit",
    worker="bare",
    arguments=("fused",),
    check=BARE_DONE,
    history=HISTORY,
    lease="no: claimed and settled before a handler could run",
    attempts="yes",
    dead="no",
    setup="claim (SKIP LOCKED), settle and history of a batch in one prepared autocommit statement, psycopg",
)
LEASED = System(
    name="bare SQL, lease then settle",
    kind="limit",
    worker="bare",
    arguments=("leased",),
    check=BARE_DONE,
    history=HISTORY,
    lease="yes, with a token",
    attempts="yes",
    dead="no",
    setup="the same work in two prepared statements, each committed, one after another",
)
WEBHOOKS = System(
    name="Nightshift, webhooks",
    kind="ours",
    worker="nightshift",
    arguments=("webhooks",),
    check=f"select count(*) from webhook_retry_queue where status = 'processed' and {ONCE}",  # noqa: S608
    history=HISTORY,
    lease=LEASE,
    attempts="yes",
    dead=DEAD,
    setup=f"{NIGHTSHIFT}; the queue without rate limits",
)
EMAILS = System(
    name="Nightshift, emails",
    kind="ours",
    worker="nightshift",
    arguments=("emails",),
    check=f"select count(*) from email_queue where status = 'sent' and {ONCE}",  # noqa: S608
    history=HISTORY,
    lease=LEASE,
    attempts="yes",
    dead=DEAD,
    setup=(
        f"{NIGHTSHIFT}; each row takes its two permits (all, recipient) in Redis, none binds; each claim asks the "
        "suppression list"
    ),
    redis=True,
)
REPLIES = System(
    name="Nightshift, replies",
    kind="ours",
    worker="nightshift",
    arguments=("replies",),
    check="select count(*) from pending_responses where status = 'delivered' and jsonb_array_length(history) = 1",
    history=HISTORY,
    lease=f"{LEASE}; order kept within each chat",
    attempts="yes",
    dead=DEAD,
    setup=f"{NIGHTSHIFT}; each row takes its two permits (bot, chat) in Redis, none binds; every row of another chat",
    redis=True,
)
LIMITS = (FUSED, LEASED)
OURS = (WEBHOOKS, EMAILS, REPLIES)
