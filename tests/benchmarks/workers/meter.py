"""What a piece of work costs: CPU of this process and of PostgreSQL, bytes of log, rows written, pages asked for."""

import contextlib
import resource
import time
from dataclasses import dataclass
from typing import Any, LiteralString

import psutil
import psycopg
from psycopg.rows import dict_row

ALONE = 10.0  # seconds for which a closed connection may take to hand in its counters
LOOK = 0.02  # seconds between looks at that
COUNTED: LiteralString = """
    select (select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables) as writes,
           (select coalesce(sum(heap_blks_hit + heap_blks_read), 0)::bigint
                 + coalesce(sum(idx_blks_hit + idx_blks_read), 0)::bigint from pg_statio_user_tables) as pages,
           coalesce(sum(f.calls) filter (where f.funcname like 'claim%'), 0)::bigint as claims,
           coalesce(sum(f.total_time) filter (where f.funcname like 'claim%'), 0)::float8 as claim_ms,
           coalesce(sum(f.total_time) filter (where f.funcname like 'settle%'), 0)::float8 as settle_ms
    from pg_stat_user_functions f
    where f.schemaname = 'nightshift'"""
WAL: LiteralString = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint as wal"
OTHERS: LiteralString = """
    select count(*)::int as others from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"""
FUNCTIONS = "?options=-c%20track_functions%3Dall"  # of an address: its connections time the functions that they call


@dataclass(frozen=True)
class Spent:
    """CPU seconds of the client and of all of PostgreSQL's processes; bytes of WAL."""

    client: float
    server: float
    wal: int


@dataclass(frozen=True)
class Counted:
    """Row versions written; pages of tables and indexes asked for; claims; milliseconds in claims and settlements."""

    writes: int
    pages: int
    claims: int
    claim_ms: float
    settle_ms: float


class Meter:
    """Reads the meters of one database, which nobody else uses meanwhile."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self.postmaster = psutil.Process(psutil.Process(self.connection.info.backend_pid).ppid())

    def spent(self) -> Spent:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return Spent(usage.ru_utime + usage.ru_stime, self.server(), self.row(WAL)["wal"])

    def server(self) -> float:
        """CPU seconds of the server's living processes, and of those that have ended."""
        own = self.postmaster.cpu_times()
        spent = sum(own[:4])
        for process in self.postmaster.children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended between the two looks
                spent += sum(process.cpu_times()[:2])
        return spent

    def counted(self) -> Counted:
        """The counters that other connections have handed in."""
        self.connection.execute("select pg_stat_clear_snapshot()")
        return Counted(**self.row(COUNTED))

    def alone(self) -> None:
        """Wait until all other connections are closed: with its end each hands its counters in.

        Raises:
            TimeoutError: one stays.
        """
        deadline = time.monotonic() + ALONE
        while self.row(OTHERS)["others"]:
            if time.monotonic() > deadline:
                raise TimeoutError("Another connection to this database is open: its counters are not in yet.")
            time.sleep(LOOK)

    def row(self, query: LiteralString) -> dict[str, Any]:
        return self.connection.execute(query).fetchone() or {}


def difference(before: Spent | Counted, after: Spent | Counted) -> dict[str, float]:
    return {name: value - getattr(before, name) for name, value in vars(after).items()}
