"""A rendered part of a file that people write: what stands between two marks."""

from pathlib import Path

from shared.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def renewed(path: Path, begin: str, end: str, part: str) -> dict[Path, str]:
    """The file, by its path below the root, with that part brought up to date; marks are whole lines.

    Raises:
        ConfigurationError: the marks are not there.
    """
    text = (ROOT / path).read_text()
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ConfigurationError(f"{path} has lost the lines {begin.strip()!r} and {end.strip()!r}: put them back.")
    return {path: before + begin + part + end + after}
