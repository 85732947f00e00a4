"""`make render` and `make check`: files that follow from the table."""

import shutil
from pathlib import Path

import pytest

from infra.render import __main__ as render
from infra.render.part import ROOT, renewed
from shared.errors import ConfigurationError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of all that is rendered."""
    for path in render.current():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_what_is_committed_is_current() -> None:
    assert render.outdated(ROOT, render.current()) == []


@pytest.mark.parametrize(
    "file",
    ["README.md", "infra/pg_cron/schedules.sql", "infra/gcp/services/health.yaml", "infra/gcp/jobs/apply-decay-1.yaml"],
)
def test_a_file_that_is_not_current_is_named(tree: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / file).write_text("something else\n")
    assert render.main(check=True, root=tree) == 1
    assert capsys.readouterr().err == f"Not current: {file}. Run `make render`.\n"


def test_a_file_of_a_function_that_is_gone_is_named_and_taken_away(tree: Path) -> None:
    gone = tree / "infra/gcp/services/gone.yaml"
    gone.write_text("description: Gone.\n")
    assert render.main(check=True, root=tree) == 1
    assert render.main(check=False, root=tree) == 0
    assert not gone.exists()


def test_files_that_are_missing_are_written(tree: Path) -> None:
    shutil.rmtree(tree / "infra" / "gcp")
    assert render.main(check=False, root=tree) == 0
    assert render.main(check=True, root=tree) == 0


def test_a_file_that_lost_its_marks_says_which() -> None:
    with pytest.raises(ConfigurationError, match=r"README\.md has lost the lines '<begin>' and '<end>'"):
        renewed(Path("README.md"), "<begin>\n", "<end>\n", "part")


def test_a_schedule_that_cannot_be_said_is_an_answer_and_no_traceback(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> dict[Path, str]:
        raise ConfigurationError("rate(7 minutes) cannot be said")

    monkeypatch.setattr(render, "current", refuse)
    assert render.main(check=False, root=tree) == 1
    assert capsys.readouterr().err == "rate(7 minutes) cannot be said\n"
