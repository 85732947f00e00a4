"""A key that Claude refuses: whoever can act is told, once, and nobody's recap is lost."""

import json

from functions.watch.main import watch
from infra.local.twins.claude import ClaudeTwin
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.integration.recaps.conftest import told
from tests.integration.recaps.players import later, players, recaps, summaries, work
from tests.nightshift import Connection

WRONG = "sk-a-key-that-was-revoked"


async def test_a_barred_key_alerts_once_names_it_and_keeps_everybody(
    database_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    await players(conn, 30)
    async with Receiver() as receiver:
        given = told(claude, claude_timeout="5s") | {"alert_webhook_url": f"{receiver.url}/hook"}
        barred = Resources(nightshift.settings(database_url, **given | {"anthropic_api_key": WRONG}))
        assert (await recaps(barred))["status"] == 500
        assert (await later(conn, barred))["status"] == 500
        await nightshift.post(watch, barred)
        await barred.close()
        [alarm] = [one.body.decode() for one in receiver.got]
        assert "ANTHROPIC_API_KEY" in alarm
        assert WRONG not in alarm
        assert [record["outcome"] for record in claude.journal.all()] == ["unauthorized"] * 2, "one call a run"
        assert len(await work(conn)) == 30
        mended = Resources(nightshift.settings(database_url, **given))
        await later(conn, mended)
        await nightshift.post(watch, mended)
        await mended.close()
        assert [json.loads(one.body)["kind"] for one in receiver.got] == ["alarm", "recovery"]
    assert [row["written_by"] for row in await summaries(conn)] == ["claude"] * 30
