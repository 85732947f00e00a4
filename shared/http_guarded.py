"""An HTTP client for addresses that were given to us: every address of a name is looked at, and connected to as it is.

A name is resolved once for a connection, so that it cannot stand for one address when it is looked at and for another
when it is connected to. TLS and the Host header still go by the name. Redirects are not followed.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

import httpx

from shared.addresses import permitted
from shared.http import Client
from shared.http_connection import Connection
from shared.http_pool import Origin, Pool

CONNECTIONS = 10  # requests under way at most
CONNECT = 3.0  # seconds to resolve a name and reach one of its addresses
Resolve = Callable[[str, int], Awaitable[list[str]]]


class BarredError(httpx.ConnectError):
    """The host has an address that nobody outside has: nothing was sent."""


def client(*, private: bool, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """A client that reaches public addresses only.

    Args:
        private: whether our own machine and network may be reached as well.
        resolve: the addresses of a host and port; the system's resolver by default.
        tls: whom to trust, where that is not the public authorities.
    """
    pool = GuardedPool(CONNECTIONS, tls, private=private, resolve=resolve or system)
    return Client(transport=pool, timeout=httpx.Timeout(10.0, connect=CONNECT), follow_redirects=False, trust_env=False)


class GuardedPool(Pool):
    def __init__(self, connections: int, tls: ssl.SSLContext | None, *, private: bool, resolve: Resolve) -> None:
        super().__init__(connections, tls)
        self.private, self.resolve = private, resolve

    async def connect(self, origin: Origin) -> Connection:
        """Connect to the first address of the host that answers, once all of them have been looked at."""
        addresses = await self.resolve(origin.host, origin.port)
        if not addresses or not all(permitted(address, private=self.private) for address in addresses):
            raise BarredError("The host has an address that is not public.")
        error: Exception = OSError("no address")
        for address in addresses:
            try:
                return await self.reached(origin, address)
            except OSError as failure:
                error = failure
        raise error


async def system(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which the system would try them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
