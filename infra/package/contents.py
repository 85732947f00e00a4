"""Our own files in a bundle: the function's folder, the modules that it can import, and what stands beside those."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from infra.package.reach import ROOT, Reach, source

TABLE_READER, TABLE = "shared.table", "serverless.yml"  # the module that reads the table while a function runs


def contents(folder: str, reach: Reach) -> dict[str, Path]:
    """The files of a function, by their names in a bundle."""
    modules = [path for module in reach.modules if (path := source(module)) is not None]
    packages = {path.parent for path in modules if path.name != "__init__.py"}
    files = [*modules, *data(ROOT / "functions" / folder, packages), *data(ROOT / "shared", packages)]
    if TABLE_READER in reach.modules:
        files.append(ROOT / TABLE)
    return {path.relative_to(ROOT).as_posix(): path for path in files}


def data(folder: Path, packages: set[Path]) -> Iterator[Path]:
    """Statements, templates and texts below a folder, where the package that they belong to is in the bundle."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
        if path.is_file() and path.suffix != ".py" and not hidden and package(path) in packages:
            yield path


def package(path: Path) -> Path:
    """The package that a file belongs to: the nearest folder above it that is one."""
    return next(folder for folder in path.parents if (folder / "__init__.py").is_file())


def copy(files: dict[str, Path], folder: Path) -> None:
    """Lay files out as a bundle has them."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def tree(folder: Path) -> dict[str, Path]:
    """Every file below a folder, by its name there."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
