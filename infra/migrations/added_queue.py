"""A queue that came after the first three: the same life cycle, by all the texts that those went through."""

from collections.abc import Sequence

from infra.migrations.queues import Queue
from infra.migrations.render import run

STEPS = (
    "0002_queue_life_cycle.up.sql",
    "0006_fast_claims.up.sql",
    "0006_wake_at.up.sql",
    "0005_recall.sql",
    "0007_ring.sql",
    "0007_ring_requeued.sql",
)


def add(queue: Queue, before: Sequence[Queue]) -> None:
    """Give a table with its own columns the life cycle, and put it beside the queues that there are."""
    for step in STEPS:
        run(step, queue=queue)
    run("0016_alike.sql", queue=queue, grouped=True)
    over((*before, queue))


def take_away(queue: Queue, before: Sequence[Queue]) -> None:
    """Undo `add`, and the table with it."""
    over(before)
    run("0020_queue.down.sql", queue=queue)


def over(queues: Sequence[Queue]) -> None:
    """What is told and done over all queues at once."""
    run("0005_views.sql", queues=queues, indexed_by_wake=False)
    run("0006_due_rows.up.sql", queues=queues)
    run("0002_why_any.sql", queues=queues)
    run("0005_acts.sql", queues=queues)
