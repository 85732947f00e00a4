"""Whatever is written, and however often it is refreshed in between: the views say what the sources say."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.conftest import create, drop
from tests.integration.analytics import sources
from tests.integration.analytics.sources import Sync, event, figures, made, recomputed, refresh, rows, step, study
from tests.services import TEMPLATE, Services

USERS, TRACKS = 3, 2
RECENT = some.integers(0, 12)
DAYS = some.one_of(RECENT, some.sampled_from([29, 30, 90, 179, 181, 200, 364, 366, 380]))
WHO, WHAT = some.integers(0, USERS - 1), some.integers(0, TRACKS - 1)
KIND = some.sampled_from(["quiz", "review", "learning"])
WHEN = some.tuples(DAYS, some.none() | some.integers(-5, 400))
TYPE = some.sampled_from(["page_viewed", "explanation_opened"])
STEPS = some.one_of(
    some.tuples(some.just("events"), WHO, TYPE, some.lists(DAYS, min_size=1, max_size=4)),
    some.tuples(some.just("move_events"), WHO, TYPE, DAYS),
    some.tuples(some.just("delete_events"), WHO, TYPE),
    some.tuples(some.just("study"), WHO, WHAT, some.lists(RECENT, min_size=1, max_size=6), some.booleans()),
    some.tuples(some.just("study"), WHO, WHAT, some.lists(DAYS, min_size=1, max_size=1), some.booleans()),
    some.tuples(some.just("move_study"), WHO, WHAT, some.integers(0, 3)),
    some.tuples(some.just("forget_study"), WHO, DAYS),
    some.tuples(some.just("step"), WHO, some.integers(0, 5), KIND, WHEN),
    some.tuples(some.just("delete_steps"), WHO, KIND),
    some.tuples(some.just("user_leaves"), WHO),
    some.tuples(some.just("track_goes"), WHAT),
    some.tuples(some.just("fold"), some.integers(1, 5)),
    some.tuples(some.just("prune"), some.integers(1, 9)),
    some.tuples(some.just("refresh")),
)
THERE = b"""
select exists (select from users where id = %(user)s::uuid)
    and (%(track)s::uuid is null or exists (select from tracks where id = %(track)s::uuid))
"""
MOVE_EVENTS = """
update session_analytics_events
set event_type = %(type)s, created_at = now() - make_interval(days => %(days)s) where user_id = %(user)s
"""
DELETE_EVENTS = "delete from session_analytics_events where user_id = %s and event_type = %s"
MOVE_STUDY = """
update user_study_log l set study_date = study_date + 1, is_completed = not is_completed
where user_id = %(user)s and track_id = %(track)s and extract(day from study_date)::int %% 4 = %(fourth)s
  and not exists (select from user_study_log o
                  where (o.user_id, o.track_id, o.study_date) = (l.user_id, l.track_id, l.study_date + 1))
"""
FORGET_STUDY = "delete from user_study_log where user_id = %s and study_date >= current_date - %s"
PRUNE = b"select (delete_old_analytics('1 year', %(page)s::int) ->> 'deleted')::int"


@pytest.fixture(scope="module")
def db(services: Services, admin: psycopg.Connection) -> Iterator[Sync]:
    """One database for all examples, each of which is taken back."""
    name = f"test_{uuid4().hex[:12]}"
    create(admin, name, TEMPLATE)
    with psycopg.connect(services.database_url(name)) as connection:
        yield connection
    drop(admin, name)


class World:
    """The users and tracks of one example, what is done to them, and how many events were pruned."""

    def __init__(self, db: Sync) -> None:
        self.db, self.pruned = db, 0
        self.users, self.tracks = made(db, sources.USERS, USERS), made(db, sources.TRACKS, TRACKS)

    def there(self, user: int, track: int | None = None) -> bool:
        """Whether the user, and the track, have not gone yet."""
        of = None if track is None else self.tracks[track]
        return rows(self.db, THERE, user=self.users[user], track=of) == [(True,)]

    def events(self, user: int, kind: str, days: list[int]) -> None:
        if self.there(user):
            event(self.db, self.users[user], *days, kind=kind)

    def move_events(self, user: int, kind: str, days: int) -> None:
        self.db.execute(MOVE_EVENTS, {"user": self.users[user], "type": kind, "days": days})

    def delete_events(self, user: int, kind: str) -> None:
        self.db.execute(DELETE_EVENTS, [self.users[user], kind])

    def study(self, user: int, track: int, days: list[int], done: bool) -> None:  # noqa: FBT001 - drawn
        if self.there(user, track):
            study(self.db, self.users[user], self.tracks[track], *days, done=done)

    def move_study(self, user: int, track: int, fourth: int) -> None:
        self.db.execute(MOVE_STUDY, {"user": self.users[user], "track": self.tracks[track], "fourth": fourth})

    def forget_study(self, user: int, days: int) -> None:
        self.db.execute(FORGET_STUDY, [self.users[user], days])

    def step(self, user: int, index: int, kind: str, when: tuple[int, int | None]) -> None:
        days, hours = when
        if self.there(user):
            step(self.db, self.users[user], index, kind, days=days, hours=hours)

    def delete_steps(self, user: int, kind: str) -> None:
        self.db.execute("delete from learning_path where user_id = %s and node_type = %s", [self.users[user], kind])

    def user_leaves(self, user: int) -> None:
        self.db.execute("delete from users where id = %s", [self.users[user]])

    def track_goes(self, track: int) -> None:
        self.db.execute("delete from tracks where id = %s", [self.tracks[track]])

    def fold(self, page: int) -> None:
        self.db.execute("select nightshift.fold_analytics(%s)", [page])

    def prune(self, page: int) -> None:
        [(gone,)] = rows(self.db, PRUNE, page=page)
        self.pruned += gone

    def refresh(self) -> None:
        refresh(self.db)
        assert figures(self.db) == recomputed(self.db, self.pruned)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=some.lists(STEPS, max_size=25))
def test_the_views_say_what_the_sources_say(db: Sync, steps: list[tuple[Any, ...]]) -> None:
    try:
        world = World(db)
        for what, *how in [*steps, ("refresh",)]:
            getattr(world, what)(*how)
    finally:
        db.rollback()
