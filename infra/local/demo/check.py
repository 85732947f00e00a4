"""One claim about the outcome, and whether it held."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

LOOK = 0.05  # seconds between looks at a condition


@dataclass(frozen=True, slots=True)
class Check:
    claim: str
    found: str
    held: bool


def equal(claim: str, expected: Any, found: Any) -> Check:
    """Held if both are equal; says both if not."""
    held = expected == found
    return Check(claim, str(found) if held else f"{found}, expected {expected}", held)


def arrived(claim: str, wanted: int, lost: list[Any] | set[Any]) -> Check:
    """Held if nothing is lost; says how many arrived, and names some that did not."""
    named = "" if not lost else ": lost " + ", ".join(str(each) for each in list(lost)[:3])
    return Check(claim, f"{wanted - len(lost)} of {wanted}{named}", not lost)


def none(claim: str, offenders: list[Any] | set[Any]) -> Check:
    """Held if there are no offenders; names some if there are."""
    named = ", ".join(str(each) for each in list(offenders)[:3])
    return Check(claim, "none" if not offenders else f"{len(offenders)}: {named}", not offenders)


async def until(conn: psycopg.AsyncConnection[Any], condition: str, params: Sequence[Any] = ()) -> None:
    """Return when a statement answers true."""
    while not (await (await conn.execute(condition.encode(), params)).fetchall())[0][0]:  # noqa: ASYNC110 - no event
        await asyncio.sleep(LOOK)
