"""HTTP on loopback as Google's APIs speak it: JSON both ways, errors in Google's words."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from google.protobuf import json_format

Json = dict[str, Any]


class RefusedError(Exception):
    """An answer that is an error, as Google words it."""

    def __init__(self, code: int, status: str, message: str, reason: str = "", **metadata: str) -> None:
        super().__init__(message)
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        details = [{**info, "metadata": metadata}] if reason else []
        self.code = code
        self.body = {"error": {"code": code, "message": message, "status": status, "details": details}}


def missing(what: str) -> RefusedError:
    return RefusedError(404, "NOT_FOUND", f"{what} does not exist.")


class Api(Protocol):
    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> Json: ...


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api
    lock = Lock()

    def take(self) -> None:
        at = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(at.query).items()}
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            with self.lock:
                status, answer = 200, self.api.answer(self.command, at.path, query, body)
        except RefusedError as error:
            status, answer = error.code, error.body
        except (AssertionError, KeyError, json_format.ParseError) as error:
            refused = RefusedError(400, "INVALID_ARGUMENT", f"{type(error).__name__}: {error}")
            status, answer = refused.code, refused.body
        content = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self.wfile.write(head.encode() + content)

    do_GET = do_POST = do_PATCH = do_DELETE = take  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Tests have their own output."""


class Server:
    """Entered, it serves an API at `url`."""

    def __init__(self, api: Api) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"api": api}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
