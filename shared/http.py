"""The process's one HTTP client, for every provider and alert. Connections are kept between calls."""

import ssl
from typing import Any

import httpx

from shared import traces
from shared.http_pool import Pool

CONNECTIONS = 50  # requests under way at most
CONNECT = 3.0  # seconds to reach a host; each call names its own time to answer


def client(tls: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """An httpx client without retries (queues retry), redirects, cookies or proxies from the environment.

    Args:
        tls: whom to trust, where that is not the public authorities.
    """
    timeout = httpx.Timeout(10.0, connect=CONNECT)
    return Client(transport=Pool(CONNECTIONS, tls), timeout=timeout, follow_redirects=False, trust_env=False)


class Client(httpx.AsyncClient):
    """An httpx client that hands a request to its transport and nothing else: half of what httpx's own way takes."""

    async def send(self, request: httpx.Request, **asked: Any) -> httpx.Response:
        """Send a request; one that needs a login, or is asked to stream or to follow, goes httpx's own way."""
        if self.is_closed or request.url.userinfo or any(value not in PLAIN for value in asked.values()):
            return await super().send(request, **asked)
        request.extensions.setdefault("timeout", self.timeout.as_dict())
        # Of its address the host alone: tokens stand in paths.
        told = {"http.request.method": request.method, "server.address": request.url.host}
        with traces.span(request.method, told, "client") as span:
            try:
                response = await self._transport.handle_async_request(request)
            except httpx.RequestError as error:
                error.request = request
                raise
            span.set("http.response.status_code", response.status_code)
            if response.is_error:
                span.fail(str(response.status_code))
        response.request = request
        return response


PLAIN = (False, httpx.USE_CLIENT_DEFAULT)
