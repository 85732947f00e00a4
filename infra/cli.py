"""`nightshift`: the command line."""

import typer

from infra.commands import stack

app = typer.Typer(
    help="Nightshift: the night crew of a product that lives on PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(stack.up)
app.command()(stack.down)
app.command()(stack.status)

if __name__ == "__main__":
    app()
