"""Talks to any twin's admin API: for tests, the demo and the console of faults."""

from types import TracebackType
from typing import Any, Self

import httpx

PAGE = 10_000  # records in one answer; the most that a twin gives


class TwinClient:
    """One twin, by its URL (for SMTP the mailbox page's)."""

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout, trust_env=False)

    async def records(self, since: int = 0) -> list[dict[str, Any]]:
        """All records numbered after `since`, oldest first."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            page = await self._json("GET", "/_twin/records", params={"since": since, "limit": PAGE})
            found += page["records"]
            since, more = page["last"], page["more"]
        return found

    async def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = await self._json("GET", "/_twin/stats")
        return stats

    async def fault(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Switch one on; answers all that are in force."""
        body = await self._json("POST", "/_twin/faults", json={"kind": kind, **fields})
        return list(body["faults"])

    async def clear(self, kind: str | None = None) -> None:
        """Switch off all faults, or those of one kind."""
        await self._json("DELETE", "/_twin/faults", params={"kind": kind} if kind else None)

    async def reset(self) -> None:
        """Forget records, faults and counters, as if just started."""
        await self._json("POST", "/_twin/reset")

    async def messages(self) -> list[dict[str, Any]]:
        """SMTP only: the mailbox, newest first."""
        body = await self._json("GET", "/messages.json")
        return list(body["messages"])

    async def emit(self, *events: dict[str, Any], **batch: Any) -> list[dict[str, Any]]:
        """Stripe only: each event as `{"type", "object", ...}`; `order` and `wait` concern them all."""
        body = await self._json("POST", "/_twin/emit", json={"events": events, **batch})
        return list(body["events"])

    async def resend(self, event_id: str) -> None:
        """Stripe only: post a listed event once more, withheld or not."""
        await self._json("POST", f"/_twin/resend/{event_id}")

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _json(self, method: str, path: str, **request: Any) -> Any:
        response = await self._http.request(method, path, **request)
        response.raise_for_status()
        return response.json()
