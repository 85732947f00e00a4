"""Errors of a request that certainly did not reach its provider: whatever it was to do has not been done."""

import httpx

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
