"""AWS Lambda's runtime interface on loopback, with AWS's own client (awslambdaric) in a fresh process.

Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds for an answer


@dataclass(frozen=True)
class Outcome:
    """What the function made of an event: `kind` is response, error or init (it never came to an event)."""

    kind: str
    content: Any


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Api"

    def do_GET(self) -> None:
        invocation = self.server.events.get()
        if invocation is None:
            return self.close_quietly()
        headers, event = invocation
        return self.reply(200, json.dumps(event).encode(), headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        kind = "init" if "/init/" in self.path else self.path.rsplit("/", 1)[-1]
        self.server.outcomes.put(Outcome(kind, json.loads(body) if body else None))
        self.reply(202, b"{}", {})

    def close_quietly(self) -> None:
        self.close_connection = True

    def reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Headers and body in one write: two would wait for each other's acknowledgement."""
        lines = [f"HTTP/1.1 {status} OK", f"Content-Length: {len(body)}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def log_message(self, *_: object) -> None:
        """Tests have their own output."""


class Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events: queue.Queue[tuple[dict[str, str], Any] | None] = queue.Queue()
        self.outcomes: queue.Queue[Outcome] = queue.Queue()

    def handle_error(self, *_: object) -> None:
        """The function was killed while it waited for an event: that is how instances end."""


class LambdaRuntime:
    """One Lambda instance: a process that loads the handler and takes events until the end.

    Args:
        handler: as serverless.yml names it.
        env: the function's settings.
        root: what the bundle is unpacked in.
        python: the interpreter; it can import awslambdaric.
    """

    def __init__(
        self, handler: str, env: Mapping[str, str], root: Path = ROOT, python: Path = Path(sys.executable)
    ) -> None:
        self.handler, self.env, self.root, self.python = handler, env, root, python

    def __enter__(self) -> Self:
        self.api = Api()
        Thread(target=self.api.serve_forever, args=(0.02,), daemon=True).start()
        port = self.api.server_address[1]
        self.process = subprocess.Popen(  # noqa: S603
            [self.python, "-m", "awslambdaric", self.handler],
            cwd=self.root,
            env={
                "PATH": os.environ["PATH"],
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
                "LAMBDA_TASK_ROOT": str(self.root),
                "AWS_LAMBDA_FUNCTION_NAME": "nightshift",
                **self.env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.output = (self.process.communicate()[0] or b"").decode()
        self.api.events.put(None)
        self.api.shutdown()
        self.api.server_close()

    def invoke(self, event: Any, *, seconds: float = 60.0) -> Outcome:
        """Hand over one event, with so many seconds to work; what came of it."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": str(uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:000000000000:function:nightshift",
        }
        self.api.events.put((headers, event))
        return self.api.outcomes.get(timeout=PATIENCE)
