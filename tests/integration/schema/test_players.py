"""Players' tables: what they hold, refuse, find, and take with them (seed 002, T9, T15 and T18; spec, section 6)."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, NoDataFound, NullValueNotAllowed, UniqueViolation
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from tests.integration.schema.identities import become
from tests.integration.schema.player_rows import Sync, fill, insert, new_user

CHANGES = 30  # by each of four at once
TABLES = {"users", "user_metrics", "user_vice_preferences", "conversations", "score_history", "daily_summaries"}
OF_PLAYERS = TABLES - {"users"} | {"message_embeddings"}
DELETES = """
select c.conrelid::regclass::text || '.' || a.attname, c.confdeltype
from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
where c.contype = 'f' and c.conrelid = any (%s::regclass[])
"""
INDEX = "select indexdef from pg_indexes where indexname = %s"
PART = """
select id::text from conversations where ended_at is not null and nightshift.message_text(messages) ilike '%üric%'
"""
RULES = "select chapter, extract(epoch from grace)::int / 3600, decay::int from chapter_rules order by chapter"
SUMMARY = """
insert into daily_summaries (user_id, summary_date, score_start, score_end, recap, written_by, model, batch_id)
values (%s, '2026-03-01', 50, 51, 'a day', %s, %s, %s)
"""


@pytest.fixture
def db(database_url: str) -> Sync:
    return psycopg.connect(database_url)


@pytest.fixture
def player(db: Sync) -> str:
    return new_user(db)


def one(db: Sync, statement: str, *params: object) -> object:
    return (db.execute(statement, params).fetchone() or (None,))[0]


def talk(db: Sync, player: str, *texts: str) -> str:
    """A conversation with these messages; its id."""
    messages = Jsonb([{"role": "user", "content": text} for text in texts])
    statement = "insert into conversations (user_id, platform, messages) values (%s, 'telegram', %s) returning id::text"
    return str(one(db, statement, player, messages))


def found(db: Sync, words: str) -> list[str]:
    query = "select id::text from conversations where search_vector @@ websearch_to_tsquery('simple', %s)"
    return [str(row[0]) for row in db.execute(query, [words]).fetchall()]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_ac_t9_1_the_table_is_there(db: Sync, table: str) -> None:
    """AC-T9.1."""
    assert one(db, "select to_regclass(%s)::text", table) == table


def test_ac_t9_2_embeddings_are_vectors_of_the_extension(db: Sync) -> None:
    """AC-T9.2."""
    kind = one(
        db,
        "select format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = 'message_embeddings'::regclass and attname = 'embedding'",
    )
    assert kind == "extensions.vector(1536)"


def test_ac_t9_3_what_is_a_players_goes_with_them(db: Sync) -> None:
    """AC-T9.3, AC-T15.2."""
    gone: dict[str, str] = dict(db.execute(DELETES, [sorted(OF_PLAYERS)]).fetchall())
    wanted = {f"{table}.user_id" for table in OF_PLAYERS} | {"message_embeddings.conversation_id"}
    assert gone == dict.fromkeys(wanted, "c")


def test_a_player_leaves_with_all_that_is_theirs(db: Sync) -> None:
    player = fill(db)
    db.execute("delete from users where id = %s", [player])
    counts = [
        db.execute(SQL("select 1 from {} where user_id = %s").format(Identifier(table)), [player]).rowcount
        for table in OF_PLAYERS
    ]
    assert set(counts) == {0}


@pytest.mark.parametrize(
    ("index", "columns"),
    [
        ("users_telegram_id_key", "(telegram_id)"),
        ("users_game_status", "(game_status)"),
        ("conversations_user_started", "(user_id, started_at DESC)"),
        ("score_history_user", "(user_id, id DESC)"),
        ("daily_summaries_user_id_summary_date_key", "(user_id, summary_date)"),
        ("user_vice_preferences_user_id_category_key", "(user_id, category)"),
    ],
)
def test_ac_t9_4_what_is_asked_for_often_is_found_by_index(db: Sync, index: str, columns: str) -> None:
    """AC-T9.4."""
    assert columns in str(one(db, INDEX, index))


@pytest.mark.parametrize(
    "statement",
    [
        "update users set chapter = 6",
        "update users set chapter = 0",
        "update users set boss_attempts = 4",
        "update users set boss_attempts = -1",
        "update users set relationship_score = 100.01",
        "update users set display_name = repeat('x', 201)",
        "update user_vice_preferences set intensity_level = 6",
        "update user_vice_preferences set intensity_level = 0",
        "update user_metrics set trust = -1",
        "update conversations set messages = '{}'",
        "update conversations set chapter_at_time = 6",
        "update score_history set chapter = 6",
        "update daily_summaries set written_by = 'somebody'",
        "update chapter_rules set grace = '0'",
    ],
)
def test_ac_t9_5_values_outside_the_rules_are_refused(db: Sync, statement: str) -> None:
    """AC-T9.5."""
    fill(db)
    with pytest.raises(CheckViolation):
        db.execute(statement)


def test_ac_t9_6_ac_t14_5_words_of_a_conversation_are_found_by_index(db: Sync, player: str) -> None:
    """AC-T9.6, AC-T14.5."""
    wanted = talk(db, player, "We met Will in Zürich", "and it rained")
    talk(db, player, "nothing of the kind")
    assert [found(db, words) for words in ("zürich rained", "will", '"met Will"', "rain")] == [[wanted]] * 3 + [[]]
    assert "USING gin (search_vector)" in str(one(db, INDEX, "conversations_words"))


def test_a_message_that_is_added_is_found_at_once(db: Sync, player: str) -> None:
    conversation = talk(db, player, "hello")
    message = Jsonb([{"role": "user", "content": "a heron"}])
    db.execute("update conversations set messages = messages || %s where id = %s", [message, conversation])
    assert found(db, "heron") == [conversation]


def test_a_conversation_grows_beyond_what_an_index_can_hold(db: Sync, player: str) -> None:
    words = (f"{chr(0x20000 + n)}{chr(0x21000 + n)}-{chr(0x22000 + n)}" for n in range(4000))
    talk(db, player, *[" ".join(words)] * 2, "x " * 600_000, " ".join(f"{n:06}" for n in range(100_000)), "newest")
    assert len(found(db, "newest")) == 1


@pytest.mark.parametrize("messages", ["[]", "[null, 1, [], {}]", '[{"content": null}]', '[{"content": ["a"]}]'])
def test_messages_of_any_shape_are_kept(db: Sync, player: str, messages: str) -> None:
    insert_it = "insert into conversations (user_id, platform, messages) values (%s, 'telegram', %s)"
    assert db.execute(insert_it, [player, messages]).rowcount == 1


def test_ac_t1_3_1_a_summary_says_who_wrote_it_and_what_it_cost(db: Sync, player: str) -> None:
    """AC-T1.3.1."""
    db.execute(SUMMARY, [player, "claude", "a-model", "a-batch"])
    told = "select written_by, model, batch_id, decay_applied::int, conversations_count, key_events, cost_usd::int, "
    row = db.execute(f"{told} input_tokens, output_tokens from daily_summaries").fetchone()
    assert row == ("claude", "a-model", "a-batch", 0, 0, [], 0, 0, 0)


@pytest.mark.parametrize("source", [("claude", None, None), ("template", "a-model", None), ("template", None, "b")])
def test_a_template_has_no_model_and_claude_has_one(
    db: Sync, player: str, source: tuple[str, str | None, str | None]
) -> None:
    with pytest.raises(CheckViolation):
        db.execute(SUMMARY, [player, *source])


def test_ac_t1_3_2_a_day_is_told_once(db: Sync, player: str) -> None:
    """AC-T1.3.2."""
    db.execute(SUMMARY, [player, "template", None, None])
    with pytest.raises(UniqueViolation):
        db.execute(SUMMARY, [player, "template", None, None])


def test_ac_t1_3_3_a_summary_is_of_a_user(db: Sync) -> None:
    """AC-T1.3.3."""
    with pytest.raises(ForeignKeyViolation):
        db.execute(SUMMARY, ["00000000-0000-7000-8000-00000000dead", "template", None, None])


def test_the_rules_of_the_chapters(db: Sync) -> None:
    assert db.execute(RULES).fetchall() == [(1, 24, 5), (2, 36, 4), (3, 48, 3), (4, 72, 2), (5, 96, 1)]


@pytest.mark.parametrize("zone", ["Nowhere/Else", "", "Europe/Berlin; drop table users"])
def test_a_player_cannot_choose_a_time_zone_that_there_is_not(db: Sync, player: str, zone: str) -> None:
    become(db, "authenticated", player)
    db.execute("update users set timezone = 'Pacific/Kiritimati'")
    with pytest.raises(CheckViolation):
        db.execute("update users set timezone = %s", [zone])


def test_ac_t15_1_an_embedding_names_its_user(db: Sync) -> None:
    """AC-T15.1, AC-T15.3, AC-T15.4: the column is as old as the table, and never empty."""
    fill(db)
    assert "(user_id)" in str(one(db, INDEX, "message_embeddings_user"))
    with pytest.raises(psycopg.errors.NotNullViolation):
        db.execute("update message_embeddings set user_id = null")


def test_ac_t18_1_ac_t18_2_extensions_are_in_a_schema_of_their_own(db: Sync) -> None:
    """AC-T18.1, AC-T18.2."""
    query = "select extname, extnamespace::regnamespace::text from pg_extension where extname in ('vector', 'pg_trgm')"
    assert dict(db.execute(query).fetchall()) == {"vector": "extensions", "pg_trgm": "extensions"}


def test_parts_of_words_are_found_by_index_in_conversations_that_have_ended(db: Sync, player: str) -> None:
    wanted = talk(db, player, "We met Will in Zürich")
    db.execute("update conversations set ended_at = now()")
    db.execute("set enable_seqscan = off")
    plan = "\n".join(str(line) for (line,) in db.execute(f"explain {PART}").fetchall())
    assert "conversations_trigrams" in plan
    assert db.execute(PART).fetchall() == [(wanted,)]


def test_ac_t18_4_a_registration_waits_for_ten_minutes(db: Sync) -> None:
    """AC-T18.4."""
    db.execute("insert into pending_registrations (telegram_id, email) values (7, 'a@example.org')")
    assert one(db, "select (expires_at - created_at)::text from pending_registrations") == "00:10:00"


def test_ac_t18_5_registrations_that_ran_out_are_deleted(db: Sync) -> None:
    """AC-T18.5."""
    for number, age in enumerate(("11 minutes", "9 minutes", "1 day")):
        db.execute(
            "insert into pending_registrations (telegram_id, email, created_at, expires_at) "
            "values (%(id)s, 'a@b', now() - %(age)s::interval, now() - %(age)s::interval + interval '10 minutes')",
            {"id": number, "age": age},
        )
    assert one(db, "select nightshift.delete_expired_registrations()") == 2
    assert db.execute("select telegram_id from pending_registrations").fetchall() == [(1,)]


@pytest.mark.parametrize(("delta", "score"), [("3.256", "53.26"), ("-60", "0.00"), ("60", "100.00"), ("0", "50.00")])
def test_a_change_of_score_is_kept_in_bounds_and_written_twice(db: Sync, player: str, delta: str, score: str) -> None:
    told = one(
        db, "select (nightshift.change_score(%s, %s::numeric, 'chat', '{\"why\": 1}')).score::text", player, delta
    )
    kept = one(db, "select relationship_score::text from users where id = %s", player)
    written = db.execute("select score::text, chapter, event_type, event_details from score_history").fetchall()
    assert (told, kept, written) == (score, score, [(score, 1, "chat", {"why": 1})])


def test_changes_at_the_same_time_are_written_in_the_order_in_which_they_happened(
    database_url: str, db: Sync, player: str
) -> None:
    db.commit()

    def change(source: Random) -> None:
        with psycopg.connect(database_url, autocommit=True) as conn:
            for _ in range(CHANGES):
                delta = source.randint(-30, 30)
                statement = "select nightshift.change_score(%s, %s, 'chat', %s)"
                conn.execute(statement, [player, delta, Jsonb({"delta": delta})])

    with ThreadPoolExecutor() as pool:
        list(pool.map(change, [Random(seed) for seed in range(4)]))  # noqa: S311
    score = 50
    for written, delta in db.execute("select score, (event_details ->> 'delta')::int from score_history order by id"):
        score = min(max(score + delta, 0), 100)
        assert written == score
    assert one(db, "select relationship_score from users where id = %s", player) == score


def test_a_change_by_nothing_known_is_refused(db: Sync, player: str) -> None:
    for unknown in (None, "NaN"):
        with pytest.raises(NullValueNotAllowed), db.transaction():
            db.execute("select nightshift.change_score(%s, %s::numeric, 'chat')", [player, unknown])


def test_a_change_for_nobody_is_refused(db: Sync) -> None:
    with pytest.raises(NoDataFound):
        db.execute("select nightshift.change_score(gen_random_uuid(), 1, 'chat')")


def test_a_vice_is_known_once(db: Sync, player: str) -> None:
    statement = "insert into user_vice_preferences (user_id, category) values (%s, 'vanity')"
    db.execute(statement, [player])
    with pytest.raises(UniqueViolation):
        db.execute(statement, [player])


def test_every_table_of_players_can_be_filled(db: Sync, player: str) -> None:
    assert {insert(db, table, player) for table in sorted(OF_PLAYERS)} == {1}
