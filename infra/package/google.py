"""Google's source folders, `build/gcp/<function>/`, and the same as zips: its buildpack installs what they require."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from infra.package import archive
from infra.package.contents import contents, copy, tree
from infra.package.distributions import needed
from infra.package.platform import GOOGLE
from infra.package.reach import reach
from infra.package.sizes import Bundle
from shared.table import Entry

SERVER = ("functions-framework", "uvloop")  # the loop is taken by its server where it is installed
AMAZONS = frozenset({("shared.fan_out", "shared.fan_out.sqs")})  # imports that only Lambda's side comes to: its queue
# The buildpack starts functions-framework with FUNCTION_TARGET; its source is ./main.py. The decorator has an async
# function served by ASGI without a further setting.
MAIN = '''"""Where Google's buildpack looks for the function that FUNCTION_TARGET names: main."""

from functions_framework import aio

from functions.{folder}.main import main as function

main = aio.http(function)
'''


def build(entries: Sequence[Entry], out: Path, tell: Callable[[], None]) -> Iterator[Bundle]:
    """Make the folders and zips of some functions; `tell` is called after each."""
    for entry in entries:
        folder = out / "gcp" / entry.name
        lay_out(entry, folder)
        path = folder.with_name(f"{entry.name}.zip")
        archive.pack(path, tree(folder))
        files, size = archive.unpacked(path)
        yield Bundle(entry.name, "gcp", path, files, path.stat().st_size, size, 0)
        tell()


def lay_out(entry: Entry, folder: Path) -> None:
    """Write one source folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    found = reach(entry.folder, AMAZONS)
    copy(contents(entry.folder, found), folder)
    (folder / "main.py").write_text(MAIN.format(folder=entry.folder))
    pins = needed(found.tops, GOOGLE, also=SERVER)
    (folder / "requirements.txt").write_text("".join(map(str, pins)))
