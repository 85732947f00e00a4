"""`token`: sign somebody in who has no other way, such as a player of the sample data."""

import asyncio
import sys
import time
from typing import Annotated, Any
from uuid import UUID

import typer

from infra.commands.output import told
from infra.commands.target import Target, target
from shared import settings, sql
from shared.errors import ConfigurationError, NotFoundError
from shared.identity import ADMIN

SQL = sql.beside(__file__, "token.sql")
HOUR = 3600  # seconds
Who = Annotated[str, typer.Argument(help="A user's id, or their username, such as mira of the sample data.")]
Admin = Annotated[bool, typer.Option("--admin", help="With the role of an admin.")]
Hours = Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How long it holds.")]
Link = Annotated[bool, typer.Option("--link", help="Print the portal's address that signs them in.")]


@told
def token(who: Who, admin: Admin = False, hours: Hours = 8, link: Link = False) -> None:  # noqa: FBT002 - flags
    """Print a token, signed by JWT_SECRET, with which the functions take its holder for this user."""
    here = target()
    signed = sign(here, identified(here, who), hours, {"user_role": ADMIN} if admin else {})
    sys.stdout.write((f"{here.base_url}/portal#token={signed}" if link else signed) + "\n")


def identified(here: Target, who: str) -> UUID:
    """The user of an id, which nobody looks up, or of a username.

    Raises:
        NotFoundError: no user has that username.
    """
    try:
        return UUID(who)
    except ValueError:
        return asyncio.run(named(here.database_url, who))


async def named(url: str, name: str) -> UUID:
    from shared.db import Database  # noqa: PLC0415 - an id needs no database

    db = Database(url)
    row = await db.row(SQL.by_username, name=name, repeatable=True)
    await db.close()
    if row is None:
        raise NotFoundError(f"No user has the username {name!r}. Give one that there is, or an id.")
    return UUID(str(row["id"]))


def sign(here: Target, user: UUID, hours: float, more: dict[str, Any]) -> str:
    """A token of a user.

    Raises:
        ConfigurationError: there is no secret to sign with.
    """
    import jwt  # noqa: PLC0415 - for this command only

    given = settings.load(here.env)
    if given.jwt_secret is None:
        raise ConfigurationError("JWT_SECRET is not set. Tokens by the keys of JWKS_URL are given out by their issuer.")
    now = int(time.time())
    claims = {"sub": str(user), "aud": given.jwt_audience, "role": "authenticated", "iat": now, **more}
    return jwt.encode({**claims, "exp": now + int(hours * HOUR)}, given.jwt_secret.get_secret_value(), "HS256")
