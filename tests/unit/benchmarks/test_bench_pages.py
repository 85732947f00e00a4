import json
import re
from pathlib import Path
from typing import Any, cast

from tests.benchmarks import cases, plot, publish
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Report, Target

FACTS = {
    "cores": 2,
    "cpu": "a processor",
    "memory_gib": 8,
    "system": "Linux",
    "file_system": "ext4",
    "load_before": [0.1],
    "measured_at": "2026-01-02T03:04:05+00:00",
    "python": "3.11",
    "postgresql": {"server_version": "18", "fsync": "on"},
}


class Drained:
    NAME, TITLE = "drain", "Drain"

    def measure(self, bench: Bench) -> Report:
        targets = [Target("of the limit", 0.85, 0.8), Target("p99", 21.0, 20.0, at_least=False, unit="ms")]
        unknown = Target("of a peer", float("nan"), 1.0)
        return Report("A summary.", charts={"drain.svg": "<svg/>"}, targets=[*targets, unknown], data={"a": 1})


def published(folder: Path) -> str:
    """Publish one case; its page."""
    case, bench = Drained(), Bench(cast("Any", None), 5, missing={"arq": "no\nnetwork"})
    publish.write(folder, case, bench, case.measure(bench), FACTS)
    publish.index(folder)
    return (folder / "drain.md").read_text()


def test_a_page_tells_which_targets_are_held_and_what_was_not_measured(tmp_path: Path) -> None:
    page = published(tmp_path)
    assert "| of the limit | 0.85 | ≥ 0.8 | yes |" in page
    assert "| p99 | 21 ms | ≤ 20 ms | **no** |" in page
    assert "| of a peer | not measured | ≥ 1 | **no** |" in page
    assert "Not measured: arq (no network)." in page


def test_the_index_lists_every_target_with_machine_and_day(tmp_path: Path) -> None:
    published(tmp_path)
    rows = (tmp_path / "README.md").read_text().splitlines()
    assert "| [Drain](drain.md) | of the limit | 0.85 | ≥ 0.8 | yes | 2 cores, a processor | 2026-01-02 |" in rows
    assert sum(row.startswith("| [Drain]") for row in rows) == 3


def test_the_figures_are_valid_json_even_where_one_is_missing(tmp_path: Path) -> None:
    published(tmp_path)
    result = json.loads((tmp_path / "drain.json").read_text(), parse_constant=lambda name: name)
    assert [target["measured"] for target in result["targets"]] == [0.85, 21.0, None]


def test_every_case_has_the_name_of_its_module() -> None:
    assert [cases.load(name).NAME for name in cases.names()] == cases.names()


def test_a_bar_is_as_long_as_its_value() -> None:
    chart = plot.bars("Rates", {"ours": {"rate": 200.0}, "other": {"rate": 50.0}}, "rows per second")
    _background, ours, other = (float(width) for width in re.findall(r'<rect .*?width="([0-9.]+)"', chart))
    assert round(ours / other, 2) == 4.0


def test_a_logarithmic_axis_leaves_out_what_is_not_above_zero() -> None:
    points = [(0.0, 1.0), (10.0, 1.0), (1000.0, 2.0)]
    chart = plot.lines("Growth", {"claim": points}, "rows", "ms", log_x=True)
    [line] = re.findall(r'<polyline points="(.*?)"', chart)
    assert len(line.split()) == 2
