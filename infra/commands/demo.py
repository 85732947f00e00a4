"""`demo`: the main job on real services, with a report."""

import asyncio
from typing import Annotated

import typer

from infra.commands.output import Json, print_json, told
from infra.local.state import default_home

Port = Annotated[int, typer.Option(envvar="PORT", help="Where its functions are served on 127.0.0.1; 0 for any.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the stack running afterwards, until Ctrl-C.")]


@told
def demo(port: Port = 8080, *, keep: Keep = False, json: Json = False) -> None:
    """Run the main job for two minutes: replies, emails, payments under real limits and real trouble, then a night.

    Exit status 0 only if all of it held.
    """
    from infra.local.demo.main import perform  # noqa: PLC0415 - what `--help` need not load

    outcome = asyncio.run(perform(default_home() / "demo", port, quiet=json, keep=keep))
    if json:
        print_json(outcome.summary())
    raise typer.Exit(0 if outcome.held else 1)
