"""How a queue stood over time, from the samples that are taken once a minute."""

from datetime import timedelta
from typing import Literal, get_args

from shared import sql
from shared.db import Row, Session

SQL = sql.beside(__file__, "samples.sql")
Period = Literal["1h", "24h", "7d"]
PERIODS: tuple[Period, ...] = get_args(Period)
LENGTHS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
STEPS = {"1h": timedelta(minutes=1), "24h": timedelta(minutes=30), "7d": timedelta(hours=3)}


async def series(db: Session, queue: str, period: Period) -> list[Row]:
    """The steps of a period, oldest first: the most that was live, due and dead in each, the sum of what left."""
    return await db.rows(SQL.series, queue=queue, period=LENGTHS[period], step=STEPS[period], repeatable=True)


async def rates(db: Session, queue: str) -> Row:
    """`done_per_minute` and `died_per_minute` over the last hour."""
    return await db.row(SQL.rates, queue=queue, repeatable=True) or {}
