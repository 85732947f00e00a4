"""What follows from the table of functions, written into the files that show it. `--check` only says what is old."""

import sys
from collections.abc import Mapping
from pathlib import Path

from infra.aws import render as aws
from infra.render import google_jobs, google_services, pg_cron, readme
from infra.render.part import ROOT
from shared.errors import NightshiftError

# Nothing but rendered files are there.
WHOLE = ("infra/aws/rendered/*.yml", "infra/gcp/services/*.yaml", "infra/gcp/jobs/*.yaml")


def current() -> dict[Path, str]:
    """Every rendered file by its path below the root, as the table has it now."""
    parts = (readme, google_services, google_jobs, pg_cron, aws)
    return {path: text for part in parts for path, text in part.files().items()}


def outdated(root: Path, wanted: Mapping[Path, str]) -> list[Path]:
    """The files that say something else, are missing, or are of a function that is gone."""
    old = [path for path, text in wanted.items() if not (root / path).is_file() or (root / path).read_text() != text]
    gone = {found.relative_to(root) for pattern in WHOLE for found in root.glob(pattern)} - wanted.keys()
    return sorted([*old, *gone])


def write(root: Path, wanted: Mapping[Path, str]) -> None:
    """Bring those files up to date."""
    for path in outdated(root, wanted):
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path])
        else:
            (root / path).unlink()


def main(*, check: bool, root: Path = ROOT) -> int:
    try:
        wanted = current()
    except NightshiftError as error:
        print(error.detail, file=sys.stderr)
        return 1
    if check and (old := outdated(root, wanted)):
        print(f"Not current: {', '.join(map(str, old))}. Run `make render`.", file=sys.stderr)
        return 1
    if not check:
        write(root, wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
