"""`doctor`: what is wrong here, and what to do about each."""

from dataclasses import asdict

import typer

from infra.commands.output import Json, console, print_json, show, told
from infra.commands.target import target


@told
def doctor(json: Json = False) -> None:  # noqa: FBT002 - a command line flag
    """Check settings, database, migrations, Redis, providers, functions and schedules. Exit status 1 on a fault."""
    from infra.commands.checks import examine  # noqa: PLC0415 - its clients take 300 ms, for this command only

    with console.status("Looking"):
        findings = examine(target().env)
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        marks = {True: "[green]ok[/]", False: "[red]fault[/]"}
        rows = [(marks[one.ok], one.name, one.detail, one.advice) for one in findings]
        show("Nightshift's health", ("", "Check", "Found", "What to do"), rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
