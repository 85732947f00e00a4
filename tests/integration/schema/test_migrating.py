"""How migrations reach the database (spec, section 2: through a transaction-mode pooler)."""

from sqlalchemy import text

from infra.migrations import migrate


def test_migrations_name_no_statement_on_their_connection(empty_database_url: str) -> None:
    with migrate.engine(empty_database_url).connect() as connection:
        for _ in range(10):
            connection.execute(text("select :number"), {"number": 1})
        assert connection.execute(text("select name from pg_prepared_statements")).all() == []
