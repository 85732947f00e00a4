"""How Nightshift's things are called in a Google Cloud project.

`${PROJECT}`, `${NUMBER}` (the project's), `${REGION}` and `${SOURCE}` (a function's packed source, by its content) are
filled in when they are applied.
"""

from shared.errors import ConfigurationError

PROJECT, NUMBER, REGION, SOURCE = "${PROJECT}", "${NUMBER}", "${REGION}", "${SOURCE}"
PREFIX = "nightshift-"
LABELS = {"app": "nightshift"}  # by which ours are found again
ACCOUNT_PREFIX = "ns-"  # the longer one would not fit
LONGEST_ACCOUNT = 30  # characters: cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create
SCHEDULER = "nightshift-scheduler"  # the account whose tokens the timer sends
BUCKET = f"nightshift-{NUMBER}-{REGION}"  # packed sources
REPOSITORY = "nightshift"  # built images


def service(function: str) -> str:
    return PREFIX + function


def job(function: str, number: int) -> str:
    return f"{PREFIX}{function}-{number}"


def secret(setting: str) -> str:
    """The secret that holds a setting: DATABASE_URL is kept in nightshift-database-url."""
    return PREFIX + setting.lower().replace("_", "-")


def account(function: str) -> str:
    """The service account that a function runs as.

    Raises:
        ConfigurationError: the function's name is too long for one.
    """
    name = ACCOUNT_PREFIX + function
    if len(name) > LONGEST_ACCOUNT:
        raise ConfigurationError(
            f"{name} is too long for a Google account ({LONGEST_ACCOUNT}): shorten the function's name."
        )
    return name


def email(account_name: str, project: str = PROJECT) -> str:
    return f"{account_name}@{project}.iam.gserviceaccount.com"


def origin(function: str) -> str:
    """The address of a service that Cloud Run gives it whatever else it gives (its deterministic URL)."""
    return f"https://{service(function)}-{NUMBER}.{REGION}.run.app"
