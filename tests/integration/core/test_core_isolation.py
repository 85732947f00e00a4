"""How isolated a transaction is (seed 002, AC-T12.5)."""

import pytest
from psycopg import IsolationLevel
from psycopg.sql import SQL, Identifier

from shared.db import Database, Transaction
from shared.transactions import atomic, transaction
from tests.nightshift import Connection

LEVEL = b"select current_setting('transaction_isolation') as level"


@pytest.mark.parametrize("isolation", [*IsolationLevel])
async def test_ac_t12_5_how_isolated_it_is_can_be_chosen(db: Database, isolation: IsolationLevel) -> None:
    """AC-T12.5."""

    @atomic(isolation=isolation)
    async def level(session: Transaction) -> str:
        return str((await session.row(LEVEL) or {})["level"])

    assert await level(db) == isolation.name.lower().replace("_", " ")


async def test_ac_t12_5_read_committed_where_nothing_is_chosen(db: Database, conn: Connection) -> None:
    """AC-T12.5: whatever the server's default is, and whatever the connection was used for before."""
    name = Identifier(conn.info.dbname)
    await conn.execute(SQL("alter database {} set default_transaction_isolation = 'serializable'").format(name))
    async with transaction(db, IsolationLevel.REPEATABLE_READ):
        pass
    async with transaction(db) as session:
        assert await session.row(LEVEL) == {"level": "read committed"}
    async with db.transaction() as session:
        assert await session.row(LEVEL) == {"level": "read committed"}


async def test_ac_t12_5_a_part_is_no_more_isolated_than_the_whole(db: Database) -> None:
    """AC-T12.5: it cannot be; no less is fine."""
    serializable = atomic(isolation=IsolationLevel.SERIALIZABLE)

    @serializable
    async def strict(session: Transaction) -> None:
        await both_levels(session)

    @atomic
    async def both_levels(_session: Transaction) -> str:
        return "fine"

    await strict(db)
    with pytest.raises(ValueError, match="SERIALIZABLE"):
        async with transaction(db) as session:
            await strict(session)
