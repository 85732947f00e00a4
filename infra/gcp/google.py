"""Google's APIs as one deployment sees them: its own clients, over REST, and plain calls where it has none for that."""

import time
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import google.auth
from google.api_core.exceptions import NotFound, from_http_response
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import run_v2, scheduler_v1, secretmanager_v1
from google.cloud.run_v2.services.services.transports import ServicesRestTransport
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerRestTransport
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.cloud.storage import Client as StorageClient

from shared.errors import UnavailableError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PATIENCE = 60.0  # seconds for an answer
LONGEST = 1200.0  # seconds for what goes on after its answer, such as a build
LOOK = 3.0  # seconds between two looks at it


class Google:
    """The clients.

    Args:
        credentials: whose permissions count.
        endpoint: one address for all APIs, for tests; None for Google's own, each API at its own host.
        look: seconds between two looks at what goes on.
    """

    def __init__(self, credentials: Credentials, endpoint: str | None = None, look: float = LOOK) -> None:
        self.credentials, self.endpoint, self.look = credentials, endpoint, look
        self.session = AuthorizedSession(credentials)

    @property
    def address(self) -> dict[str, Any]:
        """What the clients' transports want to know."""
        given: dict[str, Any] = {"credentials": self.credentials}
        if self.endpoint:
            at = urlsplit(self.endpoint)
            given |= {"host": at.netloc, "url_scheme": at.scheme}
        return given

    @cached_property
    def services(self) -> run_v2.ServicesClient:
        return run_v2.ServicesClient(transport=ServicesRestTransport(**self.address))

    @cached_property
    def jobs(self) -> scheduler_v1.CloudSchedulerClient:
        return scheduler_v1.CloudSchedulerClient(transport=CloudSchedulerRestTransport(**self.address))

    @cached_property
    def secrets(self) -> secretmanager_v1.SecretManagerServiceClient:
        return secretmanager_v1.SecretManagerServiceClient(transport=SecretManagerServiceRestTransport(**self.address))

    def storage(self, project: str) -> StorageClient:
        options = {"api_endpoint": self.endpoint} if self.endpoint else None
        return StorageClient(project=project, credentials=self.credentials, client_options=options)

    def call(
        self, api: str, method: str, path: str, body: dict[str, Any] | None = None, **query: Any
    ) -> dict[str, Any]:
        """A plain call, for what has no client that speaks REST (accounts, projects) or needs one call (builds).

        Raises:
            GoogleAPICallError: as its clients raise it.
        """
        base = self.endpoint or f"https://{api}.googleapis.com"
        answer = self.session.request(method, f"{base}/{path}", json=body, params=query, timeout=PATIENCE)
        if not answer.ok:
            raise from_http_response(answer)
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content

    def found(self, api: str, path: str) -> dict[str, Any] | None:
        """What is there, or None."""
        try:
            return self.call(api, "GET", path)
        except NotFound:
            return None

    def finished(self, api: str, operation: dict[str, Any], what: str, log: str = "") -> dict[str, Any]:
        """Wait for what goes on after its answer; its outcome.

        Raises:
            UnavailableError: it failed, or takes too long; says where its log is.
        """
        deadline = time.monotonic() + LONGEST
        while not operation.get("done"):
            if time.monotonic() > deadline:
                raise UnavailableError(f"{what} takes longer than {LONGEST:.0f} s. {log}".strip())
            time.sleep(self.look)
            operation = self.call(api, "GET", f"v1/{operation['name']}")
        if error := operation.get("error"):
            raise UnavailableError(f"{what} failed: {error.get('message', 'no reason given')}. {log}".strip())
        response: dict[str, Any] = operation.get("response", {})
        return response


def connect() -> Google:
    """As the person or the machine that Application Default Credentials name."""
    credentials, _ = google.auth.default(scopes=[SCOPE])
    return Google(credentials)
