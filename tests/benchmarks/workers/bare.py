"""The raw limit: what PostgreSQL itself can do for the same work, with nothing of ours around it."""

import importlib.metadata
import json
import sys
import time

import psycopg

TABLE = """
create table bare (
    id bigint generated always as identity primary key, recipient text not null, subject text not null,
    body text not null, due_at timestamptz not null, status text not null default 'pending',
    attempts smallint not null default 0, locked_by uuid, locked_until timestamptz, finished_at timestamptz,
    history jsonb not null default '[]') with (fillfactor = 80);
create index bare_due on bare (due_at, id) where status <> 'done';
"""
FILL = """
insert into bare (recipient, subject, body, due_at)
select 'user' || n || '@example.org', 'Subject ' || n, 'A text of some forty characters, number ' || n,
       now() - interval '1 hour' + n * interval '1 millisecond'
from generate_series(1, %s) n
"""
ENTRY = "jsonb_build_object('at', now(), 'fate', 'done', 'run', %(run)s::uuid, 'ms', 0)"
FUSED = f"""
with due as materialized (
    select id from bare where status = 'pending' and status <> 'done' and due_at <= now()
    order by due_at, id limit %(batch)s for update skip locked)
update bare b set status = 'done', attempts = attempts + 1, finished_at = now(), history = b.history || {ENTRY}
from due where b.id = due.id returning b.*
"""  # noqa: S608 - both parts are constants
CLAIM = """
with due as materialized (
    select id from bare where status <> 'done' and due_at <= now() and (status = 'pending' or locked_until < now())
    order by due_at, id limit %(batch)s for update skip locked)
update bare b set status = 'processing', locked_by = %(run)s, locked_until = now() + interval '1 minute'
from due where b.id = due.id returning b.*
"""
SETTLE = f"""
update bare b set status = 'done', attempts = attempts + 1, finished_at = now(), locked_by = null, locked_until = null,
    history = b.history || {ENTRY}
where id = any (%(ids)s) and locked_by = %(run)s and status = 'processing'
"""  # noqa: S608 - both parts are constants
RUN = "018f0000-0000-7000-8000-000000000000"


def drain(connection: psycopg.Connection, batch: int, way: str) -> int:
    """Take batch after batch until none is due; how many rows came."""
    handled = 0
    values = {"batch": batch, "run": RUN}
    while rows := connection.execute(FUSED if way == "fused" else CLAIM, values, prepare=True).fetchall():
        handled += len(rows)
        if way == "leased":
            connection.execute(SETTLE, {"run": RUN, "ids": [row[0] for row in rows]}, prepare=True)
    return handled


def main(action: str, url: str, rows: str, batch: str, way: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if action == "fill":
            connection.execute(TABLE)
            connection.execute(FILL, [int(rows)])
            return
        started = time.perf_counter()
        handled = drain(connection, int(batch), way)
        seconds = time.perf_counter() - started
    version = f"psycopg {importlib.metadata.version('psycopg')}"
    print(json.dumps({"seconds": seconds, "handled": handled, "version": version}))


if __name__ == "__main__":
    main(*sys.argv[1:])
