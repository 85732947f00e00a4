"""Who may do what with a table's rows; `0013_table.up.sql` is rendered from it, once per table.

Whoever comes from outside is anon, an authenticated user with a token, or service_role. anon may nothing, service_role
everything. A later table takes its place with `run("0013_table.up.sql", access=…)` in its own migration.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """One table's decision.

    Attributes:
        owner: the column that names the user whose row it is; None: no user has anything to do with it.
        may: what a user may do with their own rows, as `grant` takes it.
    """

    table: str
    owner: str | None = None
    may: tuple[str, ...] = ()

    @property
    def policy(self) -> str:
        """The name of the table's only policy."""
        return {None: "service_role_only", "id": "own_data"}.get(self.owner, "own_data_via_user_id")

    @property
    def writable(self) -> bool:
        """Whether a user may do more than read."""
        return self.may != ("select",)


def own(table: str, *may: str) -> Access:
    """A table of users' rows: theirs to read, and to do what else `may` says."""
    return Access(table, "user_id", ("select", *may))


def internal(table: str) -> Access:
    """A table that no user sees."""
    return Access(table)
