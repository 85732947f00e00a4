"""The services: made, changed where they differ, deleted where the table has them no longer."""

from collections.abc import Mapping
from typing import Any

from google.cloud import run_v2
from google.protobuf import json_format

from infra.gcp import names
from infra.gcp.compare import covers, overlaid
from infra.gcp.google import LONGEST, Google
from infra.gcp.place import Place

Document = dict[str, Any]


def deployed(google: Google, place: Place) -> dict[str, Document]:
    """Ours that are there, by the names of their functions."""
    listed = google.services.list_services(parent=place.parent)
    labelled = [service for service in listed if dict(service.labels).items() >= names.LABELS.items()]
    return {service.name.rsplit("/", 1)[-1].removeprefix(names.PREFIX): plain(service) for service in labelled}


def plain(service: run_v2.Service) -> Document:
    """A service as its document; what has its default is left out."""
    content: Document = json_format.MessageToDict(run_v2.Service.pb(service))
    return content


def message(document: Document) -> run_v2.Service:
    """A document as a service.

    Raises:
        json_format.ParseError: it has what no service has.
    """
    service = run_v2.Service()
    json_format.ParseDict(document, run_v2.Service.pb(service))
    return service


def differing(wanted: Mapping[str, Document], found: Mapping[str, Document]) -> dict[str, str]:
    """What is to be done with each function: created or updated."""
    todo = {}
    for function, document in wanted.items():
        if function not in found:
            todo[function] = "created"
        elif not covers(found[function], plain(message(document))):
            todo[function] = "updated"
    return todo


def apply(google: Google, place: Place, wanted: Mapping[str, Document], found: Mapping[str, Document]) -> None:
    """Make or change these, all at once, and wait until each serves.

    Raises:
        GoogleAPICallError: one does not come up.
    """
    started = [start(google, place, function, document, found.get(function)) for function, document in wanted.items()]
    for operation in started:
        operation.result(timeout=LONGEST)


def start(google: Google, place: Place, function: str, wanted: Document, found: Document | None) -> Any:
    if found is None:
        service_id = names.service(function)
        return google.services.create_service(parent=place.parent, service=message(wanted), service_id=service_id)
    return google.services.update_service(service=message(changed(found, wanted)))


def changed(found: Document, wanted: Document) -> Document:
    """A service with what is wanted of it. It keeps what was added by hand beside, such as a way into a network."""
    service: Document = overlaid(found, wanted)
    containers = zip(found["template"]["containers"], wanted["template"]["containers"], strict=False)
    service["template"]["containers"] = [overlaid(one, other) for one, other in containers]
    service["template"].pop("revision", None)  # the new one is named by Cloud Run
    return service


def delete(google: Google, place: Place, functions: list[str]) -> None:
    started = [google.services.delete_service(name=path(place, function)) for function in functions]
    for operation in started:
        operation.result(timeout=LONGEST)


def path(place: Place, function: str) -> str:
    return f"{place.parent}/services/{names.service(function)}"
