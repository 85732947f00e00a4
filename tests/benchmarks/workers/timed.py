"""The pool of a process, which notes how long each statement took."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from shared.db import Database, Row, Statement

CALLED = re.compile(r'nightshift\."?(\w+?)_(?:pending_responses|email_queue|webhook_retry_queue)"?\(')


class Timed(Database):
    """A pool that notes its statements' times.

    Attributes:
        took: by the names of the called functions without their table (`claim`, `settle`, `settle and claim`; `other`
            for the rest): when each call began (seconds since 1970) and its milliseconds.
    """

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self.took: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.names: dict[int, tuple[Statement, str]] = {}

    async def rows(self, statement: Statement, **given: Any) -> list[Row]:
        with self.noted(statement):
            return await super().rows(statement, **given)

    async def tuples(self, statement: Statement, **given: Any) -> list[tuple[Any, ...]]:
        with self.noted(statement):
            return await super().tuples(statement, **given)

    @contextmanager
    def noted(self, statement: Statement) -> Iterator[None]:
        began, started = time.time(), time.perf_counter()
        try:
            yield
        finally:
            self.took[self.name(statement)].append((began, (time.perf_counter() - started) * 1000))

    def name(self, statement: Statement) -> str:
        """Found once per statement, which is kept, so that no other one gets its identity."""
        if id(statement) not in self.names:
            text = statement.as_string(None) if isinstance(statement, sql.Composed) else statement.decode()
            self.names[id(statement)] = statement, " and ".join(CALLED.findall(text)) or "other"
        return self.names[id(statement)][1]

    def calls(self, function: str) -> list[tuple[float, float]]:
        """All calls of statements that call this function, whatever else they do."""
        return [call for name, calls in self.took.items() if function in name.split() for call in calls]
