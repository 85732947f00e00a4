"""Whatever happens in whatever order: nothing is lost, stuck, sent twice unmarked, or out of order (section 2)."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from infra.migrations.queues import QUEUES, REPLIES, Queue
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from tests.integration.queue.desk import SPENT, Desk, Lease, connect

T = TypeVar("T")
CHATS = st.integers(1, 3)
WORKERS = st.integers(1, 3)
FATES = st.sampled_from(["done", "retry", "snooze", "dead", "down", "unknown", "release"])
LEASE = 60.0  # seconds

UNREACHABLE = """
    select h.id from {table} h
    where h.held and not exists (
        select from {table} l
        where l.{lane} = h.{lane} and l.status in ('pending', 'processing') and not l.held
          and (l.status = 'processing' or (l.{order}, l.id) < (h.{order}, h.id)))
"""
BEFORE = """
    select e.id from {table} e join {table} r on r.{lane} = e.{lane} and r.id <> e.id
    where r.id = %s and e.status in ('pending', 'processing')
      and (e.status = 'processing' or (e.{order}, e.id) < (r.{order}, r.id))
"""


class Life(RuleBasedStateMachine):
    """One queue, three workers, and a clock that only moves forward."""

    desk: Desk
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(type(self).desk.conn, type(self).desk.queue)
        self.ids: list[UUID] = []
        self.finished: dict[UUID, str] = {}
        self.leases: dict[int, list[Lease]] = {}
        self.run(self.forget())

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    async def forget(self) -> None:
        await self.rows("delete from {table} returning id")
        await self.rows(
            "update queues set failures = 0, opened_at = null, probe_at = null, probe_wait = default, "
            "last_success_at = null, hot_lanes = '{{}}', hot_until = null returning name"
        )

    async def live(self) -> list[dict[str, Any]]:
        rows = await self.rows("select * from {table} where status in ('pending', 'processing') order by id")
        return list(rows)

    async def rows(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        queue = self.desk.queue
        text = statement.format(table=queue.table, lane=queue.lane, order=queue.lane_order)
        return await (await self.desk.conn.execute(text, params)).fetchall()

    @rule(chat=CHATS, due=st.sampled_from([-600, -60, -1, 0, 1, 30, 90, 7200]))
    def enqueue(self, chat: int, due: float) -> None:
        self.ids.append(self.run(self.desk.add(due=due, lane=chat)))

    @rule(chat=CHATS)
    def enqueue_before_all_others(self, chat: int) -> None:
        self.ids.append(self.run(self.desk.add(due=-3600, lane=chat)))

    @rule(worker=WORKERS, limit=st.integers(1, 5))
    def claim(self, worker: int, limit: int) -> None:
        before = {row["id"]: row for row in self.run(self.live())}
        predecessors = self.run(self.predecessors())
        lease = self.run(self.desk.claim(limit, LEASE))
        assert len(lease.ids) <= limit
        for row in lease.ids:
            assert self.due(before[row]) <= self.desk.now
            if before[row]["status"] == "pending":
                # Somebody before it may have died of this very claim (no attempt left, too late), and only so.
                assert set(self.run(self.statuses(predecessors[row]))) <= {self.desk.queue.dead}
            else:
                assert self.run(self.desk.row(row))["possible_duplicate"]
        self.leases.setdefault(worker, []).append(lease)

    def due(self, row: dict[str, Any]) -> datetime:
        """When a row may be taken, also one that was put aside: the claim that ends its predecessor may take it."""
        if row["status"] == "processing":
            at: datetime = row["locked_until"]
        else:
            at = row[self.desk.queue.next] or row["scheduled_at" if self.desk.queue.lane else "created_at"]
        return at

    async def predecessors(self) -> dict[UUID, list[UUID]]:
        if self.desk.queue.lane is None:
            return {row["id"]: [] for row in await self.live()}
        return {row["id"]: [e["id"] for e in await self.rows(BEFORE, row["id"])] for row in await self.live()}

    async def statuses(self, ids: list[UUID]) -> list[str]:
        return await self.desk.status(*ids)

    @precondition(lambda self: any(self.leases.values()))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(sorted(worker for worker, held in self.leases.items() if held)))
        lease = self.leases[worker].pop(data.draw(st.integers(0, len(self.leases[worker]) - 1)))
        fates = [(row, self.fate(data.draw(FATES))) for row in lease.ids]
        ours = {row["id"] for row in self.run(self.live()) if row["locked_by"] == lease.token}
        answer = self.run(self.desk.settle(lease.token, *fates))
        assert answer["settled"] == len(ours)
        self.finished |= {row: self.desk.queue.done for row, fate in fates if row in ours and fate == Done()}

    def fate(self, name: str) -> Fate | None:
        fates: dict[str, Fate | None] = {
            "done": Done(),
            "retry": Retry("busy"),
            "snooze": Snooze(self.desk.now + timedelta(seconds=5), "wait"),
            "dead": Dead("refused"),
            "down": Down("503"),
            "unknown": Unknown("no answer"),
            "release": None,
        }
        return fates[name]

    @precondition(lambda self: any(self.leases.values()))
    @rule(worker=WORKERS)
    def crash(self, worker: int) -> None:
        self.leases[worker] = []

    @rule(seconds=st.sampled_from([0.5, 3, 61, 150, 1200, 7200, 50_000]))
    def time_passes(self, seconds: float) -> None:
        self.desk.later(seconds=seconds)

    @precondition(lambda self: self.ids and self.desk.queue.lane)
    @rule(data=st.data())
    def put_aside_what_a_claim_saw_a_moment_ago(self, data: st.DataObject) -> None:
        waiting = [row["id"] for row in self.run(self.live()) if row["status"] == "pending"]
        if waiting:
            self.run(self.desk.park(*data.draw(st.lists(st.sampled_from(waiting), min_size=1, unique=True))))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        self.run(self.desk.call("discard", [data.draw(st.sampled_from(self.ids))], "ann", self.desk.now))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def requeue(self, data: st.DataObject) -> None:
        self.run(self.desk.call("requeue", [data.draw(st.sampled_from(self.ids))], "ann", self.desk.now))

    @invariant()
    def no_chat_has_two_in_flight(self) -> None:
        if self.desk.queue.lane:
            assert not self.run(
                self.rows("select {lane} from {table} where status = 'processing' group by 1 having count(*) > 1")
            )

    @invariant()
    def nobody_waits_for_nobody(self) -> None:
        if self.desk.queue.lane:
            assert not self.run(self.rows(UNREACHABLE))

    @invariant()
    def what_is_delivered_stays_delivered(self) -> None:
        assert self.run(self.statuses(list(self.finished))) == list(self.finished.values())

    @invariant()
    def no_row_is_lost_and_none_has_more_attempts_than_it_may(self) -> None:
        attempts = [row[self.desk.queue.attempts] for row in self.run(self.rows("select * from {table}"))]
        limit = SPENT[self.desk.table] + (1 if self.desk.queue.counts_success else 0)
        assert len(attempts) == len(self.ids)
        assert all(number <= limit for number in attempts)

    def teardown(self) -> None:
        """With a provider that works, everything goes out in the end."""
        for _ in range(10 * len(self.ids) + 10):
            wake = next(iter(self.run(self.desk.call("next_wake"))[0].values()))
            if wake is None:
                break
            self.desk.now = max(self.desk.now, wake)
            lease = self.run(self.desk.claim(50, LEASE))
            self.run(self.desk.settle(lease.token, *((row, Done()) for row in lease.ids)))
        assert self.run(self.live()) == []
        super().teardown()


@pytest.mark.timeout(600)  # a failure takes long to be made small
@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.table)
def test_whatever_happens_in_whatever_order(database_url: str, queue: Queue) -> None:
    live(database_url, queue)


@pytest.mark.timeout(600)
def test_whatever_happens_where_two_replies_make_a_hot_chat(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        for function in ("hot_lanes_pending_responses", "claim_pending_responses"):
            for (text,) in conn.execute("select pg_get_functiondef(to_regproc(%s))", [f"nightshift.{function}"]):
                assert ">= 32" in text
                conn.execute(text.replace(">= 32", ">= 2"))
    live(database_url, REPLIES)


def live(database_url: str, queue: Queue) -> None:
    with asyncio.Runner() as runner:
        conn = runner.run(connect(database_url))

        class ThisLife(Life):
            desk = Desk(conn, queue)

        ThisLife.runner = runner
        run_state_machine_as_test(
            ThisLife,
            settings=settings(
                max_examples=60 if queue.lane else 15,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(conn.close())
