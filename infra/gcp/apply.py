"""`make deploy-gcp PROJECT=… REGION=…` and `make remove-gcp PROJECT=… REGION=…`."""

import os
from typing import Annotated

import typer

from infra.commands.output import console, told

Project = Annotated[str, typer.Option(help="The project's id.")]
Region = Annotated[str, typer.Option(help="Where the functions run, such as europe-west1.")]
Remove = Annotated[bool, typer.Option("--remove", help="Take it all away again, but the secrets.")]


@told
def apply(project: Project = "", region: Region = "", remove: Remove = False) -> None:  # noqa: FBT002 - a command line flag
    """Apply infra/gcp to a project."""
    from infra.gcp import deploy, google  # noqa: PLC0415 - Google's clients take a second
    from infra.gcp.refusals import explained  # noqa: PLC0415

    deploy.check_names(project, region)
    with explained(project):
        cloud = google.connect()
        place = deploy.locate(cloud, project, region, os.environ)
        step = deploy.remove if remove else deploy.deploy
        step(cloud, place, lambda line: console.print(line, markup=False, highlight=False))


if __name__ == "__main__":
    typer.run(apply)
