"""Google's APIs on loopback, as far as a deployment uses them: what is sent is checked by Google's own message classes.

Sources: the REST references of Cloud Run v2, Cloud Scheduler v1, Secret Manager v1, IAM v1, Artifact Registry v1,
Cloud Storage v1 and Resource Manager v3.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from google.cloud import run_v2, scheduler_v1
from google.protobuf import json_format

from tests.deploy.gcp.fake_wire import Json, RefusedError, missing

PROJECT, NUMBER, REGION = "my-project", "123456789012", "europe-west1"
PARENT = f"projects/{PROJECT}/locations/{REGION}"


class FakeGoogle:
    """One project, empty at first; `fake_wire.Server` makes it answer.

    Attributes:
        writes: what was asked of it beyond looking, as `POST path`.
        refuse: raised at the next call whose path holds the key.
        versions: by secret, its versions and their states; a test fills them, as people do.
    """

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.refuse: dict[str, RefusedError] = {}
        self.accounts: dict[str, Json] = {}
        self.versions: dict[str, list[str]] = {}
        self.policies: dict[str, Json] = {}
        self.buckets: dict[str, Json] = {}
        self.sources: dict[str, bytes] = {}
        self.repositories: dict[str, Json] = {}
        self.images: set[str] = set()
        self.builds: list[Json] = []
        self.broken_builds: set[str] = set()
        self.services: dict[str, Json] = {}
        self.jobs: dict[str, Json] = {}
        self.operations: dict[str, Json] = {}

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> Json:
        """One call; whoever it is for finds out by its path."""
        for key in [key for key in self.refuse if key in path]:
            raise self.refuse.pop(key)
        if method != "GET":
            self.writes.append(f"{method} {path}")
        for pattern, method_of_it, take in ROUTES:
            if method == method_of_it and (found := re.fullmatch(pattern, path)):
                return take(self, *map(unquote, found.groups()), query=query, body=body)
        raise RefusedError(404, "NOT_FOUND", f"No such method: {method} {path}")

    def operation(self, outcome: Json, kind: str = "", **metadata: Any) -> Json:
        """Something that goes on: done at the first look."""
        name = f"{PARENT}/operations/{len(self.operations) + 1}"
        typed = {"@type": f"type.googleapis.com/{kind}", **outcome} if kind else outcome
        self.operations[name] = {"name": name, "done": True, "response": typed}
        return (
            {"name": name, "metadata": {"@type": f"type.googleapis.com/{kind}", **metadata}} if kind else {"name": name}
        )

    def project(self, project: str, **_: Any) -> Json:
        if project != PROJECT:
            raise RefusedError(403, "PERMISSION_DENIED", "Permission 'resourcemanager.projects.get' denied.")
        return {"name": f"projects/{NUMBER}", "projectId": PROJECT, "state": "ACTIVE"}

    def list_accounts(self, query: dict[str, str], **_: Any) -> Json:
        """Two a page, whatever is asked: pages have to be turned."""
        begin = int(query.get("pageToken", "0"))
        page = list(self.accounts.values())[begin : begin + 2]
        more = {"nextPageToken": str(begin + 2)} if begin + 2 < len(self.accounts) else {}
        return {"accounts": page, **more}

    def get_account(self, email: str, **_: Any) -> Json:
        if email not in self.accounts:
            raise missing(email)
        return self.accounts[email]

    def create_account(self, body: bytes, **_: Any) -> Json:
        asked = json.loads(body)
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", asked["accountId"])
        email = f"{asked['accountId']}@{PROJECT}.iam.gserviceaccount.com"
        self.accounts[email] = {"email": email, **asked["serviceAccount"]}
        return self.accounts[email]

    def delete_account(self, email: str, **_: Any) -> Json:
        if self.accounts.pop(email, None) is None:
            raise missing(email)
        return {}

    def create_secret(self, query: dict[str, str], **_: Any) -> Json:
        self.versions[query["secretId"]] = []
        return {"name": f"projects/{NUMBER}/secrets/{query['secretId']}"}

    def list_versions(self, secret: str, query: dict[str, str], **_: Any) -> Json:
        if secret not in self.versions:
            raise missing(secret)
        base = f"projects/{NUMBER}/secrets/{secret}/versions"
        numbered = list(enumerate(self.versions[secret], 1))[::-1]
        enabled = [number for number, state in numbered if f"state:{state}" == query["filter"]]
        return {"versions": [{"name": f"{base}/{number}", "state": "ENABLED"} for number in enabled]}

    def get_policy(self, secret: str, **_: Any) -> Json:
        return self.policies.get(secret, {"etag": "BwA="})

    def set_policy(self, secret: str, body: bytes, **_: Any) -> Json:
        policy: Json = json.loads(body)["policy"]
        for member in [member for binding in policy["bindings"] for member in binding["members"]]:
            kind, _, email = member.partition(":")
            if kind == "serviceAccount" and email not in self.accounts:
                raise RefusedError(400, "INVALID_ARGUMENT", f"Service account {email} does not exist.")
        self.policies[secret] = policy
        return policy

    def get_bucket(self, bucket: str, **_: Any) -> Json:
        if bucket not in self.buckets:
            raise missing(bucket)
        return self.buckets[bucket]

    def create_bucket(self, body: bytes, **_: Any) -> Json:
        asked = json.loads(body)
        self.buckets[asked["name"]] = {**asked, "projectNumber": NUMBER}
        return self.buckets[asked["name"]]

    def delete_bucket(self, bucket: str, **_: Any) -> Json:
        if self.sources:
            raise RefusedError(409, "CONFLICT", "The bucket you tried to delete is not empty.")
        return self.buckets.pop(bucket)

    def list_sources(self, _bucket: str, **_: Any) -> Json:
        return {"items": [{"name": name, "bucket": _bucket} for name in self.sources]}

    def delete_source(self, _bucket: str, name: str, **_: Any) -> Json:
        del self.sources[name]
        return {}

    def upload(self, _bucket: str, query: dict[str, str], body: bytes, **_: Any) -> Json:
        """A multipart upload: the object's name, then its bytes."""
        parts = body.split(body.split(b"\r\n", 1)[0])  # by the boundary, which comes first
        head, content = (part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in parts[1:3])
        name = json.loads(head)["name"]
        if name in self.sources and query.get("ifGenerationMatch") == "0":
            raise RefusedError(412, "FAILED_PRECONDITION", "At least one of the pre-conditions did not hold.")
        self.sources[name] = content
        return {"name": name, "bucket": _bucket}

    def get_repository(self, name: str, **_: Any) -> Json:
        if name not in self.repositories:
            raise missing(name)
        return self.repositories[name]

    def create_repository(self, query: dict[str, str], body: bytes, **_: Any) -> Json:
        self.repositories[query["repositoryId"]] = json.loads(body)
        return self.operation({})

    def delete_repository(self, name: str, **_: Any) -> Json:
        del self.repositories[name]
        self.images.clear()
        return self.operation({})

    def submit_build(self, body: bytes, **_: Any) -> Json:
        asked: Json = json.loads(body)
        json_format.ParseDict(asked, run_v2.SubmitBuildRequest.pb(run_v2.SubmitBuildRequest()))
        source = asked["storageSource"]
        if source["bucket"] not in self.buckets or source["object"] not in self.sources or not self.repositories:
            raise RefusedError(400, "FAILED_PRECONDITION", "There is no source, or nowhere to put the image.")
        self.builds.append(asked)
        kind, log = "google.devtools.cloudbuild.v1.BuildOperationMetadata", "https://build.example/log"
        started = self.operation({}, kind, build={"id": "b", "logUrl": log})
        function = source["object"].split("/")[0]
        if function in self.broken_builds:
            error = {"code": 9, "message": "Build failed; check build logs for details"}
            self.operations[started["name"]] = {"name": started["name"], "done": True, "error": error}
        else:
            self.images.add(asked["imageUri"])
        return {"buildOperation": started, "baseImageUri": asked["buildpackBuild"]["baseImage"]}

    def list_services(self, **_: Any) -> Json:
        return {"services": list(self.services.values())}

    def create_service(self, query: dict[str, str], body: bytes, **_: Any) -> Json:
        return self.keep(f"{PARENT}/services/{query['serviceId']}", json.loads(body))

    def update_service(self, name: str, body: bytes, **_: Any) -> Json:
        if f"{PARENT}/services/{name}" not in self.services:
            raise missing(name)
        return self.keep(f"{PARENT}/services/{name}", json.loads(body))

    def keep(self, name: str, asked: Json) -> Json:
        """A service as Cloud Run gives it back: its enumerations by name, and what it adds."""
        service = run_v2.Service.pb(run_v2.Service())
        json_format.ParseDict(asked, service)
        kept = json_format.MessageToDict(service)
        self.check(kept["template"])
        kept["template"]["containers"][0]["ports"] = [{"name": "http1", "containerPort": 8080}]
        kept |= {
            "name": name,
            "uid": "u",
            "generation": "1",
            "launchStage": "GA",
            "etag": '"e"',
            "uri": "https://x.example",
        }
        self.services[name] = kept
        return self.operation(kept, "google.cloud.run.v2.Service")

    def check(self, template: Json) -> None:
        """What Cloud Run looks up before it makes a revision."""
        container = template["containers"][0]
        if template["serviceAccount"] not in self.accounts:
            raise RefusedError(400, "INVALID_ARGUMENT", "The service account does not exist.")
        if container["image"] not in self.images:
            raise RefusedError(400, "INVALID_ARGUMENT", f"Image '{container['image']}' not found.")
        for row in container["env"]:
            if reference := row.get("valueSource", {}).get("secretKeyRef"):
                self.check_secret(template["serviceAccount"], **reference)

    def check_secret(self, account: str, secret: str, version: str) -> None:
        readers = [member for one in self.get_policy(secret).get("bindings", []) for member in one["members"]]
        if f"serviceAccount:{account}" not in readers or self.versions[secret][int(version) - 1] != "ENABLED":
            raise RefusedError(400, "FAILED_PRECONDITION", f"Permission denied on secret: {secret} for {account}.")

    def delete_service(self, name: str, **_: Any) -> Json:
        return self.operation(self.services.pop(f"{PARENT}/services/{name}"), "google.cloud.run.v2.Service")

    def list_jobs(self, **_: Any) -> Json:
        return {"jobs": list(self.jobs.values())}

    def create_job(self, body: bytes, **_: Any) -> Json:
        return self.keep_job(json.loads(body))

    def update_job(self, name: str, body: bytes, **_: Any) -> Json:
        return self.keep_job({"name": f"{PARENT}/jobs/{name}", **json.loads(body)})

    def keep_job(self, asked: Json) -> Json:
        """A job as Cloud Scheduler gives it back, with what it adds."""
        job = scheduler_v1.Job.pb(scheduler_v1.Job())
        json_format.ParseDict(asked, job)
        kept = json_format.MessageToDict(job)
        if kept["httpTarget"]["oidcToken"]["serviceAccountEmail"] not in self.accounts:
            raise RefusedError(404, "NOT_FOUND", "The service account does not exist.")
        state = self.jobs.get(kept["name"], {}).get("state", "ENABLED")
        kept["retryConfig"] = {"maxRetryDuration": "0s", "maxDoublings": 5, **kept.get("retryConfig", {})}
        kept["httpTarget"]["headers"] = {"User-Agent": "Google-Cloud-Scheduler"}
        self.jobs[kept["name"]] = {**kept, "state": state, "userUpdateTime": "2026-01-02T03:04:05Z"}
        return self.jobs[kept["name"]]

    def delete_job(self, name: str, **_: Any) -> Json:
        del self.jobs[f"{PARENT}/jobs/{name}"]
        return {}

    def get_operation(self, name: str, **_: Any) -> Json:
        return self.operations[name]


Route = tuple[str, str, Callable[..., Json]]
ACCOUNTS, SECRETS = f"/v1/projects/{PROJECT}/serviceAccounts", f"/v1/projects/{PROJECT}/secrets"
ROUTES: tuple[Route, ...] = (
    (r"/v3/projects/([^/]+)", "GET", FakeGoogle.project),
    (ACCOUNTS, "GET", FakeGoogle.list_accounts),
    (ACCOUNTS, "POST", FakeGoogle.create_account),
    (f"{ACCOUNTS}/([^/]+)", "GET", FakeGoogle.get_account),
    (f"{ACCOUNTS}/([^/]+)", "DELETE", FakeGoogle.delete_account),
    (SECRETS, "POST", FakeGoogle.create_secret),
    (f"{SECRETS}/([^/]+)/versions", "GET", FakeGoogle.list_versions),
    (f"{SECRETS}/([^/]+):getIamPolicy", "GET", FakeGoogle.get_policy),
    (f"{SECRETS}/([^/]+):setIamPolicy", "POST", FakeGoogle.set_policy),
    (r"/storage/v1/b", "POST", FakeGoogle.create_bucket),
    (r"/storage/v1/b/([^/]+)", "GET", FakeGoogle.get_bucket),
    (r"/storage/v1/b/([^/]+)", "DELETE", FakeGoogle.delete_bucket),
    (r"/storage/v1/b/([^/]+)/o", "GET", FakeGoogle.list_sources),
    (r"/storage/v1/b/([^/]+)/o/(.+)", "DELETE", FakeGoogle.delete_source),
    (r"/upload/storage/v1/b/([^/]+)/o", "POST", FakeGoogle.upload),
    (f"/v1/{PARENT}/repositories", "POST", FakeGoogle.create_repository),
    (f"/v1/{PARENT}/repositories/([^/]+)", "GET", FakeGoogle.get_repository),
    (f"/v1/{PARENT}/repositories/([^/]+)", "DELETE", FakeGoogle.delete_repository),
    (f"/v2/{PARENT}/builds:submit", "POST", FakeGoogle.submit_build),
    (f"/v2/{PARENT}/services", "GET", FakeGoogle.list_services),
    (f"/v2/{PARENT}/services", "POST", FakeGoogle.create_service),
    (f"/v2/{PARENT}/services/([^/]+)", "PATCH", FakeGoogle.update_service),
    (f"/v2/{PARENT}/services/([^/]+)", "DELETE", FakeGoogle.delete_service),
    (f"/v1/{PARENT}/jobs", "GET", FakeGoogle.list_jobs),
    (f"/v1/{PARENT}/jobs", "POST", FakeGoogle.create_job),
    (f"/v1/{PARENT}/jobs/([^/]+)", "PATCH", FakeGoogle.update_job),
    (f"/v1/{PARENT}/jobs/([^/]+)", "DELETE", FakeGoogle.delete_job),
    (f"/v[12]/({PARENT}/operations/.+)", "GET", FakeGoogle.get_operation),
)
