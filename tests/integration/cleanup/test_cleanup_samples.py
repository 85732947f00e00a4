"""cleanup-stale: how the queues stood is kept for as long as the plots look back."""

from functions.cleanup_stale.main import cleanup_stale
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection


async def test_samples_of_the_queues_are_kept_for_30_days(conn: Connection, database_url: str) -> None:
    await conn.execute(
        "insert into queue_samples (queue, at, live, due, dead, done, died) "
        "select q.name, now() - make_interval(days => days), 0, 0, 0, 0, 0 from queues q, unnest(array[29, 31]) days"
    )
    resources = Resources(nightshift.settings(database_url))
    answer = nightshift.content(await nightshift.post(cleanup_stale, resources))
    await resources.close()
    left = await (await conn.execute("select at > now() - interval '30 days' as young from queue_samples")).fetchall()
    assert answer["detail"]["samples_deleted"] == len(left)
    assert all(row["young"] for row in left)
