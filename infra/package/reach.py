"""What a function can import, read from the syntax of its modules and of those that they import, inside calls too."""

import ast
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("functions", "shared")


@dataclass(frozen=True)
class Reach:
    """What may be loaded while a function runs.

    Attributes:
        modules: ours, by their dotted names, packages among them.
        others: imported names of what is neither ours nor Python's.
        services: AWS's services of which clients are made.
    """

    modules: frozenset[str]
    others: frozenset[str]
    services: frozenset[str]

    @property
    def tops(self) -> frozenset[str]:
        """The top-level names of `others`."""
        return frozenset(map(top, self.others))


class Found(ast.NodeVisitor):
    """The imports and the clients of one module; what only a type checker imports does not count."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.imports: set[str] = set()
        self.services: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self.generic_visit(node)
        else:
            for statement in node.orelse:
                self.visit(statement)

    def visit_Import(self, node: ast.Import) -> None:
        self.imports.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = resolve_name("." * node.level + (node.module or ""), self.package)
        submodules = (f"{base}.{alias.name}" for alias in node.names) if top(base) in OURS else ()
        self.imports.update([base, *(name for name in submodules if source(name))])

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Attribute(attr="client" | "resource"), args=[ast.Constant(value=str(service)), *_]):
                self.services.add(service)  # as boto3 and its sessions make them
        self.generic_visit(node)


def reach(folder: str, barred: AbstractSet[tuple[str, str]] = frozenset()) -> Reach:
    """Follow a function's imports, from every module of its folder.

    Args:
        folder: its package under `functions/`.
        barred: imports that are not followed: the importing module, and the imported one or its top-level name.
    """
    waiting, modules, others, services = list(entries(folder)), set[str](), set[str](), set[str]()
    while waiting:
        module = waiting.pop()
        if module in modules:
            continue
        modules.add(module)
        found = read(module)
        names = {name for name in found.imports if is_followed(module, name, barred)}
        ours = {name for name in names if top(name) in OURS}
        waiting += [above for name in ours for above in lineage(name)]
        others |= names - ours
        services |= found.services
    return Reach(frozenset(modules), frozenset(others), frozenset(services))


def is_followed(module: str, name: str, barred: AbstractSet[tuple[str, str]]) -> bool:
    here = top(name) not in sys.stdlib_module_names
    return here and (module, name) not in barred and (module, top(name)) not in barred


def top(name: str) -> str:
    return name.partition(".")[0]


def entries(folder: str) -> Iterator[str]:
    """Every module of a function's folder, with the packages above it."""
    for path in sorted((ROOT / "functions" / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield from lineage(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def lineage(name: str) -> list[str]:
    """A module and the packages that Python loads before it."""
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def source(module: str) -> Path | None:
    """The file of one of our modules, or None where there is none of that name."""
    base = ROOT.joinpath(*module.split("."))
    candidates = (base / "__init__.py", base.with_name(f"{base.name}.py"))
    return next((path for path in candidates if path.is_file()), None)


@cache
def read(module: str) -> Found:
    """What one of our modules imports.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    path = source(module)
    if path is None:
        raise ModuleNotFoundError(f"{module} is imported and does not exist.", name=module)
    found = Found(module if path.name == "__init__.py" else module.rpartition(".")[0])
    found.visit(ast.parse(path.read_text(encoding="utf-8"), path))
    return found
