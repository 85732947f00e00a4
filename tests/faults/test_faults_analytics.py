"""Analytics through PgBouncer in transaction mode: what is set for a transaction is gone with it (spec, section 2)."""

import psycopg
import pytest

from functions.prune_analytics.main import prune_analytics
from functions.refresh_analytics.main import refresh_analytics
from shared.resources import Resources
from shared.web import App
from tests import nightshift
from tests.integration.analytics.sources import USERS, event, figures, made, recomputed

LEFT = (
    "select current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('plan_cache_mode')"
)
PRUNING = "select coalesce(current_setting('nightshift.pruning', true), '')"


@pytest.mark.parametrize("task", [refresh_analytics, prune_analytics], ids=["refresh", "prune"])
async def test_a_run_through_the_pooler_works_and_leaves_no_setting_behind(
    pooled_url: str, database_url: str, task: App
) -> None:
    with psycopg.connect(database_url, autocommit=True) as db:
        [user] = made(db, USERS, 1)
        event(db, user, 0, 1, 400)
        resources = Resources(nightshift.settings(pooled_url))
        for _ in range(3):
            assert (await nightshift.post(task, resources)).status == 200
        await nightshift.post(refresh_analytics, resources)
        await resources.close()
        assert figures(db) == recomputed(
            db, pruned=3 - len(db.execute("select from session_analytics_events").fetchall())
        )
        usual = db.execute(LEFT).fetchall()
    with psycopg.connect(pooled_url, autocommit=True, prepare_threshold=None) as pooled:
        assert pooled.execute(LEFT).fetchall() == usual
        assert pooled.execute(PRUNING).fetchall() == [("",)]
