"""Many rows like one that a peer's own interface has made: a backlog within seconds."""

import psycopg
from psycopg import sql

COLUMNS = """
select column_name from information_schema.columns
where (table_schema || '.' || table_name)::regclass = %s::regclass and is_generated = 'NEVER' and is_identity = 'NO'
  and coalesce(column_default, '') not like 'nextval%%'
order by ordinal_position
"""
COPIES = (
    "insert into {table} ({columns}) select {values} from {table} model, generate_series(2, {total}) n where {model}"
)


def crowd(connection: psycopg.Connection, table: str, model: str, total: int, **instead: str) -> None:
    """Copy one row until there are `total` like it.

    Args:
        model: the SQL condition that finds the one row.
        instead: SQL for the columns that differ from copy to copy; those that count by themselves are left to that.
    """
    columns = [name for (name,) in connection.execute(COLUMNS, [table])]
    values = [sql.SQL(instead[name]) if name in instead else sql.Identifier("model", name) for name in columns]
    statement = sql.SQL(COPIES).format(
        table=sql.SQL(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values),
        total=total,
        model=sql.SQL(model),
    )
    connection.execute(statement)
    connection.commit()
