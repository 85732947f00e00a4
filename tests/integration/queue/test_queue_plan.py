"""What a claim costs beside very many rows that it does not want (spec, section 2; measured by the server itself)."""

import json
import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from psycopg import sql as pg

from infra.migrations.queues import PUSHES
from shared.outcome import Done, Retry
from tests.integration.queue.desk import REPLIES, Desk

OTHERS = 20_000  # rows, half of them later and half of them finished


async def crowd(desk: Desk) -> None:
    """Fill the table with rows that no claim may want."""
    columns: dict[str, tuple[str, str]] = {
        "pending_responses": ("user_id, telegram_chat_id, response_text, scheduled_at", "%(owner)s, n, 't', %(at)s"),
        "email_queue": ("to_email, subject, text, created_at", "n || '@example.org', 's', 't', %(at)s"),
        "webhook_retry_queue": (
            "webhook_type, webhook_event_id, payload, next_retry_at",
            "'s', 'e' || n, '{}', %(at)s",
        ),
        "alert_queue": ("kind, cause, summary, target, created_at", "'alarm', 'c' || n, 's', 't', %(at)s"),
        "push_queue": (
            "user_id, device_id, title, body, created_at",
            "%(owner)s, (select id from user_devices limit 1), 't', 'b', %(at)s",
        ),
    }
    names, values = columns[desk.table]
    if desk.queue in (REPLIES, PUSHES):
        await desk.add(due=1)
    at = "case when n %% 2 = 0 then %(at)s end"
    statement = f"""insert into {desk.table} ({names}, status, {desk.queue.done_at}, finished_at)
        select {values}, case when n %% 2 = 0 then '{desk.queue.done}' else 'pending' end,
               {at}, {at} from generate_series(1, {OTHERS}) n"""  # noqa: S608 - our own names
    values_given = {"owner": desk.owner, "at": desk.now + timedelta(hours=1)}
    await desk.conn.execute(statement, values_given)
    await desk.conn.execute(pg.SQL("vacuum analyze {}").format(pg.Identifier(desk.table)))


async def plans(desk: Desk, act: Awaitable[Any]) -> list[dict[str, Any]]:
    """The plans of every statement within a call, as executed, but of those that it calls itself by."""
    await desk.conn.execute("load 'auto_explain'")
    texts: list[str] = []
    desk.conn.add_notice_handler(lambda notice: texts.append(notice.message_primary or ""))
    async with desk.conn.transaction():
        for setting, value in {
            "log_min_duration": "0",
            "log_nested_statements": "on",
            "log_analyze": "on",
            "log_format": "json",
            "log_level": "notice",
        }.items():
            await desk.conn.execute("select set_config(%s, %s, true)", [f"auto_explain.{setting}", value])
        await act
    found = [re.search(r"plan:\s*(\{.*)", text, re.DOTALL) for text in texts]
    return [json.loads(match[1]) for match in found if match]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """A plan's nodes, each child after its parent."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


async def window(desk: Desk) -> list[dict[str, Any]]:
    """The nodes of the query that looks for due rows."""
    [found] = [plan for plan in await plans(desk, desk.claim(50)) if "for update skip locked" in plan["Query Text"]]
    return nodes(found["Plan"])


def on_the_table(desk: Desk, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scans of the queue's table in these plans."""
    return [node for plan in found for node in nodes(plan["Plan"]) if node.get("Relation Name") == desk.table]


async def test_a_claim_walks_the_index_of_due_rows_without_sort_or_scan(desk: Desk) -> None:
    await crowd(desk)
    for _ in range(60):
        await desk.add()
    looked = await window(desk)
    scans = {node["Index Name"] for node in looked if "Index Name" in node}
    assert f"{desk.table}_due" in scans
    assert not [node["Node Type"] for node in looked if node["Node Type"] == "Seq Scan"]
    assert not [n for n in looked if n["Node Type"] == "Sort" and n["Plans"][0]["Node Type"] != "Subquery Scan"]


async def test_a_claim_reads_the_rows_that_it_takes_and_no_others(desk: Desk) -> None:
    await crowd(desk)
    for _ in range(60):
        await desk.add()
    [scan] = [node for node in await window(desk) if node.get("Index Name") == f"{desk.table}_due"]
    assert scan["Actual Rows"] == 50
    assert scan.get("Rows Removed by Filter", 0) == 0


async def test_an_idle_claim_reads_nothing(desk: Desk) -> None:
    await crowd(desk)
    async with desk.conn.transaction():
        await desk.claim()
        counted = await desk.one(
            "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as n from pg_stat_xact_user_tables "
            "where relname = %s",
            [desk.table],
        )
    assert counted["n"] == 0


async def test_a_settle_finds_its_rows_by_their_ids(desk: Desk) -> None:
    await crowd(desk)
    rows = [await desk.add() for _ in range(50)]
    lease = await desk.claim()
    async with desk.conn.transaction():
        await desk.settle(lease.token, *((row, None) for row in rows))
        counted = await desk.one(
            "select seq_tup_read as n from pg_stat_xact_user_tables where relname = %s", [desk.table]
        )
    assert counted["n"] == 0


async def test_a_settle_looks_its_rows_up_and_sorts_nothing(desk: Desk) -> None:
    await crowd(desk)
    rows = [await desk.add() for _ in range(50)]
    lease = await desk.claim()
    fates = [(row, Done() if number % 2 else Retry("w")) for number, row in enumerate(rows)]
    found = await plans(desk, desk.settle(lease.token, *fates))
    on_it = [nodes(plan["Plan"]) for plan in found if on_the_table(desk, [plan])]
    assert {node["Node Type"] for node in on_the_table(desk, found)} <= {"Index Scan", "Index Only Scan", "ModifyTable"}
    assert "Sort" not in {node["Node Type"] for plan in on_it for node in plan} - lanes(desk)


async def test_nothing_of_a_claim_or_a_settlement_is_compiled(desk: Desk) -> None:
    """What a function forbids its plans costs so much before PostgreSQL 18 that the server might compile them (JIT)."""
    await crowd(desk)
    rows = [await desk.add() for _ in range(50)]
    lease = await desk.claim()
    fates = [(row, Done() if number % 2 else Retry("w")) for number, row in enumerate(rows)]
    found = await plans(desk, desk.settle(lease.token, *fates)) + await plans(desk, desk.claim(50))
    assert found
    assert [plan["Query Text"] for plan in found if "JIT" in plan] == []


async def test_a_claim_takes_rows_by_their_places(desk: Desk) -> None:
    await crowd(desk)
    for _ in range(60):
        await desk.add()
    [update] = [plan for plan in await plans(desk, desk.claim(50)) if f"update {desk.table}" in plan["Query Text"]]
    assert [node["Node Type"] for node in nodes(update["Plan"])] == ["ModifyTable", "Tid Scan"]


async def test_a_claim_writes_no_index_but_that_of_chats_in_flight(desk: Desk) -> None:
    for _ in range(5):
        await desk.add()
    async with desk.conn.transaction():
        before = await hot(desk)
        await desk.claim()
        assert await hot(desk) - before == (0 if desk.queue.lane else 5)


async def test_the_next_wake_is_found_by_index(desk: Desk) -> None:
    await crowd(desk)
    await desk.add(due=60)
    found = on_the_table(desk, await plans(desk, desk.call("next_wake", desk.now)))
    assert found
    assert "Seq Scan" not in {node["Node Type"] for node in found}


async def hot(desk: Desk) -> int:
    """Rows of the table that this transaction has changed without a word to any index."""
    counted = await desk.one("select n_tup_hot_upd as n from pg_stat_xact_user_tables where relname = %s", [desk.table])
    return int(counted["n"])


def lanes(desk: Desk) -> set[str]:
    """What only the ordered queue needs: the chats of a settlement are told apart by sorting them."""
    return {"Sort"} if desk.queue.lane else set()
