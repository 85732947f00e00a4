"""Nightshift on AWS: `python -m infra.aws deploy dev`, `remove dev`, `secrets dev`; `make` has a target for each."""

import os
from typing import Annotated

import typer

from infra.aws import account, bundles, osls
from infra.aws.settings import environment, region
from infra.aws.store import Store
from infra.commands.migrate import bring
from infra.commands.output import console, show, told
from shared import table

app = typer.Typer(help="Nightshift on AWS.", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def stage_name(value: str) -> str:
    """A stage is part of every name on AWS, and a queue's or a role's may have 64 characters at most."""
    if not (value.isascii() and value.isalnum() and value.islower() and len(value) <= 12):  # noqa: PLR2004
        raise typer.BadParameter("12 small letters and digits at most, such as dev or prod.")
    return value


Stage = Annotated[str, typer.Argument(callback=stage_name, help="dev, prod, …")]
Migrate = Annotated[bool, typer.Option("--migrate", help="Bring the stage's database to the newest revision first.")]


@app.command()
@told
def deploy(stage: Stage, migrate: Migrate = False) -> None:  # noqa: FBT002 - a command line flag
    """Deploy what serverless.yml says. Every check comes before the first change."""
    given, where = environment(os.environ), region(os.environ)
    number = account.prove(where)
    secrets = Store(stage, where).checked(table.secrets())
    account.need_room(where, sum(row.reserved or 0 for row in table.load().values()))
    bundles.ready()
    if migrate:
        bring(secrets["DATABASE_DIRECT_URL"].strip() or secrets["DATABASE_URL"])
    console.print(f"Deploying stage {stage} to account {number}, {where}.")
    # --force, since a new version of the secret leaves the template as it is, and would pass for no change at all.
    osls.run("deploy", "--stage", stage, "--force", env=given)
    urls(stage, where)


def urls(stage: str, where: str) -> None:
    """Where the functions answer."""
    told_by = account.outputs(where, f"nightshift-{stage}")
    base = told_by.get("HttpApiUrl", "")
    rows = [(name, f"{base}/{name}") for name in table.load()]
    show(f"Nightshift, stage {stage}", ("Function", "URL"), rows)


@app.command()
@told
def remove(stage: Stage) -> None:
    """Take a stage back: all but its secret, its database and the identities of SES."""
    where = region(os.environ)
    account.prove(where)
    osls.run("remove", "--stage", stage, env={"AWS_REGION": where})
    console.print(
        f"Stage {stage} is gone. Its secret stays: aws secretsmanager delete-secret --secret-id nightshift/{stage}"
    )


@app.command()
@told
def secrets(stage: Stage) -> None:
    """Write the stage's secret from this shell's environment. What is not set here keeps its value."""
    where = region(os.environ)
    account.prove(where)
    store = Store(stage, where)
    rows = store.renew(table.secrets(), os.environ).items()
    show(f"{store.name} in {where}", ("Key", "Now"), rows)
    console.print(f"Functions get it with the next deployment: make deploy-aws STAGE={stage}")


if __name__ == "__main__":
    app()
