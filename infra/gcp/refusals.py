"""What Google's refusals mean, and what to do about each."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, RetryError, Unauthenticated
from google.auth.exceptions import GoogleAuthError

from shared.errors import ConfigurationError, ForbiddenError, UnavailableError

LOGIN = "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS."
WHO_DEPLOYS = 'docs/deploy/gcp.md, "Who deploys", has the roles.'


@contextmanager
def explained(project: str) -> Iterator[None]:
    """Turn errors of Google's into ours.

    Raises:
        ConfigurationError: no credentials, no such project, an API that is off.
        ForbiddenError: the credentials may not do it.
        UnavailableError: anything else that Google answers.
    """
    try:
        yield
    except (GoogleAuthError, Unauthenticated) as error:
        raise ConfigurationError(f"Google does not know who you are ({type(error).__name__}). {LOGIN}") from error
    except Forbidden as error:
        raise forbidden(error, project) from error
    except NotFound as error:
        raise ConfigurationError(f"Google does not find it: {error.message} Is PROJECT right?") from error
    except (GoogleAPICallError, RetryError) as error:
        raise UnavailableError(f"Google answers: {error.message} Deploy again when that is mended.") from error


def forbidden(error: Forbidden, project: str) -> ConfigurationError | ForbiddenError:
    details = error.metadata or {}
    if error.reason == "SERVICE_DISABLED":
        service = details.get("service", "an API")
        return ConfigurationError(f"{service} is off. Run `gcloud services enable {service} --project {project}`.")
    return ForbiddenError(f"You may not: {error.message} {WHO_DEPLOYS}")
