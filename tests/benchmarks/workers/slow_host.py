"""A host that answers every POST a set time after it was there, as Telegram's Bot API answers; it costs little itself.

It prints its address and ends when its input does. A GET is answered at once with the POSTs since the last one.
"""

import json
import resource
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass

SENT = b'{"ok":true,"result":{"message_id":1}}'
HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
ANSWER = HEAD % (b"200 OK", len(SENT), SENT)
UNKNOWN = HEAD % (b"411 Length Required", 0, b"")
ROOM = 64 * 1024  # bytes read at once


@dataclass
class Counted:
    """What happened since it was last asked.

    Attributes:
        most: POSTs under way at a time.
        late: seconds by which answers left after their time, all together.
    """

    posts: int = 0
    most: int = 0
    late: float = 0.0
    cpu: float = 0.0


class Host:
    """One thread, one loop. A wait ends to the microsecond, where an event loop's ends to the millisecond."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.counted = seconds, Counted(cpu=cpu())
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.sockets: dict[int, socket.socket] = {}
        self.read: dict[int, bytes] = {}
        self.due: deque[tuple[float, socket.socket]] = deque()
        self.epoll = select.epoll()
        for each in (self.listening, sys.stdin):
            self.epoll.register(each, select.EPOLLIN)

    def run(self) -> None:
        while self.turn():
            pass

    def turn(self) -> bool:
        """Wait for bytes or for the next answer's time; False when nobody needs this host any more."""
        wait = max(0.0, self.due[0][0] - time.perf_counter()) if self.due else None
        select.select([self.epoll], [], [], wait)
        for number, _ in self.epoll.poll(0):
            if number == sys.stdin.fileno():
                return False
            self.accept() if number == self.listening.fileno() else self.hear(number)
        while self.due and self.due[0][0] <= time.perf_counter():
            self.answer(*self.due.popleft())
        return True

    def accept(self) -> None:
        made, _ = self.listening.accept()
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets[made.fileno()], self.read[made.fileno()] = made, b""
        self.epoll.register(made, select.EPOLLIN)

    def hear(self, number: int) -> None:
        try:
            data = self.sockets[number].recv(ROOM)
        except ConnectionError:
            data = b""
        if not data:
            del self.read[number]
            self.sockets.pop(number).close()
            return
        self.read[number] += data
        while self.took(number):
            pass

    def took(self, number: int) -> bool:
        """Take one whole request out of what was read; False if there is none."""
        head, mark, rest = self.read[number].partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        size = int(length or 0)
        if not mark or len(rest) < size:
            return False
        self.read[number] = rest[size:]
        self.take(head, self.sockets[number], told=bool(length))
        return True

    def take(self, head: bytes, asked: socket.socket, *, told: bool) -> None:
        if not head.startswith(b"POST"):
            asked.sendall(self.report())
        elif not told:
            asked.sendall(UNKNOWN)
        else:
            self.due.append((time.perf_counter() + self.seconds, asked))
            self.counted.posts += 1
            self.counted.most = max(self.counted.most, len(self.due))

    def answer(self, at: float, asked: socket.socket) -> None:
        self.counted.late += time.perf_counter() - at
        if asked.fileno() >= 0:
            asked.send(ANSWER)

    def report(self) -> bytes:
        told, self.counted = self.counted, Counted(cpu=cpu())
        body = json.dumps(vars(told) | {"cpu": cpu() - told.cpu}).encode()
        return HEAD % (b"200 OK", len(body), body)


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(milliseconds: str) -> None:
    host = Host(float(milliseconds) / 1000)
    print(f"http://127.0.0.1:{host.listening.getsockname()[1]}", flush=True)
    host.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
