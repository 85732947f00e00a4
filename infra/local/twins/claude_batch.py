"""Message batches: taken in at once, done after a while, with results in no order.

platform.claude.com/docs/en/api/messages/batches
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from infra.local.twins.claude_wire import BatchRequest, identity

EXPIRES = 86_400.0  # seconds after which what was not done is given up
RESULTS = {"succeeded", "errored", "canceled", "expired"}


@dataclass(slots=True)
class MessageBatch:
    """One batch; times are seconds of the twin's clock and since 1970.

    Attributes:
        results: lines of the result file, once it has ended.
    """

    requests: list[BatchRequest]
    at: float
    created: float
    id: str = field(default_factory=lambda: identity("msgbatch"))
    ended: float | None = None
    canceled: bool = False
    results: list[dict[str, Any]] = field(default_factory=list)

    def end(self, now: float, serve: Callable[[BatchRequest], dict[str, Any]], random: Random) -> None:
        """Every request gets its result, and the results an order of their own."""
        self.ended = now
        undone = {"type": "canceled"}
        self.results = [
            {"custom_id": each.custom_id, "result": undone if self.canceled else serve(each)} for each in self.requests
        ]
        random.shuffle(self.results)

    def counts(self) -> dict[str, int]:
        found = Counter(line["result"]["type"] for line in self.results)
        processing = 0 if self.results else len(self.requests)
        return {"processing": processing, **{name: found[name] for name in sorted(RESULTS)}}

    def shown(self, base: str) -> dict[str, Any]:
        going = "canceling" if self.canceled else "in_progress"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": going if self.ended is None else "ended",
            "request_counts": self.counts(),
            "created_at": written(self.created),
            "expires_at": written(self.created + EXPIRES),
            "ended_at": None if self.ended is None else written(self.ended),
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": None if self.ended is None else f"{base}/v1/messages/batches/{self.id}/results",
        }

    def lines(self) -> str:
        return "".join(json.dumps(line) + "\n" for line in self.results)


def written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
