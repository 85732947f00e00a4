"""Lambda's bundles: `build/lambda/<platform>/<function>.zip`, each with its dependencies and all bytecode."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.package import archive
from infra.package.bytecode import compile_tree, interpreter
from infra.package.contents import contents, copy, tree
from infra.package.dependencies import Dependencies, forget, zipped
from infra.package.distributions import needed
from infra.package.platform import Platform, python_version
from infra.package.reach import Reach, reach
from infra.package.sizes import Bundle
from shared.errors import ConfigurationError
from shared.table import Entry, load

# Imports that only Google's side comes to: its server's answers, and its scheduler's tokens, which are looked at where
# OIDC_AUDIENCE is set. PyJWT brings cryptography: 4 MiB of each zip.
GOOGLES = frozenset({("shared.entrypoint", "starlette"), ("shared.auth", "shared.tokens")})
TOKENS = "OIDC_AUDIENCE"


def reached(entry: Entry) -> Reach:
    """What a function can import on Lambda, with the settings that the table gives it."""
    tokens = {edge for edge in GOOGLES if edge[1] == "shared.tokens" and TOKENS in entry.environment}
    return reach(entry.folder, GOOGLES - tokens)


def dependencies(entry: Entry, platform: Platform) -> Dependencies:
    """What a function needs of others on a platform; boto3 too, although Lambda has one: a version that is not ours.

    Raises:
        ConfigurationError: it makes AWS's clients in a way that does not show of which services.
    """
    found = reached(entry)
    if "boto3" in found.tops and not found.services:
        raise ConfigurationError(f"{entry.name} uses boto3, and no client(…) says literally of which service.")
    return Dependencies(platform, needed(found.tops, platform), found.services)


def build(
    entries: Sequence[Entry], platforms: Sequence[Platform], out: Path, tell: Callable[[], None]
) -> Iterator[Bundle]:
    """Make the bundles of some functions; `tell` is called after each set of dependencies and each bundle."""
    out.mkdir(parents=True, exist_ok=True)
    sets = {(entry.name, platform): dependencies(entry, platform) for entry in entries for platform in platforms}
    zipped(sets.values(), out, tell)
    if len(entries) == len(load()):
        forget(sets.values(), out)
    for entry in entries:
        with TemporaryDirectory(dir=out) as workshop:
            ours = compiled(entry, Path(workshop))
            for platform in platforms:
                yield bundle(entry, sets[entry.name, platform], ours, out)
                tell()


def compiled(entry: Entry, folder: Path) -> dict[str, Path]:
    """Our own part of a bundle, laid out in a folder."""
    copy(contents(entry.folder, reached(entry)), folder)
    compile_tree(folder, interpreter(python_version())[0])
    return tree(folder)


def bundle(entry: Entry, needs: Dependencies, ours: dict[str, Path], out: Path) -> Bundle:
    path = out / "lambda" / needs.platform.name / f"{entry.name}.zip"
    base = needs.archive(out)
    archive.pack(path, ours, base)
    files, size = archive.unpacked(path)
    _, others = archive.unpacked(base)
    return Bundle(entry.name, needs.platform.name, path, files, path.stat().st_size, size, others)
