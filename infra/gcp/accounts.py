"""A service account for each function, and one for the timer. None of them has a role in the project."""

from collections.abc import Iterable, Iterator

from google.api_core.exceptions import NotFound

from infra.gcp import names
from infra.gcp.google import Google
from infra.gcp.place import Place

SAID = "Nightshift: "  # how the display names of ours begin: other people's accounts may be named alike
PAGE = 100


def ensure(google: Google, place: Place, functions: Iterable[str]) -> list[str]:
    """Make those that are missing; their names."""
    wanted = {names.account(function): SAID + function for function in functions}
    wanted[names.SCHEDULER] = f"{SAID}its timer"
    missing = [name for name in wanted if google.found("iam", path(place, names.email(name, place.project))) is None]
    for name in missing:
        body = {"accountId": name, "serviceAccount": {"displayName": wanted[name]}}
        google.call("iam", "POST", path(place), body)
    return missing


def prune(google: Google, place: Place, functions: Iterable[str], *, timer: bool = True) -> list[str]:
    """Delete ours of functions that are no longer wanted, and the timer's unless it is; their names."""
    kept = {names.account(function) for function in functions} | ({names.SCHEDULER} if timer else set())
    gone = [email for email in ours(google, place) if email.split("@")[0] not in kept]
    for email in gone:
        delete(google, path(place, email))
    return [email.split("@")[0] for email in gone]


def ours(google: Google, place: Place) -> Iterator[str]:
    """Their addresses."""
    token: str | None = None
    while token != "":
        page = google.call("iam", "GET", path(place), pageSize=PAGE, pageToken=token)
        for account in page.get("accounts", []):
            if account.get("displayName", "").startswith(SAID):
                yield account["email"]
        token = page.get("nextPageToken", "")


def delete(google: Google, name: str) -> None:
    try:
        google.call("iam", "DELETE", name)
    except NotFound:
        return


def path(place: Place, email: str | None = None) -> str:
    base = f"v1/projects/{place.project}/serviceAccounts"
    return f"{base}/{email}" if email else base
