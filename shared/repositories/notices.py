"""What providers told of mails that were sent, and what follows from it: an address that gets none any more."""

from shared import sql
from shared.db import Database
from shared.log import log, masked
from shared.providers.notice import Notice

SQL = sql.beside(__file__, "notices.sql")


async def take(db: Database, notice: Notice) -> str:
    """Remember a notice and suppress whom it is a reason for, in one statement. Safe to repeat.

    Returns:
        `suppressed`: its addresses get no more mail; `recorded`: they still do; `duplicate`: it was told before.
    """
    row = await db.row(
        SQL.take,
        repeatable=True,
        provider=notice.provider,
        id=notice.id,
        kind=notice.kind,
        message_id=notice.message_id,
        at=notice.at,
        raw=notice.raw,
        reason=notice.reason,
        addresses=list(notice.addresses) if notice.reason else [],
    )
    verdict = "duplicate" if row is None else "suppressed" if notice.reason and notice.addresses else "recorded"
    whom = [masked(address) for address in notice.addresses]
    log.info("mail event", provider=notice.provider, event=notice.id, event_type=notice.kind, verdict=verdict, to=whom)
    return verdict


async def known(db: Database, notice: Notice) -> bool:
    """Whether a notice was told before."""
    return await db.row(SQL.known, repeatable=True, provider=notice.provider, id=notice.id) is not None
