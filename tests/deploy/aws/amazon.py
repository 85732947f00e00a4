"""An AWS of moto's on loopback, for programs that only know its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.cloudformation import models
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
ACCOUNT = DEFAULT_ACCOUNT_ID


@contextmanager
def amazon() -> Iterator[str]:
    """Its address. Everything in it is gone afterwards.

    It validates no template: moto does so with cfn-lint, which has a test of its own, and fails at its warnings.
    """
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with patch.object(models, "validate_template_cfn_lint", return_value=[]):
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()
    moto_api_backend.reset()
