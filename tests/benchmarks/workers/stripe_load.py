"""Stripe's side of the intake: signed events of a usual mix, so many connections at once, each waiting for its answer.

Everything is built and signed before the clock starts, so that sending costs as little as it can. Prints the seconds
from the first byte sent to the last answer, the latencies, and its own CPU time, which shows that it was not the limit.
"""

import hmac
import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from statistics import quantiles
from uuid import UUID

from infra.local.twins import stripe_objects as objects
from infra.local.twins.stripe_events import sample, snapshot

SECRET = "whsec_of_the_benchmark"
USERS = 1000
PATIENCE = 30.0  # seconds without any answer after which the server is given up
READ = 65_536  # bytes
LAST_CHUNK = b"0\r\n\r\n"  # of an answer that does not tell its length
MILLISECONDS = 1000


def user(number: int) -> UUID:
    """The users that buy; the case makes them before."""
    return UUID(int=number % USERS + 1)


def life(number: int) -> Iterator[bytes]:
    """A purchase and a subscription: six events with effects and the two that come along, which are only kept."""
    intent, subscription, customer = (objects.new_id(kind) for kind in ("pi", "sub", "cus"))
    buyer, of = user(number), {"subscription": subscription, "customer": customer}
    whose = {"id": subscription, "customer": customer, "user_id": buyer}
    for event_type, carried in (
        ("payment_intent.created", objects.payment_intent(id=intent, status="requires_payment_method")),
        ("payment_intent.succeeded", sample("payment_intent.succeeded", id=intent)),
        ("charge.succeeded", objects.charge(payment_intent=intent, amount_refunded=0)),
        (
            "checkout.session.completed",
            sample("checkout.session.completed", user_id=buyer, essence=100, payment_intent=intent),
        ),
        ("customer.subscription.created", sample("customer.subscription.created", **whose)),
        ("invoice.paid", sample("invoice.paid", **of)),
        ("customer.subscription.updated", sample("customer.subscription.updated", **whose)),
        ("invoice.paid", sample("invoice.paid", **of)),
    ):
        yield json.dumps(snapshot(event_type, carried), indent=2).encode()


def events(number: int) -> Iterator[bytes]:
    return islice((body for turn in range(number) for body in life(turn)), number)


def request(path: str, body: bytes) -> bytes:
    """One POST as Stripe sends it: its headers, its signature over the body."""
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
        f"Accept: */*; q=0.5, application/xml\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Stripe-Signature: t={at},v1={digest}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Wire:
    """One connection: it sends a request, waits for the answer, sends the next."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read, self.began = b"", 0.0

    def send(self, message: bytes) -> None:
        self.read, self.began = b"", time.perf_counter()
        self.socket.sendall(message)

    def answered(self) -> bool:
        """Take what has come; whether that ends the answer.

        Raises:
            ConnectionError: the server hung up.
        """
        chunk = self.socket.recv(READ)
        if not chunk:
            raise ConnectionError("the server hung up")
        self.read += chunk
        head, found, body = self.read.partition(b"\r\n\r\n")
        if not found:
            return False
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return len(body) >= int(length) if length else body.endswith(LAST_CHUNK)


def run(port: int, connections: int, messages: list[bytes]) -> dict[str, object]:
    """Send every message once; how long it took, how many were answered with 200.

    Raises:
        TimeoutError: no answer came for `PATIENCE` seconds.
    """
    waiting, latencies, kept = iter(messages), [], 0
    wires = [Wire(port) for _ in range(connections)]
    with selectors.DefaultSelector() as selector:
        for wire in wires:
            selector.register(wire.socket, selectors.EVENT_READ, wire)
        began, worked = time.perf_counter(), time.process_time()
        open_ones = sum(start(wire, waiting) for wire in wires)
        while open_ones:
            ready = selector.select(PATIENCE)
            if not ready:
                raise TimeoutError("no answer came")
            for key, _ in ready:
                wire = key.data
                if wire.answered():
                    latencies.append((time.perf_counter() - wire.began) * MILLISECONDS)
                    kept += wire.read.startswith(b"HTTP/1.1 200")
                    open_ones -= not start(wire, waiting)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    cuts = quantiles(latencies, n=100)
    return {"seconds": seconds, "kept": kept, "cpu": cpu, "p50": cuts[49], "p99": cuts[98]}


def start(wire: Wire, waiting: Iterator[bytes]) -> bool:
    """Send the next message, if there is one."""
    message = next(waiting, None)
    if message is not None:
        wire.send(message)
    return message is not None


def main(port: str, path: str, connections: str, number: str, warm: str) -> None:
    """Warm the server up with some events, then measure with others."""
    messages = [request(path, body) for body in events(int(number) + int(warm))]
    run(int(port), int(connections), messages[: int(warm)])
    print(json.dumps(run(int(port), int(connections), messages[int(warm) :])))


if __name__ == "__main__":
    main(*sys.argv[1:])
