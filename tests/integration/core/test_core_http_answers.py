"""How an answer's end is told, whatever pieces it comes in."""

import pytest

from shared.http_answer import Answer

START = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {  # bytes, content, whether the connection may carry another
    "a length": (START + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    "the same length twice": (START + b"Content-Length: 5, 5\r\nContent-Length:5 \r\n\r\nhello", b"hello", True),
    "no length": (START + b"Server: x\r\n\r\nhello", b"hello", False),
    "no header": (START + b"\r\nhello", b"hello", False),
    "nothing": (START + b"content-length: 0\r\n\r\n", b"", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "a folded header": (START + b"X: a\r\n\tb\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "an interim answer": (
        b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n" + START + b"Content-Length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
    "chunks": (START + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", True),
    "chunks with more": (
        START + b"Transfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        b"hello",
        True,
    ),
    "another coding": (START + b"Transfer-Encoding: identity\r\n\r\nhello", b"hello", False),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "the last one": (START + b"Connection: keep-alive, Close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(answer: tuple[bytes, bytes, bool], step: int) -> None:
    data, content, lasting = answer
    found = Answer("GET")
    whole = [found.feed(data[place : place + step]) for place in range(0, len(data), step)]
    if not whole[-1]:
        found.end()
    assert not any(whole[:-1])
    assert (found.response().content, found.lasting) == (content, lasting)


@pytest.mark.parametrize("status", [b"200", b"304"])
def test_an_answer_to_head_has_no_body(status: bytes) -> None:
    found = Answer("HEAD")
    assert found.feed(b"HTTP/1.1 %b OK\r\nContent-Length: 5\r\n\r\n" % status)
    assert (found.response().content, found.lasting) == (b"", True)
