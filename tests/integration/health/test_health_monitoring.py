"""The dashboard and the alert rules name what /metrics writes, in PromQL that parses (spec, section 10)."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from functions.health.main import app
from functions.health.metrics import HELP
from shared import counters
from shared.counters import Counters, written
from shared.resources import Resources
from shared.web import Request
from tests import nightshift
from tests.nightshift import Connection

DOCS = Path(__file__).resolve().parents[3] / "docs"
DASHBOARD = json.loads((DOCS / "monitoring/grafana.json").read_text())
RULES = [
    rule for group in yaml.safe_load((DOCS / "monitoring/alerts.yml").read_text())["groups"] for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = re.compile(r"\$__rate_interval|\$\w+")
PROMETHEUS_OWN = {"up": {"job"}}
OURS = {  # what each counter is counted of
    counters.RUNS: {"job": "cleanup-stale", "status": "success"},
    counters.DELIVERIES: {"queue": "email_queue", "fate": "done"},
    counters.DEAD_LETTERS: {"queue": "email_queue"},
    counters.POSSIBLE_DUPLICATES: {"queue": "email_queue"},
    counters.LEASES_LOST: {"queue": "email_queue"},
    counters.LIMITER_WAITS: {"queue": "email_queue"},
    counters.LIMITER_WAITED: {"queue": "email_queue"},
    counters.CLAUDE_TOKENS: {"kind": "input"},
    counters.CLAUDE_COST: {},
}


def queries() -> dict[str, str]:
    """Every query by where it stands, with a value for each of the dashboard's variables."""
    found = {f"rule {rule['alert']}": rule["expr"] for rule in RULES}
    for panel in PANELS:
        found |= {f"panel {panel['id']}{each['refId']}": each["expr"] for each in panel["targets"]}
    return {
        place: VARIABLES.sub(lambda of: "5m" if "interval" in of[0] else "x", each) for place, each in found.items()
    }


QUERIES = queries()


@pytest.fixture
async def labels(database_url: str, conn: Connection) -> dict[str, set[str]]:
    """The labels of every series that /metrics writes, once everything was counted."""
    sums = Counters()
    sums.observe(counters.DURATIONS, 1, job="cleanup-stale")
    for name, of in OURS.items():
        sums.add(name, **of)
    await conn.execute("select nightshift.count_up(%s)", [written(sums.sums)])
    await conn.execute("insert into job_history (job_name) values ('cleanup-stale')")
    resources = Resources(nightshift.settings(database_url))
    headers = {"authorization": f"Bearer {nightshift.SERVICE_KEY}"}
    response = await app(Request("GET", "/metrics", headers), resources)
    await resources.close()
    found = defaultdict[str, set[str]](set, {name: set(of) for name, of in PROMETHEUS_OWN.items()})
    for sample in (
        each for family in text_string_to_metric_families(response.body.decode()) for each in family.samples
    ):
        found[sample.name] |= set(sample.labels)
    return found


def parts(query: Any) -> Iterator[Any]:
    """A query and all that it is made of."""
    yield query
    for name in ("args", "expr", "lhs", "rhs", "vector_selector"):
        below = getattr(query, name, None)
        for each in below if isinstance(below, list) else [below]:
            if each is not None:
                yield from parts(each)


def selectors(query: str) -> list[Any]:
    return [part for part in parts(promql.parse(query)) if isinstance(part, promql.VectorSelector)]


def test_everything_that_is_counted_is_known_here() -> None:
    assert OURS.keys() | {counters.DURATIONS} == counters.HELP.keys()


@pytest.mark.parametrize("place", QUERIES)
async def test_a_query_parses_and_names_only_series_and_labels_that_are_there(
    labels: dict[str, set[str]], place: str
) -> None:
    query = QUERIES[place]
    assert selectors(query)
    for each in selectors(query):
        assert each.name in labels
        assert {matcher.name for matcher in each.matchers.matchers} <= labels[each.name]
    there = set.union(*(labels[each.name] for each in selectors(query)))
    for part in parts(promql.parse(query)):
        if isinstance(part, promql.AggregateExpr) and part.modifier:
            assert set(part.modifier.labels) <= there


async def test_every_metric_is_on_the_dashboard(labels: dict[str, set[str]]) -> None:
    shown = {each.name for place, query in QUERIES.items() if place.startswith("panel") for each in selectors(query)}
    assert labels.keys() - PROMETHEUS_OWN.keys() - shown == set()


def test_every_metric_is_explained() -> None:
    page = (DOCS / "monitoring.md").read_text()
    told = [name for name in HELP if not name.startswith(("nightshift_pool_", "nightshift_queue_"))]
    assert [name for name in told if f"`{name}`" not in page] == []


async def test_the_dashboards_variables_are_found_in_series_that_are_there(labels: dict[str, set[str]]) -> None:
    asked = [each["definition"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    found = [re.fullmatch(r"label_values\((\w+), (\w+)\)", each) for each in asked]
    assert all(match and match[2] in labels[match[1]] for match in found)


def test_the_dashboard_asks_the_data_source_that_its_reader_chooses() -> None:
    sources = {panel["datasource"]["uid"] for panel in PANELS} | {
        target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]
    }
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert sources == {"${datasource}"}
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_how_urgent_it_is_and_what_to_look_at(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"].keys() == {"summary", "description"}
    told = re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"]))
    assert set(told) <= {"job", "queue", "status"}
