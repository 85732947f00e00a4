"""The nearest messages of one user, whatever others have said (spec, section 6)."""

import random
from collections.abc import Sequence

import psycopg
import pytest

from tests.integration.schema.player_rows import Sync, insert, new_user

DIMENSIONS = 1536
CROWD = 600  # more than the index hands over at a time
ADD = """
insert into message_embeddings (user_id, conversation_id, role, message_text, embedding)
select %(user)s, id, 'user', %(text)s, %(at)s::real[] from conversations where user_id = %(user)s
"""
NEAREST = "select message_text, distance from nightshift.nearest_messages(%s, %s::real[], %s)"
BY_INDEX = """
explain select id from message_embeddings
order by embedding operator(extensions.<=>) (array_fill(1::real, array[1536]))::extensions.vector limit 5
"""


@pytest.fixture
def db(database_url: str) -> Sync:
    return psycopg.connect(database_url)


def speaker(db: Sync) -> str:
    user = new_user(db)
    insert(db, "conversations", user)
    return user


def point(*start: float) -> list[float]:
    return [*start, *[0.0] * (DIMENSIONS - len(start))]


def say(db: Sync, user: str, text: str, at: Sequence[float]) -> None:
    db.execute(ADD, {"user": user, "text": text, "at": list(at)})


def test_the_nearest_come_first_with_their_distance(db: Sync) -> None:
    user = speaker(db)
    for text, at in (("opposite", (-1.0,)), ("same", (2.0,)), ("square", (0.0, 1.0)), ("close", (1.0, 0.1))):
        say(db, user, text, point(*at))
    near = [(text, round(float(str(distance)), 2)) for text, distance in db.execute(NEAREST, [user, point(1.0), 9])]
    assert near == [("same", 0.0), ("close", 0.0), ("square", 1.0), ("opposite", 2.0)]


def test_ac_t18_3_nobody_needs_the_extensions_in_their_search_path(db: Sync) -> None:
    """AC-T18.3: names are qualified instead; a setting of the session does not survive a pooler."""
    db.execute("set search_path = public")
    user = speaker(db)
    say(db, user, "hello", point(1.0))
    assert db.execute(NEAREST, [user, point(1.0), 1]).fetchall() == [("hello", 0.0)]


def test_a_crowd_that_is_nearer_hides_nobodys_own_messages(db: Sync) -> None:
    crowd, user = speaker(db), speaker(db)
    source = random.Random(1)  # noqa: S311
    with db.cursor() as cursor:
        rows = [{"user": crowd, "text": "theirs", "at": point(1.0, source.random() / 100)} for _ in range(CROWD)]
        cursor.executemany(ADD, rows)
    for number in range(5):
        say(db, user, f"mine {number}", point(1.0, 10.0 + number))
    db.execute("analyze message_embeddings")
    for seqscan in ("on", "off"):
        db.execute(f"set enable_seqscan = {seqscan}")
        found = [text for text, _ in db.execute(NEAREST, [user, point(1.0), 5])]
        assert found == [f"mine {number}" for number in range(5)]


def test_the_extensions_index_can_serve_the_order(db: Sync) -> None:
    db.execute("set enable_seqscan = off")
    plan = "\n".join(str(line) for (line,) in db.execute(BY_INDEX).fetchall())
    assert "message_embeddings_nearest" in plan


def test_a_point_of_another_size_is_refused(db: Sync) -> None:
    user = speaker(db)
    with pytest.raises(psycopg.errors.DataException):
        say(db, user, "short", [1.0])
