"""`run`: trigger a scheduled task now, as a scheduler would."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.commands.output import Json, console, fail, print_json, show, told
from infra.commands.target import Target, target
from shared.errors import BadRequestError, UnavailableError

if TYPE_CHECKING:
    import httpx

MARGIN = 30.0  # seconds more than the task's own timeout
Task = Annotated[str, typer.Argument(help="Such as deliver-responses.")]
At = Annotated[str | None, typer.Option(help="The tick to run, such as 2026-01-02T03:04:00Z. Default: now.")]


@told
def run(task: Task, at: At = None, json: Json = False) -> None:  # noqa: FBT002 - a command line flag
    """Run a scheduled task now and print its result. Exit status 1 when the run failed."""
    from shared import table  # noqa: PLC0415 - as above

    entry = table.lookup(task)
    body = {"scheduled_for": tick(at), "trigger": "manual"}
    with console.status(f"{task} runs, for {entry.timeout} s at most"):
        answer = post(target(), entry.name, body, entry.timeout + MARGIN)
    result = answer.json()
    if json:
        print_json(result)
    elif answer.is_success:
        show(f"{task}: {result.get('status')}", ("", ""), ((key, str(value)) for key, value in result.items()))
    if not answer.is_success:
        raise typer.Exit(1) if json else fail(f"{task} failed ({answer.status_code}): {result.get('detail')}")


def tick(at: str | None) -> str:
    """The tick's time as the tasks read it.

    Raises:
        BadRequestError: it is not a time.
    """
    try:
        moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    except ValueError:
        raise BadRequestError(f"{at!r} is not a time. Write it as 2026-01-02T03:04:00Z.") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def post(here: Target, name: str, body: dict[str, Any], timeout: float) -> "httpx.Response":
    """Call a function with the service key.

    Raises:
        UnavailableError: it cannot be reached, or does not answer in time.
    """
    import httpx  # noqa: PLC0415 - 100 ms, for this command only

    url, headers = f"{here.base_url}/{name}", {"Authorization": f"Bearer {here.service_key}"}
    try:
        return httpx.post(url, json=body, headers=headers, timeout=timeout, trust_env=False)
    except httpx.HTTPError as error:
        raise UnavailableError(f"{url} does not answer ({error}). `nightshift doctor` says more.") from None
