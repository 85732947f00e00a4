"""`nightshift`: the command line."""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a Ctrl-C while libraries load ends it without a traceback

import typer

from infra.commands import demo, doctor, migrate, package, queue, stack, task, token

app = typer.Typer(
    help="Nightshift: the night crew of a product that lives on PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    stack.up,
    stack.down,
    stack.status,
    task.run,
    migrate.migrate,
    doctor.doctor,
    demo.demo,
    package.package,
    token.token,
):
    app.command()(command)
app.add_typer(queue.app, name="queue")

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()
