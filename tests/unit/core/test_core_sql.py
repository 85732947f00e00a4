"""SQL in files: named statements beside the module that runs them (design, section 4)."""

import re
from pathlib import Path

import pytest

from shared import sql

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted([*ROOT.glob("shared/**/*.sql"), *ROOT.glob("functions/**/*.sql")])


@pytest.fixture
def queries(tmp_path: Path) -> sql.Queries:
    (tmp_path / "queries.sql").write_text("-- name: one\n-- The first.\nselect 1;\n\n-- name: two\nselect\n  2;\n")
    return sql.beside(str(tmp_path / "module.py"))


def test_a_statement_is_found_by_its_name(queries: sql.Queries) -> None:
    assert queries.one == b"-- The first.\nselect 1;"
    assert queries.two == b"select\n  2;"


def test_a_name_that_is_not_there_is_named(queries: sql.Queries) -> None:
    with pytest.raises(AttributeError, match=r"queries\.sql names no statement `three`"):
        _ = queries.three


def test_a_file_that_is_not_there_is_found_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sql.beside(str(tmp_path / "module.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_statement_says_what_it_is_for_and_casts_its_parameters(path: Path) -> None:
    for name, statement in sql.Queries(path).named.items():
        text = statement.decode()
        assert text.startswith("-- "), f"{name} has no sentence"
        loose = re.findall(r"%\((\w+)\)s(?!::)", re.sub("--.*", "", text))
        assert loose == [], f"{name} does not cast {loose}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_statement_outlives_itself(path: Path) -> None:
    text = re.sub(r"--.*", "", path.read_text()).lower()
    assert not re.search(r"\b(pg_(try_)?advisory_lock|prepare|listen|set\s+(session|local|role|search_path))\b", text)
