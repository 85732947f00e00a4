"""The rendered documents, applied to one project, in an order in which each step finds what it needs.

Applied again, nothing changes: each step looks at what is there first.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.gcp import accounts, cloud_run, cloud_scheduler, fit, names, secret_manager, source
from infra.gcp.google import Google
from infra.gcp.place import JOBS, SERVICES, Place, documents
from shared.errors import ConfigurationError

PROJECT = re.compile(
    r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
)  # cloud.google.com/resource-manager/docs/creating-managing-projects
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
Tell = Callable[[str], None]
Document = dict[str, Any]


def check_names(project: str, region: str) -> None:
    """Ask for the names of a project and a region.

    Raises:
        ConfigurationError: these cannot be right.
    """
    if not (PROJECT.fullmatch(project) and REGION.fullmatch(region)):
        raise ConfigurationError("Name the project and the region, such as PROJECT=my-project REGION=europe-west1.")


def locate(google: Google, project: str, region: str, environment: Mapping[str, str]) -> Place:
    """The project, with its number."""
    number = google.call("cloudresourcemanager", "GET", f"v3/projects/{project}")["name"].rsplit("/", 1)[-1]
    return Place(project, number, region, environment)


def deploy(google: Google, place: Place, tell: Tell, bundles: Path = source.BUNDLES) -> None:
    """Bring the project to what the table says, and tell what changed.

    Raises:
        ConfigurationError: something is missing that only the deployer has; names it.
        UnavailableError: a build failed.
    """
    rendered = documents(SERVICES)
    sources = {function: source.packed(function, bundles) for function in rendered}
    versions = ready_secrets(google, place, rendered, tell)
    told(tell, "account", accounts.ensure(google, place, rendered), "created")
    told(tell, "secret", secret_manager.grant(google, place, fit.readers(rendered)), "readable by its functions")
    wanted = {
        function: fit.service(document, place, sources[function].key, versions)
        for function, document in rendered.items()
    }
    bring_up(google, place, wanted, sources, tell)
    fire(google, place, documents(JOBS), tell)
    told(tell, "account", accounts.prune(google, place, rendered), "deleted")
    tell(f"Deployed. Stripe posts to {place.filled(names.origin('stripe-webhook'))}/stripe-webhook")


def ready_secrets(google: Google, place: Place, rendered: Mapping[str, Document], tell: Tell) -> dict[str, str]:
    settings = list(fit.readers(rendered))
    versions = secret_manager.versions(google, place, settings)
    fit.check(rendered, place, versions)
    if empty := [names.secret(setting) for setting in settings if setting not in versions]:
        tell(f"Without a value, and so not set: {', '.join(empty)}")
    return versions


def bring_up(
    google: Google,
    place: Place,
    wanted: Mapping[str, Document],
    sources: Mapping[str, source.Source],
    tell: Tell,
) -> None:
    """Build what is new, then make or change the services, and delete those that the table has no longer."""
    found = cloud_run.deployed(google, place)
    todo = cloud_run.differing(wanted, found)
    new = [function for function in todo if image(wanted[function]) != image(found.get(function))]
    if new:
        tell(f"Building {', '.join(new)} ...")
        source.build(google, place, {function: sources[function] for function in new}, wanted, tell)
    cloud_run.apply(google, place, {function: wanted[function] for function in todo}, found)
    for function, what in todo.items():
        told(tell, "service", [function], what)
    gone = sorted(found.keys() - wanted.keys())
    cloud_run.delete(google, place, gone)
    told(tell, "service", gone, "deleted")


def image(document: Document | None) -> str | None:
    return document["template"]["containers"][0]["image"] if document else None


def fire(google: Google, place: Place, rendered: Mapping[str, Document], tell: Tell) -> None:
    jobs = {name: place.filled(document) for name, document in rendered.items()}
    for name, what in cloud_scheduler.apply(google, place, jobs).items():
        told(tell, "schedule", [name], what)


def remove(google: Google, place: Place, tell: Tell) -> None:
    """Take away all that `deploy` has made, but the secrets: their values cannot be made again."""
    for name, what in cloud_scheduler.apply(google, place, {}).items():
        told(tell, "schedule", [name], what)
    gone = sorted(cloud_run.deployed(google, place))
    cloud_run.delete(google, place, gone)
    told(tell, "service", gone, "deleted")
    told(tell, "account", accounts.prune(google, place, (), timer=False), "deleted")
    told(tell, "store", source.remove(google, place), "deleted")
    tell(f"Removed. The secrets stay: gcloud secrets list --filter labels.app=nightshift --project {place.project}")


def told(tell: Tell, kind: str, which: list[str], what: str) -> None:
    for name in which:
        tell(f"{kind} {name}: {what}")
