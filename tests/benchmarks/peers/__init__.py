"""The other queues, each in its own documented best configuration."""

from tests.benchmarks.systems import System

PEERS = (
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
