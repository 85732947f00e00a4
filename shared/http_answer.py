"""One HTTP/1.1 answer, put together from the bytes of a connection as RFC 9112 frames them."""

import re
from collections.abc import Callable

import httpx

HEAD = 64 * 1024  # bytes of a status line and its headers, of a chunk's size line, of a trailer
BODY = 64 * 1024 * 1024  # bytes of one answer as they come over the wire
LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\0\r\n]*))?")
FIELD = re.compile(rb"\r\n([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*)(?=\r\n|\Z)")
FOLD = re.compile(rb"\r\n[ \t]+")  # a header's value that goes on in the next line, as it was once allowed
LENGTH = re.compile(rb"[0-9]{1,15}")
SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\0\r\n]*)?")
SWITCHING = 101
BODILESS = (204, 304)


class Answer:
    """What a request is answered, as it comes in.

    Attributes:
        lasting: whether the connection may carry another request once the answer is whole.
    """

    def __init__(self, method: str) -> None:
        self.method = method
        self.lasting = False
        self.data, self.body = bytearray(), bytearray()
        self.whole: Callable[[], bool] = self._begun

    def feed(self, data: bytes) -> bool:
        """Take in what arrived; whether the answer is whole.

        Raises:
            httpx.RemoteProtocolError: it is no answer, or one over 64 MiB.
        """
        self.data += data
        if len(self.data) + len(self.body) > BODY + HEAD:
            raise httpx.RemoteProtocolError("The answer is too long.")
        return self.whole()

    def end(self) -> None:
        """Nothing more arrives.

        Raises:
            httpx.RemoteProtocolError: the answer is not whole.
        """
        if self.whole != self._until_the_end:
            raise httpx.RemoteProtocolError("The connection ended before the answer did.")
        self.body = self.data

    def response(self) -> httpx.Response:
        """The answer, read and decompressed.

        Raises:
            httpx.DecodingError: it is not compressed as it says.
        """
        extensions = {"http_version": b"HTTP/1." + self.version, "reason_phrase": self.reason}
        stream = httpx.ByteStream(bytes(self.body))
        response = httpx.Response(self.status, headers=self.fields, stream=stream, extensions=extensions)
        response.read()
        return response

    def _begun(self) -> bool:
        """Read status and headers, which say how the body is framed; an interim answer is passed over."""
        end = self.data.find(b"\r\n\r\n")
        if end < 0 or end > HEAD:
            return _short(self.data)
        head = bytes(self.data[:end])
        del self.data[: end + 4]
        self._read(head)
        if self.status == SWITCHING:
            raise httpx.RemoteProtocolError("The server changes the protocol unasked.")
        self.whole = self._begun if self.status < 200 else self._framing()  # noqa: PLR2004 - 1xx
        return self.whole()

    def _read(self, head: bytes) -> None:
        line, mark, rest = FOLD.sub(b" ", head).partition(b"\r\n")
        fields = FIELD.findall(mark + rest)
        match = LINE.fullmatch(line)
        if match is None or len(fields) != (mark + rest).count(b"\r\n"):
            raise httpx.RemoteProtocolError("The answer is not HTTP/1.1.")
        self.version, self.status, self.reason = match[1], int(match[2]), match[3] or b""
        self.fields = [(name, value.rstrip(b" \t")) for name, value in fields]

    def _framing(self) -> Callable[[], bool]:
        """How the end of the body is told, by RFC 9112, section 6.3; one that could be told in two ways is the last."""
        lengths, codings = self._values(b"content-length"), self._values(b"transfer-encoding")
        self.lasting = self.version == b"1" and b"close" not in self._values(b"connection")
        self.left = 0
        if self.method == "HEAD" or self.status in BODILESS:
            return self._sized
        if codings:
            self.lasting &= not lengths
            return self._chunked if codings[-1] == b"chunked" else self._until_the_end
        if not lengths:
            return self._until_the_end
        if len(set(lengths)) > 1 or not LENGTH.fullmatch(lengths[0]):
            raise httpx.RemoteProtocolError("The answer's length is no number.")
        self.left = int(lengths[0])
        return self._sized

    def _values(self, name: bytes) -> list[bytes]:
        """The values of a header that is a list, in lower case, over all its lines."""
        lines = b",".join(value for each, value in self.fields if each.lower() == name)
        return [value.strip(b" \t").lower() for value in lines.split(b",")] if lines else []

    def _sized(self) -> bool:
        if len(self.data) < self.left:
            return False
        self.body = self.data[: self.left]
        self.lasting &= len(self.data) == self.left  # more than was asked for: nobody knows whose answer that is
        return True

    def _until_the_end(self) -> bool:
        self.lasting = False
        return False

    def _chunked(self) -> bool:
        while (end := self.data.find(b"\r\n")) >= 0:
            match = SIZE.fullmatch(self.data, 0, end)
            if match is None:
                raise httpx.RemoteProtocolError("The answer's chunk has no size.")
            size = int(match[1], 16)
            if size == 0:
                return self._trailed(end)
            last = end + 2 + size
            if len(self.data) < last + 2:
                return False
            if self.data[last : last + 2] != b"\r\n":
                raise httpx.RemoteProtocolError("The answer's chunk has another size.")
            self.body += self.data[end + 2 : last]
            del self.data[: last + 2]
        return _short(self.data)

    def _trailed(self, start: int) -> bool:
        """Read past the trailers, which say nothing that anybody here asks for."""
        end = self.data.find(b"\r\n\r\n", start)
        if end < 0:
            return _short(self.data)
        self.lasting &= len(self.data) == end + 4
        return True


def _short(data: bytearray) -> bool:
    """False, as long as what has not ended yet may still end."""
    if len(data) > HEAD:
        raise httpx.RemoteProtocolError("The answer's head is too long.")
    return False
