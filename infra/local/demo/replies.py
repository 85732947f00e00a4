"""The chat replies of the demo: to whom, when, and what must have become of them."""

import itertools
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID  # noqa: TC003 - a dataclass field

import psycopg

from infra.local.demo import plan
from infra.local.demo.check import Check, arrived, equal, none
from infra.local.twins import TwinClient

FIRST_CHAT, FIRST_GROUP, NEW_GROUPS = 500_000, -7_000, -1_007_000
PERMITTED = 30  # messages a second that Telegram takes from one bot
LEAD = 1.0  # seconds before the first calm reply is due
WORDS = 700  # of a long text: over 6,000 characters, two messages
P50, P99 = 0.150, 1.0  # seconds from due to delivered while lingering

MARKED = "select response_text from pending_responses where possible_duplicate"

Connection = psycopg.AsyncConnection[Any]
Records = list[dict[str, Any]]


@dataclass
class Chats:
    """Who is written to: the gone ones will never get anything, the moved ones get it elsewhere."""

    open: list[int] = field(default_factory=list)
    gone: dict[int, str] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)

    @classmethod
    def made(cls) -> "Chats":
        numbers = itertools.count(FIRST_CHAT)
        kinds = [("blocked", plan.BLOCKED), ("deactivated", plan.DEACTIVATED), ("not_found", plan.NOT_FOUND)]
        gone = {next(numbers): kind for kind, count in kinds for _ in range(count)}
        moved = {FIRST_GROUP - n: NEW_GROUPS - n for n in range(plan.MOVED)}
        return cls([next(numbers) for _ in range(plan.CHATS - len(gone) - len(moved))], gone, moved)

    @property
    def all(self) -> list[int]:
        """Moved and gone ones in between the others."""
        return [*list(self.gone), *list(self.moved), *self.open]

    def now(self, chat: int) -> int:
        """The chat's present id."""
        return self.moved.get(chat, chat)


@dataclass(frozen=True)
class Planned:
    """One reply. Its tag opens its text; a long one carries the tag in every word."""

    tag: str
    chat: int
    text: str
    due: datetime


class Replies:
    """What was asked for, and how it is checked against the Bot API's own record."""

    def __init__(self, telegram: TwinClient) -> None:
        self.telegram = telegram
        self.chats = Chats.made()
        self.users: dict[int, UUID] = {}
        self.calm: list[Planned] = []
        self.storm: list[Planned] = []

    async def people(self, conn: Connection) -> None:
        """A user for each chat, as the product would have them; Telegram learns what became of some."""
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into users (telegram_id, display_name) values (%s, %s) returning id",
                [(chat, f"Player {number}") for number, chat in enumerate(self.chats.all)],
                returning=True,
            )
            for chat in self.chats.all:
                self.users[chat] = (await cursor.fetchall())[0][0]
                cursor.nextset()
        for chat, state in self.chats.gone.items():
            await self.telegram.fault("chat", state=state, only=[chat])
        for old, new in self.chats.moved.items():
            await self.telegram.fault("chat", state="migrated", migrate_to=new, only=[old])

    async def enqueue_calm(self, conn: Connection) -> float:
        """Replies due one after the other; answers the seconds until the last is due."""
        start = datetime.now(UTC) + timedelta(seconds=LEAD)
        for number in range(plan.CALM_REPLIES):
            chat = self.chats.open[number % len(self.chats.open)]
            due = start + timedelta(seconds=number / plan.CALM_RATE)
            self.calm.append(Planned(f"c{number:04d}", chat, f"c{number:04d} Good evening.", due))
        await self._insert(conn, self.calm)
        return LEAD + plan.CALM_REPLIES / plan.CALM_RATE

    async def enqueue_storm(self, conn: Connection) -> None:
        """Replies that are all due now, several to every chat, some of them long."""
        start = datetime.now(UTC)
        chats = self.chats.all
        for number in range(plan.STORM_REPLIES):
            tag = f"s{number:04d}"
            chat = chats[number % len(chats)]
            long = chat in self.long_chats and number < len(chats)
            text = " ".join(f"{tag}.{word}" for word in range(WORDS)) if long else f"{tag} The night is young."
            self.storm.append(Planned(tag, chat, text, start + timedelta(milliseconds=number)))
        await self._insert(conn, self.storm)

    async def _insert(self, conn: Connection, replies: list[Planned]) -> None:
        """With plain SQL, as any other program would."""
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at) "
                "values (%s, %s, %s, %s)",
                [(self.users[reply.chat], reply.chat, reply.text, reply.due) for reply in replies],
            )

    @property
    def long_chats(self) -> set[int]:
        """Those that get a text of several messages."""
        return set(self.chats.open[: plan.LONG_REPLIES])

    @property
    def asked(self) -> list[Planned]:
        return self.calm + self.storm

    async def checks(self, conn: Connection, in_flight: set[str]) -> list[Check]:
        """What must hold, from Telegram's record; of our own tables only which rows are marked."""
        records = [each for each in await self.telegram.records() if each["outcome"] == "delivered"]
        marked = {
            tag_of(row[0])
            for row in await _rows(conn, "select response_text from pending_responses where possible_duplicate")
        }
        due = [reply for reply in self.asked if reply.chat not in self.chats.gone]
        repeated = {tag for tag, times in copies(records).items() if times > 1}
        dead = await _rows(conn, "select count(*) from pending_responses where status = 'failed'")
        return [
            arrived("replies arrived, every word in its order", len(due), missing(due, records)),
            none("replies to chats that are gone", {r["text"][:5] for r in records if r["chat_id"] in self.chats.gone}),
            equal("replies to gone chats, dead-lettered", len(self.asked) - len(due), dead[0][0]),
            none("replies sent twice and not marked as possible duplicates", repeated - marked),
            none(
                "replies marked that were neither in flight at the kill nor left unanswered",
                marked - in_flight - unanswered(records),
            ),
            none("chats out of order", self.disordered(records)),
            Check("replies sent twice, each marked", f"{len(repeated)} ({len(marked)} marked)", True),  # noqa: FBT003
            await self.moved_users(conn),
            await self.pace(),
        ]

    def disordered(self, records: Records) -> list[int]:
        """Chats whose replies first arrived in another order than that of their times."""
        wanted: dict[int, list[str]] = defaultdict(list)
        for reply in sorted(self.asked, key=lambda reply: reply.due):
            wanted[self.chats.now(reply.chat)].append(reply.tag)
        arrived: dict[int, list[str]] = defaultdict(list)
        for record in records:
            tags = arrived[record["chat_id"]]
            if tag_of(record["text"]) not in tags:
                tags.append(tag_of(record["text"]))
        return [chat for chat, tags in arrived.items() if tags != [tag for tag in wanted[chat] if tag in tags]]

    async def moved_users(self, conn: Connection) -> Check:
        rows = await _rows(conn, f"select count(*) from users where telegram_id <= {NEW_GROUPS}")  # noqa: S608 - a constant
        return equal("users that followed their group to its new id", plan.MOVED, rows[0][0])

    async def pace(self) -> Check:
        """Telegram's own count; what it turned away with 429 is not in it."""
        stats = await self.telegram.stats()
        peak, refused = stats["peak"]["overall"], stats["outcomes"].get("throttled", 0)
        return Check(f"most messages in any second, of {PERMITTED}", f"{peak} ({refused} refused)", peak <= PERMITTED)

    async def lateness(self) -> tuple[Check, Check]:
        """From due to delivered, of the calm replies: median and 99th percentile."""
        due = {reply.tag: reply.due.timestamp() for reply in self.calm}
        seen: dict[str, float] = {}
        for record in await self.telegram.records():
            if record["outcome"] == "delivered":
                seen.setdefault(tag_of(record["text"]), record["wall"])
        late = [seen[tag] - at for tag, at in due.items() if tag in seen]
        cuts = statistics.quantiles(late, n=100)
        name = f"due to delivered at {plan.CALM_RATE:.0f} replies/s"
        return (
            Check(f"{name}, p50 under {P50 * 1000:.0f} ms", f"{cuts[49] * 1000:.0f} ms", cuts[49] < P50),
            Check(f"{name}, p99 under {P99 * 1000:.0f} ms", f"{cuts[98] * 1000:.0f} ms", cuts[98] < P99),
        )


def tag_of(text: str) -> str:
    return text[:5]


def copies(records: Records) -> Counter[str]:
    """How often the same text reached the same chat, by tag."""
    found: Counter[str] = Counter()
    for (_, text), times in Counter((record["chat_id"], record["text"]) for record in records).items():
        found[tag_of(text)] = max(found[tag_of(text)], times)
    return found


def missing(replies: list[Planned], records: Records) -> list[str]:
    """Replies of whose words not all arrived, in their order."""
    parts: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record["text"] not in parts[tag_of(record["text"])]:
            parts[tag_of(record["text"])].append(record["text"])
    return [reply.tag for reply in replies if " ".join(parts[reply.tag]).split() != reply.text.split()]


def unanswered(records: Records) -> set[str]:
    """Replies that Telegram took without telling."""
    return {tag_of(record["text"]) for record in records if not record["answered"]}


async def _rows(conn: Connection, statement: str) -> list[Any]:
    return await (await conn.execute(statement.encode())).fetchall()
