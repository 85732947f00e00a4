"""Run by the runtime's own Python, which may have nothing installed: compile every module below a folder.

What a module's bytecode marks as shared follows from what else its process has compiled before (CPython's marshal looks
at counts of references), and compileall compiles many in one. Here each has a process that has compiled nothing yet.
"""

import importlib.util
import os
import py_compile
import sys
from pathlib import Path

AT_ONCE = os.cpu_count() or 1


def main(folder: Path, prefix: str, *, in_place: bool) -> int:
    """Compile; 1 where a module has an error in its syntax.

    Args:
        prefix: the folder that tracebacks name instead of this one.
        in_place: bytecode lies where its source does, which then need not be shipped; else in `__pycache__`.
    """
    running, failed = 0, False
    for path in sorted(folder.rglob("*.py")):
        if running == AT_ONCE:
            failed |= os.wait()[1] != 0
            running -= 1
        if os.fork() == 0:
            os._exit(compiled(path, f"{prefix}/{path.relative_to(folder).as_posix()}", in_place=in_place))
        running += 1
    return int(any([os.wait()[1] != 0 for _ in range(running)]) or failed)  # noqa: C419 - all are waited for


def compiled(path: Path, name: str, *, in_place: bool) -> int:
    """Compile one module: valid whatever the date of its source."""
    target = f"{path}c" if in_place else importlib.util.cache_from_source(str(path))
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    try:
        py_compile.compile(str(path), target, name, doraise=True, invalidation_mode=unchecked)
    except py_compile.PyCompileError as error:
        os.write(sys.stderr.fileno(), f"{error}\n".encode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], in_place="--in-place" in sys.argv))
