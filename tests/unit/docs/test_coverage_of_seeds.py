"""The table of the seeds' criteria says the truth about the tests; each fault names the line to mend."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
TABLE = "docs/coverage-of-seeds.md"
CRITERIA = 236  # of the five documents together
LINE = re.compile(r"\| (?P<id>[A-Z]{2}-T?\d+(\.\d+)+) \| (?P<criterion>\S.*?) \| (?P<shown>\S.*?) \|")
NAMED = re.compile(r"`(tests/[^`]*::[^`]*)`")
SAID = re.compile(r"`tests/|in another form: |not yet: ")  # how what shows a criterion begins
HEADS = ("| id |", "|---|")
# `_t4_2_1_and_3_` is for AC-T4.2.1 and AC-T4.2.3.
IN_NAME = re.compile(r"_t(?P<id>\d+(?:_\d+)+)(?P<more>(?:_and_\d+)*)(?=_)")


class Criterion(NamedTuple):
    number: int
    id: str
    shown: str

    @property
    def tests(self) -> set[str]:
        return set(NAMED.findall(self.shown))

    @property
    def place(self) -> str:
        return f"{TABLE}:{self.number}: {self.id}"


def lines() -> Iterator[tuple[int, str]]:
    """The lines of all tables with their numbers."""
    for number, line in enumerate((ROOT / TABLE).read_text().splitlines(), start=1):
        if line.startswith("|") and not line.startswith(HEADS):
            yield number, line


def criteria() -> list[Criterion]:
    found = [(number, LINE.fullmatch(line)) for number, line in lines()]
    return [Criterion(number, match["id"], match["shown"]) for number, match in found if match]


def all_tests() -> Iterator[str]:
    """Every test of the tree as pytest names it, found without running anything."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(ROOT)}::{node.name}"


def named_by(test: str) -> set[str]:
    """The ids of the criteria in a test's name."""
    ids = set()
    for match in IN_NAME.finditer(test):
        *group, first = match["id"].split("_")
        ids |= {f"AC-T{'.'.join([*group, last])}" for last in [first, *re.findall(r"\d+", match["more"])]}
    return ids


def none(faults: list[str]) -> None:
    """All of them at once, uncut."""
    assert not faults, "\n".join(["", *faults])


def test_every_line_is_a_criterion_with_what_shows_it() -> None:
    said = {each.number for each in criteria() if SAID.match(each.shown)}
    shape = "| id | criterion | tests, `in another form: …` or `not yet: …` |"
    none([f"{TABLE}:{number}: is not {shape}" for number, _ in lines() if number not in said])


def test_every_test_that_is_named_exists() -> None:
    there = set(all_tests())
    none([f"{each.place}: there is no {test}" for each in criteria() for test in sorted(each.tests - there)])


def test_every_test_that_names_a_criterion_stands_in_its_line() -> None:
    line = {each.id: each for each in criteria()}
    named = [(test, named_by(test)) for test in all_tests() if "::test_ac_" in test]
    none([f"{TABLE}: has no line of {test}" for test, ids in named if not ids or not ids <= line.keys()])
    none([f"{line[name].place}: lacks {test}" for test, ids in named for name in ids if test not in line[name].tests])


def test_no_criterion_stands_twice_and_none_is_left_out() -> None:
    counts: Counter[str] = Counter()
    for each in criteria():
        group = each.id.rpartition(".")[0]
        counts[group] += 1
        assert each.id == f"{group}.{counts[group]}", f"{each.place}: stands in the place of {group}.{counts[group]}"
    assert counts.total() == CRITERIA, f"{TABLE}: has {counts.total()} lines"
