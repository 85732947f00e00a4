"""Who may do what with a table's rows; `0013_table.up.sql` is rendered from it, once per table.

Whoever comes from outside is anon, an authenticated user with a token, or service_role. anon may nothing, service_role
everything. A later table takes its place with `run("0013_table.up.sql", access=…)` in its own migration.
"""

from dataclasses import dataclass

EVERYONE = "*"
NAMES = {None: "service_role_only", "id": "own_data", EVERYONE: "readable_by_users"}


@dataclass(frozen=True)
class Access:
    """One table's decision.

    Attributes:
        owner: the column that names the user whose row it is, or several, comma-separated, where it is the row of each
            of them; EVERYONE: every user with a token may; None: no user has anything to do with it.
        may: what a user may do with their own rows, as `grant` takes it.
        through: the table of a conversation's members, where all of them see the row: `owner` names the conversation.
    """

    table: str
    owner: str | None = None
    may: tuple[str, ...] = ()
    through: str | None = None

    @property
    def policy(self) -> str:
        """The name of the table's only policy."""
        if self.through:
            return "members_only"
        return NAMES.get(self.owner, f"own_data_via_{(self.owner or '').replace(', ', '_or_')}")

    @property
    def condition(self) -> str:
        """Which rows the policy opens to a user."""
        if self.through:
            # That table shows nobody but their own rows.
            return f"{self.owner} in (select conversation_id from {self.through})"  # noqa: S608 - names of ours
        if self.owner == EVERYONE:
            return "true"
        several = ", " in (self.owner or "")
        return f"(select auth.uid()) {'in' if several else '='} {f'({self.owner})' if several else self.owner}"

    @property
    def writable(self) -> bool:
        """Whether a user may do more than read."""
        return self.may != ("select",)


def own(table: str, *may: str) -> Access:
    """A table of users' rows: theirs to read, and to do what else `may` says."""
    return Access(table, "user_id", ("select", *may))


def members(table: str, *columns: str) -> Access:
    """A table of rows that belong to each of several users: theirs to read."""
    return Access(table, ", ".join(columns), ("select",))


def catalogue(table: str) -> Access:
    """A table that every user with a token may read, and nobody but the server writes."""
    return Access(table, EVERYONE, ("select",))


def internal(table: str) -> Access:
    """A table that no user sees."""
    return Access(table)
