"""Guards for people: players with their token, admins with theirs or with a service key."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared import auth
from shared.errors import ForbiddenError
from shared.web import Caller

if TYPE_CHECKING:
    from shared.web import Call

ADMIN = "admin"  # the value of `user_role`, a claim that the access token hook writes
REFUSED = "The token is not accepted. Sign in again."


async def user(call: "Call") -> Caller:
    """Somebody with a user's token; `call.user` is their id.

    Raises:
        UnauthorizedError: no token, or one that is not accepted.
        TooManyRequestsError: too many of these from this address.
        UnavailableError: the keys to check it with cannot be had.
    """
    return player(await claims_of(auth.bearer(call), call))


async def admin(call: "Call") -> Caller:
    """Somebody with a service key, or with the token of a user whose role is admin.

    Raises:
        ForbiddenError: a user who is no admin.
        UnauthorizedError, TooManyRequestsError, UnavailableError: as of the others.
    """
    if call.request.trusted or auth.known(auth.bearer(call), call):
        return await auth.service_key(call)
    return administrator(await claims_of(auth.bearer(call), call))


async def claims_of(token: str, call: "Call") -> dict[str, Any]:
    """The claims of a user's token; a refused one is counted like a wrong key."""
    from shared.tokens import verify_user  # noqa: PLC0415 - a service key needs none of it

    try:
        claims = await verify_user(token, call.resources)
        UUID(claims["sub"])
    except (ForbiddenError, ValueError):
        await auth.failed(call, REFUSED)
    return claims


def player(claims: dict[str, Any]) -> Caller:
    identifier = UUID(claims["sub"])
    return Caller(f"user {identifier}", identifier)


def administrator(claims: dict[str, Any]) -> Caller:
    """The caller of an admin's claims.

    Raises:
        ForbiddenError: the claims are a player's.
    """
    if claims.get("user_role") != ADMIN:
        raise ForbiddenError("This is for admins: the token needs the role `admin`.")
    caller = player(claims)
    return Caller(f"admin {caller.user}", caller.user)
