"""A function's packed source on its way to an image: uploaded, built. What is there already stays as it is."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Bucket

from infra.gcp import names
from infra.gcp.google import Google
from infra.gcp.place import Place
from shared.errors import ConfigurationError

BUNDLES = Path(__file__).resolve().parents[2] / "build" / "gcp"
NAMED_BY = 20  # characters of the digest


@dataclass(frozen=True)
class Source:
    """One packed source; `key` follows from its bytes."""

    function: str
    key: str
    data: bytes


def packed(function: str, bundles: Path = BUNDLES) -> Source:
    """The source of a function as `make package` has packed it: the same files are the same bytes.

    Raises:
        ConfigurationError: it has not.
    """
    archive = bundles / f"{function}.zip"
    if not archive.is_file():
        raise ConfigurationError(f"{archive} is missing: run `make package`.")
    data = archive.read_bytes()
    return Source(function, hashlib.sha256(data).hexdigest()[:NAMED_BY], data)


def build(
    google: Google,
    place: Place,
    sources: Mapping[str, Source],
    documents: Mapping[str, dict[str, Any]],
    tell: Callable[[str], None],
) -> None:
    """Build the images of these functions, all at once.

    Args:
        documents: their services, filled in; each says in `buildConfig` what to build from what.

    Raises:
        UnavailableError: one failed; says where its log is.
    """
    bucket = ensure_bucket(google, place)
    ensure_repository(google, place)
    for function, source in sources.items():
        upload(bucket, documents[function]["buildConfig"]["sourceLocation"], source)
    started = {function: submit(google, place, documents[function]["buildConfig"]) for function in sources}
    for function, operation in started.items():
        log = operation.get("metadata", {}).get("build", {}).get("logUrl", "")
        google.finished("cloudbuild", operation, f"The build of {function}", f"Its log: {log}" if log else "")
        tell(f"image {function}: built")


def submit(google: Google, place: Place, config: dict[str, Any]) -> dict[str, Any]:
    """Start one build; the operation that it is.

    A plain call: the client for Cloud Run cannot read the answer, in which Cloud Build speaks.
    """
    bucket, _, name = config["sourceLocation"].removeprefix("gs://").partition("/")
    body = {
        "storageSource": {"bucket": bucket, "object": name},
        "imageUri": config["imageUri"],
        "buildpackBuild": {name: config[name] for name in ("functionTarget", "baseImage", "enableAutomaticUpdates")},
    }
    operation: dict[str, Any] = google.call("run", "POST", f"v2/{place.parent}/builds:submit", body)["buildOperation"]
    return operation


def upload(bucket: Bucket, location: str, source: Source) -> None:
    """Put a source where its document says, once: the name follows from the content."""
    blob = bucket.blob(location.removeprefix(f"gs://{bucket.name}/"))
    try:
        blob.upload_from_string(source.data, content_type="application/zip", if_generation_match=0)
    except PreconditionFailed:
        return


def ensure_bucket(google: Google, place: Place) -> Bucket:
    """The bucket of sources.

    Raises:
        ConfigurationError: somebody else has taken its name.
    """
    client, name = google.storage(place.project), place.filled(names.BUCKET)
    try:
        bucket = client.get_bucket(name)
    except NotFound:
        bucket = client.bucket(name)
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.iam_configuration.public_access_prevention = "enforced"
        return client.create_bucket(bucket, location=place.region)
    if str(bucket.project_number) != place.number:
        raise ConfigurationError(f"The bucket {name} belongs to another project, which would see the source.")
    return bucket


def ensure_repository(google: Google, place: Place) -> None:
    path = f"v1/{place.parent}/repositories"
    if google.found("artifactregistry", f"{path}/{names.REPOSITORY}") is None:
        body = {"format": "DOCKER", "labels": names.LABELS}
        operation = google.call("artifactregistry", "POST", path, body, repositoryId=names.REPOSITORY)
        google.finished("artifactregistry", operation, "The repository of images")


def remove(google: Google, place: Place) -> list[str]:
    """Delete sources and images: `make package` makes them again."""
    gone = []
    try:
        bucket = google.storage(place.project).get_bucket(place.filled(names.BUCKET))
        bucket.delete_blobs(list(bucket.list_blobs()))
        bucket.delete()
        gone.append(bucket.name)
    except NotFound:
        pass
    path = f"v1/{place.parent}/repositories/{names.REPOSITORY}"
    if google.found("artifactregistry", path) is not None:
        operation = google.call("artifactregistry", "DELETE", path)
        google.finished("artifactregistry", operation, "Deleting the images")
        gone.append(names.REPOSITORY)
    return gone
