"""What a person sees: bars while it runs, a table at the end."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local.demo.check import Check
from infra.local.demo.night import Zone

NIGHT = ("it is", "players", "talks", "mean score", "after", "points lost", "games over", "recaps")
WIDTH = 100  # columns where no terminal says


class Report:
    """Progress on standard error's terminal, or plain lines where there is none."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=quiet, quiet=quiet, width=None if sys.stdout.isatty() else WIDTH)
        self.began = time.monotonic()
        columns = [TextColumn("{task.description:<22}"), BarColumn(36), MofNCompleteColumn(), TimeElapsedColumn()]
        self.progress = Progress(*columns, console=self.console, refresh_per_second=4)
        self.bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def bar(self, name: str, total: int, completed: int) -> None:
        """Move a bar, or make it."""
        if name not in self.bars:
            self.bars[name] = self.progress.add_task(name, total=total)
        self.progress.update(self.bars[name], completed=min(completed, total))

    def tell(self, sentence: str) -> None:
        self.console.print(f"[dim]{time.monotonic() - self.began:5.1f} s[/dim]  {sentence}", highlight=False)

    def checks(self, checks: list[Check]) -> None:
        """Every claim, what was found, whether it held."""
        table = Table(title="What the providers saw", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("claim", overflow="fold")
        table.add_column("found", overflow="fold", justify="right")
        table.add_column("held")
        for check in checks:
            table.add_row(check.claim, check.found, "[green]yes[/green]" if check.held else "[bold red]NO[/bold red]")
        self.console.print()
        self.console.print(table)

    def night(self, zones: list[Zone]) -> None:
        """What the night did in each time zone."""
        table = Table(title="The night, before and after", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("time zone")
        for column in NIGHT:
            table.add_column(column, justify="right")
        for each in zones:
            lost, over = f"{each.lost:g}", str(each.over or "")
            scores = f"{each.before:.2f}", f"{each.after:.2f}"
            table.add_row(
                each.zone, each.time, str(each.players), str(each.talks), *scores, lost, over, str(each.recaps or "")
            )
        self.console.print()
        self.console.print(table)

    def look(self, home: Path, port: int, seconds: float, *, held: bool) -> None:
        """The verdict, and where to see more."""
        verdict = "[green]All of it held[/green]" if held else "[bold red]Not all of it held[/bold red]"
        shown = os.path.relpath(home)
        self.console.print(f"\n{verdict}, in {seconds:.0f} s. The data are kept. To look at them:", highlight=False)
        for command, purpose in (
            (f"NIGHTSHIFT_HOME={shown} make up", "the same database; a page with every email that was sent"),
            (
                f"NIGHTSHIFT_HOME={shown} .venv/bin/nightshift queue list",
                "then: queues and dead letters (`queue why` explains a row)",
            ),
            (f'curl -H "authorization: Bearer $(cat {shown}/service.key)" localhost:{port}/admin/runs', "what ran"),
        ):
            self.console.print(f"  {command}\n      [dim]{purpose}[/dim]", highlight=False, soft_wrap=True)
