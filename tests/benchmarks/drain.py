"""The case "drain, no-op": due rows, one process, a handler that does nothing, history and attempts recorded."""

from tests.benchmarks.systems import System

TITLE = "Drain, no-op"
ROWS = 20_000
BATCHES = (50, 200, 500, 1000)

OUR_HISTORY = "yes, every attempt on the row"
OUR_LEASE = "yes, with a fencing token"
ONCE = "attempts = 1 and jsonb_array_length(history) = 1"
BARE_DONE = f"select count(*) from bare where status = 'done' and {ONCE}"  # noqa: S608 - constants
EMAILS_SENT = f"select count(*) from email_queue where status = 'sent' and {ONCE}"  # noqa: S608
NIGHTSHIFT = "shared.queue.drain, one invocation"

SYSTEMS = (
    System(
        name="bare SQL, one statement",
        kind="limit",
        worker="bare",
        arguments=("fused",),
        check=BARE_DONE,
        history="yes, every attempt on the row",
        lease="no: claimed and settled before a handler could run",
        attempts="yes",
        setup="claim (SKIP LOCKED), settle and history of a batch in one prepared autocommit statement, psycopg",
    ),
    System(
        name="bare SQL, lease then settle",
        kind="limit",
        worker="bare",
        arguments=("leased",),
        check=BARE_DONE,
        history="yes, every attempt on the row",
        lease="yes, with a token",
        attempts="yes",
        setup="the same work in two prepared statements, each committed, one after another",
    ),
    System(
        name="Nightshift, emails",
        kind="ours",
        worker="nightshift",
        arguments=("emails",),
        check=EMAILS_SENT,
        history=OUR_HISTORY,
        lease=OUR_LEASE,
        attempts="yes",
        setup=f"{NIGHTSHIFT}, no limit asked",
    ),
    System(
        name="Nightshift, emails, limits on",
        kind="ours",
        worker="nightshift",
        arguments=("emails", "limited"),
        check=EMAILS_SENT,
        history=OUR_HISTORY,
        lease=OUR_LEASE,
        attempts="yes",
        setup=f"{NIGHTSHIFT}; each row takes its two permits (all, recipient) in PostgreSQL, none binds",
        batches=(50,),
        most=2000,
    ),
    System(
        name="Nightshift, replies",
        kind="ours",
        worker="nightshift",
        arguments=("replies",),
        check="select count(*) from pending_responses where status = 'delivered' and jsonb_array_length(history) = 1",
        history=OUR_HISTORY,
        lease=f"{OUR_LEASE}; order kept within each chat",
        attempts="yes",
        setup=f"{NIGHTSHIFT}, every row of another chat, no limit asked",
    ),
    System(
        name="graphile-worker",
        kind="npm",
        worker="graphile_worker.mjs",
        check="select %(rows)s - count(*) from graphile_worker._private_jobs",
        history="no, a finished job is deleted",
        lease="4 hours",
        attempts="yes",
        setup="its performance page: 24 jobs at once, localQueue of the batch, batched completion; Node 22",
    ),
    System(
        name="pg-boss",
        kind="npm",
        worker="pg_boss.mjs",
        check="select count(*) from pgboss.job where state = 'completed'",
        history="the last state on the row, until its retention ends",
        lease="15 minutes",
        attempts="retries only",
        setup="fetch and complete by the batch, one after the other; Node 22",
    ),
    System(
        name="pgqueuer",
        kind="pypi",
        worker="with_pgqueuer.py",
        check="select count(*) from pgqueuer_log where status = 'successful'",
        history="yes, in its log table; the job is deleted",
        lease="30 s heartbeat",
        attempts="retries only",
        setup="PgQueuer in drain mode, one asyncpg connection as in its quick start, uvloop",
    ),
    System(
        name="procrastinate",
        kind="pypi",
        worker="with_procrastinate.py",
        check="select count(*) from procrastinate_jobs where status = 'succeeded' and attempts = 1",
        history="yes, in its events table; the job is kept",
        lease="worker heartbeat, stalled jobs are found by a task of the user's",
        attempts="yes",
        setup="one worker, as many jobs at once as the batch (it fetches them one by one), psycopg pool, uvloop",
        batches=(50,),
        most=5000,
    ),
)
