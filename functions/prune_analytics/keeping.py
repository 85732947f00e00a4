"""How long analytics are kept, and the statements that delete a page of them."""

from shared import sql
from shared.db import Statement

EVENTS = "1 year"
PAGE = 1000  # rows a statement
SQL = sql.beside(__file__)

# What is deleted, page by page, until a page is short.
KEPT: dict[str, tuple[Statement, str]] = {
    "events_deleted": (SQL.delete_events, EVENTS),
    "members_deleted": (SQL.delete_members, EVENTS),
    "event_keys_deleted": (SQL.delete_event_keys, "30 days"),
    "refreshes_deleted": (SQL.delete_refreshes, "30 days"),
}
