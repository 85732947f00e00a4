"""The process's one HTTP client, for every provider and alert. Connections are kept between calls."""

import httpx

CONNECTIONS = 50
CONNECT = 3.0  # seconds to reach a host; each call names its own time to answer


def client() -> httpx.AsyncClient:
    """An httpx client without retries (queues retry), redirects or proxies from the environment."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30)
    return httpx.AsyncClient(
        timeout=httpx.Timeout(10.0, connect=CONNECT), limits=limits, follow_redirects=False, trust_env=False
    )
