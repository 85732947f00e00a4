"""Google Cloud Tasks as the distributor: each task is one call of the function, with an OIDC token of its own.

Limits: a call may take 30 minutes (cloud.google.com/tasks/docs, REST v2, `dispatchDeadline`); 500 a second and queue.
Google's own library costs more of a cold start than the two requests that are made here.
"""

import base64
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import httpx

from shared import traces
from shared.errors import UnavailableError
from shared.settings import Settings

LONGEST = 1800  # seconds for a call: Cloud Tasks' own most
TIMEOUT = 5.0  # seconds for an answer of Google's
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path


class CloudTasks:
    """A `Distributor`.

    Args:
        queue: as Google names it, `projects/…/locations/…/queues/…`.
        job: the deployed name of the task.
    """

    def __init__(self, http: httpx.AsyncClient, settings: Settings, queue: str, job: str) -> None:
        self.http, self.settings, self.queue = http, settings, queue
        self.url = settings.function_url(job)

    async def ask(self, ticks: Sequence[dict[str, str]]) -> None:
        try:
            headers = {"authorization": f"Bearer {await self._token()}"}
            for tick in ticks:
                path = f"{self.settings.cloud_tasks_base}/v2/{self.queue}/tasks"
                answer = await self.http.post(path, json=self._task(tick), headers=headers, timeout=TIMEOUT)
                if not answer.is_success:
                    raise refused("Cloud Tasks", answer)
        except httpx.HTTPError as error:
            raise UnavailableError(f"Cloud Tasks cannot be reached ({type(error).__name__}).") from None

    async def _token(self) -> str:
        """The function's own service account's, from where Google's machines keep it."""
        answer = await self.http.get(
            f"{self.settings.gcp_metadata_base}{TOKEN}", headers={"metadata-flavor": "Google"}, timeout=TIMEOUT
        )
        if answer.status_code != HTTPStatus.OK:
            raise refused("The metadata server", answer)
        return str(answer.json()["access_token"])

    def _task(self, tick: dict[str, str]) -> dict[str, Any]:
        identity = {"serviceAccountEmail": self.settings.oidc_service_account, "audience": self.settings.oidc_audience}
        request = {
            "url": self.url,
            "httpMethod": "POST",
            "headers": {"content-type": "application/json", **traces.headers()},
            "body": base64.b64encode(json.dumps(tick).encode()).decode(),
            "oidcToken": identity,
        }
        return {"task": {"httpRequest": request, "dispatchDeadline": f"{LONGEST}s"}}


def refused(who: str, answer: httpx.Response) -> UnavailableError:
    return UnavailableError(f"{who} answered {answer.status_code}. Look at FAN_OUT_QUEUE and the function's account.")
