"""`make deploy-gcp` and `make remove-gcp` against Google's APIs on loopback."""

import subprocess
import sys

import pytest
from google.auth.exceptions import DefaultCredentialsError

from infra.gcp import deploy
from infra.gcp.place import JOBS, SERVICES, documents
from infra.gcp.refusals import explained
from infra.render.part import ROOT
from shared.errors import ConfigurationError, ForbiddenError, UnavailableError
from tests.deploy.gcp.deployer import Deployer
from tests.deploy.gcp.fake_google import NUMBER, PARENT, PROJECT, FakeGoogle
from tests.deploy.gcp.fake_wire import RefusedError

FUNCTIONS = set(documents(SERVICES))
TIMER = f"nightshift-scheduler@{PROJECT}.iam.gserviceaccount.com"


def env(fake: FakeGoogle, function: str) -> dict[str, dict[str, object]]:
    rows = fake.services[f"{PARENT}/services/nightshift-{function}"]["template"]["containers"][0]["env"]
    return {row["name"]: row for row in rows}


def test_an_empty_project_is_brought_to_what_the_table_says(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    assert {name.removeprefix(f"{PARENT}/services/nightshift-") for name in fake.services} == FUNCTIONS
    assert {name.removeprefix(f"{PARENT}/jobs/nightshift-") for name in fake.jobs} == set(documents(JOBS))
    assert fake.accounts.keys() == {f"ns-{name}@{PROJECT}.iam.gserviceaccount.com" for name in FUNCTIONS} | {TIMER}
    assert len(fake.builds) == len(FUNCTIONS)
    assert not any("${" in str(kept) for kept in (*fake.services.values(), *fake.jobs.values()))


def test_applied_again_it_changes_nothing(deployer: Deployer) -> None:
    assert deployer.deploy() != []
    assert deployer.deploy() == []


def test_a_timer_calls_the_function_in_the_words_that_the_function_expects(
    deployer: Deployer, fake: FakeGoogle
) -> None:
    deployer.deploy()
    target = fake.jobs[f"{PARENT}/jobs/nightshift-apply-decay-1"]["httpTarget"]
    told = env(fake, "apply-decay")
    assert target["uri"] == f"https://nightshift-apply-decay-{NUMBER}.europe-west1.run.app/apply-decay"
    assert target["oidcToken"]["audience"] == told["OIDC_AUDIENCE"]["value"]
    assert target["oidcToken"]["serviceAccountEmail"] == told["OIDC_SERVICE_ACCOUNT"]["value"] == TIMER


def test_each_secret_is_read_by_those_functions_alone_that_name_it(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    [binding] = fake.policies["nightshift-telegram-bot-token"]["bindings"]
    assert binding["role"] == "roles/secretmanager.secretAccessor"
    assert binding["members"] == [f"serviceAccount:ns-deliver-responses@{PROJECT}.iam.gserviceaccount.com"]
    [everybody] = fake.policies["nightshift-database-url"]["bindings"]
    assert len(everybody["members"]) == len(FUNCTIONS)


def test_other_peoples_rights_to_a_secret_stay(deployer: Deployer, fake: FakeGoogle) -> None:
    theirs = {"role": "roles/secretmanager.secretAccessor", "members": ["user:ops@example.org"]}
    fake.policies["nightshift-smtp-url"] = {"bindings": [theirs], "etag": "BwA="}
    deployer.deploy()
    [binding] = fake.policies["nightshift-smtp-url"]["bindings"]
    assert "user:ops@example.org" in binding["members"]
    assert len(binding["members"]) == 2


def test_the_first_time_it_makes_the_secrets_and_says_how_to_fill_them(deployer: Deployer, fake: FakeGoogle) -> None:
    fake.versions.clear()
    with pytest.raises(ConfigurationError, match="nightshift-database-url, nightshift-service-keys") as caught:
        deployer.deploy()
    assert "gcloud secrets versions add" in caught.value.detail
    assert "nightshift-stripe-webhook-secrets" in fake.versions
    assert fake.services == {}


def test_a_secret_without_a_value_is_not_set_and_that_is_told(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    assert "REDIS_URL" not in env(fake, "deliver-responses")
    assert "TELEGRAM_BOT_TOKEN" in env(fake, "deliver-responses")
    assert any(line.startswith("Without a value") and "nightshift-redis-url" in line for line in deployer.said)


def test_a_new_version_of_a_secret_makes_new_revisions_of_its_functions_and_no_builds(
    deployer: Deployer, fake: FakeGoogle
) -> None:
    deployer.deploy()
    fake.versions["nightshift-telegram-bot-token"].append("ENABLED")
    assert deployer.deploy() == [f"PATCH /v2/{PARENT}/services/nightshift-deliver-responses"]
    reference = {"secret": "nightshift-telegram-bot-token", "version": "2"}
    assert env(fake, "deliver-responses")["TELEGRAM_BOT_TOKEN"]["valueSource"] == {"secretKeyRef": reference}


def test_a_version_that_is_disabled_gives_way_to_the_one_before(deployer: Deployer, fake: FakeGoogle) -> None:
    fake.versions["nightshift-telegram-bot-token"] = ["ENABLED", "DISABLED"]
    deployer.deploy()
    row = env(fake, "deliver-responses")["TELEGRAM_BOT_TOKEN"]
    assert row["valueSource"] == {"secretKeyRef": {"secret": "nightshift-telegram-bot-token", "version": "1"}}


def test_new_code_is_built_and_served_by_its_function_alone(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    (deployer.bundles / "health.zip").write_bytes(b"health, mended")
    writes = deployer.deploy()
    assert [call for call in writes if "storage" not in call] == [
        f"POST /v2/{PARENT}/builds:submit",
        f"PATCH /v2/{PARENT}/services/nightshift-health",
    ]
    assert fake.builds[-1]["buildpackBuild"]["functionTarget"] == "main"


def test_a_setting_of_the_deployers_own_reaches_the_function(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.environment["LOG_LEVEL"] = "DEBUG"
    deployer.deploy()
    assert env(fake, "health")["LOG_LEVEL"]["value"] == "DEBUG"
    assert env(fake, "deliver-responses")["LINGER_SECONDS"]["value"] == "55"


def test_what_was_changed_by_hand_is_set_right(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    service, job = f"{PARENT}/services/nightshift-admin", f"{PARENT}/jobs/nightshift-apply-decay-1"
    fake.services[service]["template"]["timeout"] = "5s"
    fake.services[service]["template"]["containers"][0]["env"].append({"name": "STRAY", "value": "1"})
    fake.jobs[job]["schedule"] = "0 12 * * *"
    assert deployer.deploy() == [f"PATCH /v2/{service}", f"PATCH /v1/{job}"]
    assert "STRAY" not in env(fake, "admin")


def test_what_was_added_by_hand_stays_beside_a_change(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    template = fake.services[f"{PARENT}/services/nightshift-admin"]["template"]
    template |= {"vpcAccess": {"connector": "c"}, "timeout": "5s", "revision": "nightshift-admin-by-hand"}
    template["containers"][0]["volumeMounts"] = [{"name": "cloudsql", "mountPath": "/cloudsql"}]
    deployer.deploy()
    changed = fake.services[f"{PARENT}/services/nightshift-admin"]["template"]
    assert (changed["vpcAccess"], changed["timeout"]) == ({"connector": "c"}, "29s")
    assert changed["containers"][0]["volumeMounts"] == [{"name": "cloudsql", "mountPath": "/cloudsql"}]
    assert "revision" not in changed


def test_a_paused_schedule_stays_paused(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    fake.jobs[f"{PARENT}/jobs/nightshift-apply-decay-1"]["state"] = "PAUSED"
    assert deployer.deploy() == []


def test_what_the_table_has_no_longer_is_deleted(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    service = fake.services[f"{PARENT}/services/nightshift-health"]
    fake.services[f"{PARENT}/services/nightshift-old"] = {**service, "name": f"{PARENT}/services/nightshift-old"}
    job = fake.jobs[f"{PARENT}/jobs/nightshift-apply-decay-1"]
    fake.jobs[f"{PARENT}/jobs/nightshift-old-1"] = {**job, "name": f"{PARENT}/jobs/nightshift-old-1"}
    old = f"ns-old@{PROJECT}.iam.gserviceaccount.com"
    fake.accounts[old] = {"email": old, "displayName": "Nightshift: old"}
    assert deployer.deploy() == [
        f"DELETE /v2/{PARENT}/services/nightshift-old",
        f"DELETE /v1/{PARENT}/jobs/nightshift-old-1",
        f"DELETE /v1/projects/{PROJECT}/serviceAccounts/{old}",
    ]


def others(fake: FakeGoogle) -> None:
    """What somebody else has in the same project."""
    fake.services[f"{PARENT}/services/shop"] = {"name": f"{PARENT}/services/shop"}
    fake.jobs[f"{PARENT}/jobs/shop"] = {"name": f"{PARENT}/jobs/shop"}
    email = f"ns-shop@{PROJECT}.iam.gserviceaccount.com"
    fake.accounts[email] = {"email": email, "displayName": "North-south shop"}


def test_removed_nothing_of_ours_is_left_but_the_secrets(deployer: Deployer, fake: FakeGoogle) -> None:
    others(fake)
    deployer.deploy()
    deployer.remove()
    assert [*fake.services, *fake.jobs] == [f"{PARENT}/services/shop", f"{PARENT}/jobs/shop"]
    assert list(fake.accounts) == [f"ns-shop@{PROJECT}.iam.gserviceaccount.com"]
    assert (fake.buckets, fake.sources, fake.repositories) == ({}, {}, {})
    assert fake.versions["nightshift-database-url"] == ["ENABLED"]
    assert deployer.remove() == []


def test_after_a_removal_it_can_be_deployed_again(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    deployer.remove()
    deployer.deploy()
    assert len(fake.services) == len(FUNCTIONS)


def test_an_account_that_is_not_known_everywhere_yet_is_waited_for(deployer: Deployer, fake: FakeGoogle) -> None:
    fake.refuse[":setIamPolicy"] = RefusedError(400, "INVALID_ARGUMENT", "Service account ns-x does not exist.")
    deployer.deploy()
    assert len(fake.services) == len(FUNCTIONS)


def test_what_is_uploaded_is_what_was_packed(deployer: Deployer, fake: FakeGoogle) -> None:
    deployer.deploy()
    [name] = [name for name in fake.sources if name.startswith("health/")]
    assert fake.sources[name] == (deployer.bundles / "health.zip").read_bytes()


def test_a_function_that_is_not_packed_is_named_before_anything_is_changed(
    deployer: Deployer, fake: FakeGoogle
) -> None:
    (deployer.bundles / "health.zip").unlink()
    with pytest.raises(ConfigurationError, match="make package"):
        deployer.deploy()
    assert fake.writes == []


def test_a_build_that_fails_says_where_its_log_is(deployer: Deployer, fake: FakeGoogle) -> None:
    fake.broken_builds.add("admin")
    with pytest.raises(UnavailableError, match=r"build of admin failed.*https://build.example/log"):
        deployer.deploy()
    assert fake.services == {}


def test_a_deployment_that_broke_off_is_carried_to_its_end_by_the_next(deployer: Deployer, fake: FakeGoogle) -> None:
    fake.refuse["/jobs"] = RefusedError(500, "INTERNAL", "Something broke.")
    with pytest.raises(UnavailableError, match="Something broke"):
        deployer.deploy()
    deployer.deploy()
    assert set(fake.jobs) == {f"{PARENT}/jobs/nightshift-{name}" for name in documents(JOBS)}
    assert len(fake.builds) == len(FUNCTIONS)


def test_a_bucket_of_that_name_in_another_project_gets_no_source(deployer: Deployer, fake: FakeGoogle) -> None:
    name = f"nightshift-{NUMBER}-europe-west1"
    fake.buckets[name] = {"name": name, "projectNumber": "666"}
    with pytest.raises(ConfigurationError, match="belongs to another project"):
        deployer.deploy()
    assert fake.sources == {}


@pytest.mark.parametrize(
    ("environment", "word"),
    [({}, "EMAIL_PROVIDER=ses"), ({"EMAIL_PROVIDER": "resend"}, "nightshift-resend-api-key")],
    ids=["ses", "resend"],
)
def test_a_provider_that_could_not_send_is_refused(
    deployer: Deployer, fake: FakeGoogle, environment: dict[str, str], word: str
) -> None:
    deployer.environment = environment
    with pytest.raises(ConfigurationError, match=word):
        deployer.deploy()
    assert fake.services == {}


def test_an_api_that_is_off_is_named_with_the_command_that_turns_it_on(deployer: Deployer, fake: FakeGoogle) -> None:
    message = "Cloud Scheduler API has not been used in project before or it is disabled."
    service = {"service": "cloudscheduler.googleapis.com"}
    fake.refuse["/jobs"] = RefusedError(403, "PERMISSION_DENIED", message, "SERVICE_DISABLED", **service)
    with pytest.raises(
        ConfigurationError, match=f"gcloud services enable cloudscheduler.googleapis.com --project {PROJECT}"
    ):
        deployer.deploy()


def test_a_permission_that_is_missing_is_named_with_where_to_read_on(deployer: Deployer, fake: FakeGoogle) -> None:
    message = "Permission 'iam.serviceAccounts.create' denied on resource."
    fake.refuse["/serviceAccounts"] = RefusedError(403, "PERMISSION_DENIED", message)
    with pytest.raises(ForbiddenError, match=r"iam.serviceAccounts.create.*docs/deploy/gcp.md"):
        deployer.deploy()


def test_somebody_whom_google_does_not_know_is_told_how_to_sign_in() -> None:
    with pytest.raises(ConfigurationError, match="gcloud auth application-default login"), explained(PROJECT):
        raise DefaultCredentialsError("no credentials")


@pytest.mark.parametrize(
    ("project", "region"), [("", ""), ("my-project", ""), ("My Project", "europe-west1"), ("x", "eu")]
)
def test_names_that_cannot_be_right_are_asked_for(project: str, region: str) -> None:
    with pytest.raises(ConfigurationError, match="PROJECT=my-project REGION=europe-west1"):
        deploy.check_names(project, region)


def test_a_document_that_was_rendered_for_another_program_is_refused(deployer: Deployer) -> None:
    place = deploy.locate(deployer.google, PROJECT, "europe-west1", {})
    with pytest.raises(ConfigurationError, match=r"\$\{ZONE\} .* run `make render`"):
        place.filled({"zones": ["${ZONE}"]})


def test_the_command_says_what_it_wants_to_know() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.gcp.apply"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Name the project and the region, such as PROJECT=my-project REGION=europe-west1.\n"
