"""Zips that are the same bytes whenever and wherever the same files are packed."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can say
UNIX = 3  # the system whose permissions an entry has
READABLE = 0o100644  # a plain file that everybody may read; Lambda's function is not its owner
LEVEL = 6  # 9 takes twice as long for a hundredth less


def pack(archive: Path, files: Mapping[str, Path], base: Path | None = None) -> None:
    """Write a zip of files by the names that they have in it, after all that another zip holds."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    draft = archive.with_suffix(f".{os.getpid()}")
    if base is not None:
        shutil.copyfile(base, draft)
    with ZipFile(draft, "w" if base is None else "a", ZIP_DEFLATED) as written:
        for name in sorted(files):
            written.writestr(entry(name), files[name].read_bytes(), ZIP_DEFLATED, LEVEL)
    draft.replace(archive)


def entry(name: str) -> ZipInfo:
    """An entry's head, with nothing of this machine in it."""
    info = ZipInfo(name, EPOCH)
    info.create_system = UNIX
    info.external_attr = READABLE << 16
    return info


def unpacked(archive: Path) -> tuple[int, int]:
    """How many files a zip holds, and their bytes."""
    with ZipFile(archive) as opened:
        return len(opened.infolist()), sum(info.file_size for info in opened.infolist())
