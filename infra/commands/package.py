"""`package`: one bundle a function, for Lambda and for Google, and what each weighs."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.output import Json, complaints, fail, print_json, show, told
from infra.local.environment import ROOT
from shared.errors import NotFoundError

if TYPE_CHECKING:
    from infra.package.platform import Platform
    from infra.package.sizes import Bundle

COLUMNS = ("Function", "For", "Files", "Zip", "Unpacked", "of which others'")
Only = Annotated[list[str] | None, typer.Option(help="A function's deployed name. Default: all of the table.")]
Arch = Annotated[list[str] | None, typer.Option(help="x86_64, arm64 or gcp. Default: all of them.")]
Out = Annotated[Path, typer.Option(help="The folder to build in.", show_default="build")]


@told
def package(only: Only = None, arch: Arch = None, out: Out = ROOT / "build", *, json: Json = False) -> None:
    """Build a bundle a function: lambda/<arch>/<name>.zip and gcp/<name>/. Exit status 1 over a limit."""
    from infra.package.sizes import UNPACKED, ZIPPED, mib  # noqa: PLC0415 - what `--help` need not load

    bundles = build(only, arch, out.resolve())
    if json:
        print_json([asdict(one) | {"sha256": one.sha256} for one in bundles])
    else:
        show(f"Bundles. Lambda takes {mib(ZIPPED)} zipped and {mib(UNPACKED)} unpacked.", COLUMNS, rows(bundles))
    if faults := [fault for one in bundles for fault in one.faults]:
        raise fail("\n".join(faults))


def build(only: list[str] | None, arch: list[str] | None, out: Path) -> "list[Bundle]":
    """Build with a progress bar on the standard error."""
    from rich.progress import Progress  # noqa: PLC0415 - as above

    from infra.package import aws, google  # noqa: PLC0415
    from shared import table  # noqa: PLC0415

    entries = [table.lookup(name) for name in only or table.load()]
    platforms, with_google = chosen(arch)
    sets = {aws.dependencies(entry, platform) for entry in entries for platform in platforms}
    steps = len(sets) + len(entries) * (len(platforms) + with_google)
    with Progress(console=complaints, transient=True) as progress:
        task = progress.add_task("Packing", total=steps)

        def tell() -> None:
            progress.advance(task)

        bundles = list(aws.build(entries, platforms, out, tell))
        return bundles + (list(google.build(entries, out, tell)) if with_google else [])


def chosen(arch: list[str] | None) -> "tuple[list[Platform], bool]":
    """Lambda's platforms, and whether Google is asked for.

    Raises:
        NotFoundError: there is no such platform.
    """
    from infra.package.platform import LAMBDA  # noqa: PLC0415 - as above

    names = arch or [*LAMBDA, "gcp"]
    if unknown := set(names) - {*LAMBDA, "gcp"}:
        raise NotFoundError(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(LAMBDA)}, gcp.")
    return [LAMBDA[name] for name in names if name in LAMBDA], "gcp" in names


def rows(bundles: "Iterable[Bundle]") -> Iterable[tuple[str, ...]]:
    from infra.package.sizes import mib  # noqa: PLC0415 - as above

    for one in bundles:
        sizes = (mib(size) for size in (one.zipped, one.unpacked, one.dependencies))
        yield one.function, one.platform, str(one.files), *sizes
