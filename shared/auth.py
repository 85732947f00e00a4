"""Who may call: guards for routes. A guard says who calls, or raises the answer to give.

Those for people with tokens are in `shared.identity`.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NoReturn

from shared.errors import ForbiddenError, TooManyRequestsError, UnauthorizedError
from shared.limits import Permit
from shared.web import Caller

if TYPE_CHECKING:
    from shared.web import Call

FAILURES = 10  # wrong keys that one address may send ...
WINDOW = 60.0  # ... in this many seconds, before it is locked out for as long
REMEMBERED = 10_000  # addresses under lockout that one process keeps in mind

_locked: OrderedDict[str, float] = OrderedDict()


async def anyone(call: "Call") -> None:
    """No key: the route checks what it gets by itself (a signature), or has nothing to hide."""


async def the_cloud(call: "Call") -> None:
    """Nobody but the cloud itself: a direct invocation, by what the function's permissions name.

    Raises:
        ForbiddenError: it came over HTTP.
    """
    if not call.request.trusted:
        raise ForbiddenError("This path is for direct invocations by the cloud.")


async def service_key(call: "Call") -> Caller:
    """One of the active service keys, or the cloud's own identity.

    Raises:
        UnauthorizedError: no key, or a wrong one.
        TooManyRequestsError: too many wrong ones from this address.
    """
    if call.request.trusted:
        return Caller("the cloud's own identity")
    key = bearer(call)
    if not known(key, call):
        await failed(call)
    return holder(key)


def holder(key: str) -> Caller:
    """Who has a service key: which one it is, not the key."""
    return Caller(f"service key {hashlib.sha256(key.encode()).hexdigest()[:8]}")


async def scheduler(call: "Call") -> None:
    """A service key, or Cloud Scheduler's OIDC token."""
    if call.request.trusted or known(token := bearer(call), call):
        return
    refuse_locked(call.request.remote)
    if not await _oidc(token, call):
        await failed(call)


def bearer(call: "Call") -> str:
    """The token of the Authorization header."""
    kind, _, token = call.request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise UnauthorizedError("This path wants `Authorization: Bearer <key or token>`.")
    return token.strip()


def known(token: str, call: "Call") -> bool:
    """Compare with every active key, always all of them, in constant time."""
    keys = [key.get_secret_value().encode() for key in call.resources.settings.service_keys]
    return any([hmac.compare_digest(token.encode(), key) for key in keys])  # noqa: C419 - all are compared


async def failed(call: "Call", sentence: str = "The key is not known. Send one of SERVICE_KEYS.") -> NoReturn:
    """Count a wrong key or token and answer it.

    Wrong keys lock out wrong keys: a right one still opens, so that nobody who shares an address with the scheduler can
    stop it by guessing. A key is too long to be guessed in any number of tries.
    """
    remote = call.request.remote
    refuse_locked(remote)
    [wait] = await call.resources.limiter.reserve([[Permit(f"auth:{remote}", FAILURES, WINDOW)]])
    if wait > 0:
        lock(remote, wait)
        refuse_locked(remote)
    raise UnauthorizedError(sentence)


def lock(remote: str, seconds: float) -> None:
    _locked[remote] = time.monotonic() + seconds
    while len(_locked) > REMEMBERED:
        _locked.popitem(last=False)


def refuse_locked(remote: str) -> None:
    """Turn an address away that has sent too many wrong keys."""
    left = _locked.get(remote, 0.0) - time.monotonic()
    if left > 0:
        raise TooManyRequestsError("Too many wrong keys from this address.", retry_after=int(left) + 1)
    _locked.pop(remote, None)


async def _oidc(token: str, call: "Call") -> bool:
    settings = call.resources.settings
    if settings.oidc_audience is None or token.count(".") != 2:  # noqa: PLR2004 - a JWT has three parts
        return False
    from shared.tokens import verify_oidc  # noqa: PLC0415 - PyJWT costs what most calls need not pay

    try:
        await verify_oidc(token, call.resources)
    except ForbiddenError:
        return False
    return True
