"""The timer's jobs: made, changed where they differ, deleted where the table has them no longer."""

from collections.abc import Mapping
from typing import Any

from google.cloud import scheduler_v1
from google.protobuf import json_format

from infra.gcp import names
from infra.gcp.compare import covers, overlaid
from infra.gcp.google import Google
from infra.gcp.place import Place

Document = dict[str, Any]


def deployed(google: Google, place: Place) -> dict[str, Document]:
    """Ours that are there, by their full names. Jobs carry no labels: their name says whose they are."""
    listed = google.jobs.list_jobs(parent=place.parent)
    return {job.name: plain(job) for job in listed if job.name.startswith(f"{place.parent}/jobs/{names.PREFIX}")}


def plain(job: scheduler_v1.Job) -> Document:
    """A job as its document; what has its default is left out."""
    content: Document = json_format.MessageToDict(scheduler_v1.Job.pb(job))
    return content


def message(document: Document) -> scheduler_v1.Job:
    """A document as a job.

    Raises:
        json_format.ParseError: it has what no job has.
    """
    job = scheduler_v1.Job()
    json_format.ParseDict(document, scheduler_v1.Job.pb(job))
    return job


def apply(google: Google, place: Place, wanted: Mapping[str, Document]) -> dict[str, str]:
    """What was done with which job: created, updated or deleted. One that somebody has paused stays so."""
    found, done = deployed(google, place), {}
    for document in wanted.values():
        job, there = message(document), found.get(document["name"])
        if there is None:
            google.jobs.create_job(parent=place.parent, job=job)
            done[job.name] = "created"
        elif not covers(there, plain(job)):
            google.jobs.update_job(job=message(overlaid(there, document)))
            done[job.name] = "updated"
    for name in found.keys() - {document["name"] for document in wanted.values()}:
        google.jobs.delete_job(name=name)
        done[name] = "deleted"
    return {name.rsplit("/", 1)[-1]: what for name, what in done.items()}
