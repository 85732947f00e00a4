"""The secrets: made empty, filled by people, read by the accounts of those functions that name them."""

from collections.abc import Iterable, Mapping

from google.api_core.exceptions import AlreadyExists, BadRequest, NotFound
from google.api_core.retry import Retry, if_exception_type
from google.iam.v1 import policy_pb2

from infra.gcp import names
from infra.gcp.google import Google
from infra.gcp.place import Place
from shared.errors import ConfigurationError

REQUIRED = ("DATABASE_URL", "SERVICE_KEYS")  # without these no function answers
READER = "roles/secretmanager.secretAccessor"
# An account that was made a moment ago is not known everywhere yet: cloud.google.com/iam/docs/service-accounts-create.
UNTIL_KNOWN = Retry(predicate=if_exception_type(BadRequest), initial=2.0, maximum=10.0, timeout=90.0)


def versions(google: Google, place: Place, settings: Iterable[str]) -> dict[str, str]:
    """The newest enabled version of each secret that has one, and no value; one that is not there is made, empty.

    Raises:
        ConfigurationError: a required one has no value; names every one.
    """
    found = {setting: version for setting in settings if (version := newest(google, place, setting))}
    empty = [names.secret(setting) for setting in REQUIRED if setting not in found]
    if empty:
        command = f"printf %s 'VALUE' | gcloud secrets versions add NAME --data-file=- --project {place.project}"
        raise ConfigurationError(f"These secrets have no value: {', '.join(empty)}. For each: {command}")
    return found


def newest(google: Google, place: Place, setting: str) -> str | None:
    name = path(place, setting)
    request = {"parent": name, "filter": "state:ENABLED", "page_size": 1}  # newest first
    try:
        version = next(iter(google.secrets.list_secret_versions(request=request)), None)
    except NotFound:
        make(google, place, setting)
        return None
    return version.name.rsplit("/", 1)[-1] if version else None


def make(google: Google, place: Place, setting: str) -> None:
    secret = {"replication": {"automatic": {}}, "labels": names.LABELS}
    request = {"parent": f"projects/{place.project}", "secret_id": names.secret(setting), "secret": secret}
    try:
        google.secrets.create_secret(request=request)
    except AlreadyExists:
        return


def grant(google: Google, place: Place, readers: Mapping[str, Iterable[str]]) -> list[str]:
    """Let exactly those functions read each secret, and leave other people's rights alone; the secrets that changed."""
    changed = []
    for setting, functions in readers.items():
        members = {member(place, function) for function in functions}
        policy = google.secrets.get_iam_policy(request={"resource": path(place, setting)})
        if put(policy, members, place):
            request = {"resource": path(place, setting), "policy": policy}
            UNTIL_KNOWN(google.secrets.set_iam_policy)(request=request)
            changed.append(setting)
    return changed


def put(policy: policy_pb2.Policy, members: set[str], place: Place) -> bool:
    """Make these the only ones of our accounts that the policy lets read; whether that changed it."""
    binding = next((one for one in policy.bindings if one.role == READER and not one.HasField("condition")), None)
    there = set(binding.members) if binding else set()
    wanted = members | {other for other in there if not ours(place, other)}
    if wanted == there:
        return False
    if binding is None:
        binding = policy.bindings.add(role=READER)
    binding.ClearField("members")
    binding.members.extend(sorted(wanted))
    return True


def ours(place: Place, other: str) -> bool:
    return other.startswith(f"serviceAccount:{names.ACCOUNT_PREFIX}") and other.endswith(names.email("", place.project))


def member(place: Place, function: str) -> str:
    return f"serviceAccount:{names.email(names.account(function), place.project)}"


def path(place: Place, setting: str) -> str:
    return f"projects/{place.project}/secrets/{names.secret(setting)}"
