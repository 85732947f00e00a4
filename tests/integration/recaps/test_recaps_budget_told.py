"""A day's budget that is used up: whoever can raise it is told."""

from infra.local.twins.claude import ClaudeTwin
from shared.resources import Resources
from tests import nightshift
from tests.integration.recaps.conftest import told
from tests.integration.recaps.players import player, recaps
from tests.nightshift import Connection


async def test_that_the_budget_is_used_up_is_told_with_what_to_do(
    database_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    given = told(claude, claude_daily_budget_usd=0, alert_webhook_url="https://ops.example.org/hook")
    resources = Resources(nightshift.settings(database_url, **given))
    await player(conn)
    await recaps(resources)
    await resources.close()
    [alert] = await (await conn.execute("select cause, summary, advice from alert_queue")).fetchall()
    assert alert["cause"] == "budget:generate-summaries"
    assert alert["summary"] == "generate-summaries has used up the day's budget of 0 USD."
    assert "CLAUDE_DAILY_BUDGET_USD" in alert["advice"]
