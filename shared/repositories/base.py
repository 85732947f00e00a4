"""What all repositories are: one entity's statements, over a pool or inside a transaction, and its rows as records."""

from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Generic, TypeVar, cast

import psycopg
from psycopg import errors

from shared.db import Row, Session
from shared.errors import ConflictError, NightshiftError, NotFoundError, UnprocessableError
from shared.sql import Queries

LIMIT = 1000  # rows of one answer at most

R = TypeVar("R")
T = TypeVar("T")
Number = Decimal | float | str
ABSENT = (errors.ForeignKeyViolation, errors.NoDataFound)
UNFIT = (errors.CheckViolation, errors.NotNullViolation, psycopg.DataError, UnicodeEncodeError)


class Repository(Generic[R]):
    """One entity. Of `get`, `create`, `update` and `delete` it has those that its `.sql` file names.

    Each runs one statement of that file, by itself over a `Database`, or as a part of a `Transaction`.

    Attributes:
        noun: what one row is called in errors.
        statements: the entity's own.
        record: a dataclass; its fields are the columns that are read.
    """

    noun: ClassVar[str]
    statements: ClassVar[Queries]
    record: type[R]

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def session(self) -> Session:
        """The pool or the transaction that it was given."""
        return self._session

    async def get(self, key: Any, /) -> R:
        """The row of that key.

        Raises:
            NotFoundError: there is none.
        """
        return self._found(await self._one(self.statements.get, repeatable=True, key=key))

    async def create(self, *_: Any, **values: Any) -> R:
        """Insert a row.

        Raises:
            ConflictError: there is one already.
            NotFoundError: what it belongs to is not there.
            UnprocessableError: a value is outside the rules.
        """
        made = await self._one(self.statements.create, **values)
        if made is None:
            raise ConflictError(f"There is such a {self.noun} already.")
        return made

    async def update(self, key: Any, *_: Any, **values: Any) -> R:
        """Change the row of that key.

        Raises:
            ConflictError: another row has a value that may stand only once.
            NotFoundError: there is none of that key.
            UnprocessableError: a value is outside the rules.
        """
        return self._found(await self._one(self.statements.update, key=key, **values))

    async def delete(self, key: Any, /) -> None:
        """Delete the row of that key, with all that belongs to it.

        Raises:
            NotFoundError: there is none.
        """
        self._found(await self._row(self.statements.delete, key=key))

    async def _one(self, statement: bytes, *, repeatable: bool = False, **params: Any) -> R | None:
        row = await self._row(statement, repeatable=repeatable, **params)
        return self._made(row) if row else None

    async def _many(self, statement: bytes, **params: Any) -> list[R]:
        return [self._made(row) for row in await self._rows(statement, repeatable=True, **params)]

    async def _row(self, statement: bytes, *, repeatable: bool = False, **params: Any) -> Row | None:
        return next(iter(await self._rows(statement, repeatable=repeatable, **params)), None)

    async def _rows(self, statement: bytes, *, repeatable: bool = False, **params: Any) -> list[Row]:
        try:
            return await self._session.rows(statement, repeatable=repeatable, **params)
        except (*ABSENT, *UNFIT, errors.UniqueViolation) as error:
            raise self._typed(error) from None  # the driver's own error quotes values

    def _made(self, row: Row) -> R:
        return made(self.record, row)

    def _found(self, found: T | None) -> T:
        if found is None:
            raise NotFoundError(f"There is no such {self.noun}.")
        return found

    def _typed(self, error: Exception) -> NightshiftError:
        if isinstance(error, errors.UniqueViolation):
            return ConflictError(f"Another {self.noun} has a value that only one may have.", **named(error))
        if isinstance(error, ABSENT):
            return NotFoundError(f"What this {self.noun} belongs to is not there.", **named(error))
        return UnprocessableError(f"This {self.noun} has a value that is outside the rules.", **named(error))


def made(record: type[T], row: Row) -> T:
    """A record of a row, which may have columns that are newer than this code."""
    return record(**{each.name: row[each.name] for each in fields(cast("Any", record))})


def named(error: Exception) -> dict[str, str]:
    """The constraint that an error names, if it names one: never the values."""
    constraint = error.diag.constraint_name if isinstance(error, psycopg.Error) else None
    return {"constraint": constraint} if constraint else {}


def points(value: Number) -> Decimal:
    """A finite number.

    Raises:
        UnprocessableError: it is none.
    """
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite():
        raise UnprocessableError("A number of points is a finite number.")
    return read


def bounded(limit: int) -> int:
    """A number of rows to answer.

    Raises:
        UnprocessableError: it is not from 1 to LIMIT.
    """
    if not 1 <= limit <= LIMIT:
        raise UnprocessableError(f"A limit is from 1 to {LIMIT}.")
    return limit
