"""Becoming anon, a user or service_role for one transaction, as PostgREST does it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.sql import SQL, Identifier

from tests.integration.schema.player_rows import Sync


@contextmanager
def acting(url: str, role: str, user: str | None = None) -> Iterator[Sync]:
    """A transaction of this role with this user's claims, rolled back at its end.

    Foreign keys are not looked at: what is tried here is who may, not what fits.
    """
    with psycopg.connect(url) as conn:
        conn.execute("set local session_replication_role = replica")
        become(conn, role, user)
        yield conn
        conn.rollback()


def become(conn: Sync, role: str, user: str | None = None) -> None:
    """Take on a role for the rest of the transaction."""
    conn.execute(SQL("set local role {}").format(Identifier(role)))
    claims = json.dumps({"role": role, "aud": role} | ({"sub": user} if user else {}))
    conn.execute("select set_config('request.jwt.claims', %s, true)", [claims])
