"""Email addresses, as practice has them: one reading for what is accepted, queued, sent and suppressed.

`local@domain` with a dot-atom before the @ (letters of any script) and a host name after it, which may be
international (IDN); where a name is allowed, also `Name <local@domain>`. Quoted local parts, address literals,
comments and groups of RFC 5322 are refused: no provider delivers to them, and they are how headers get forged.
"""

import re
from dataclasses import dataclass

LENGTH = 254  # characters of an address (RFC 5321, 4.5.3.1.3, without its angle brackets)
LOCAL = 64  # bytes before the @ (RFC 5321, 4.5.3.1.1)
NAME = 200  # characters of a display name
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
WORD = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
NAMED = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^"<>]*?))\s*<(?P<address>[^<>]*)>\s*')


class AddressError(ValueError):
    """Says what is wrong with an address, without the address."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, which may be empty, and an address whose domain is in its ASCII form.

    Attributes:
        local: as written; it may hold letters beyond ASCII, for servers that take them (SMTPUTF8).
    """

    local: str
    domain: str
    name: str = ""

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"


def parse(text: str, *, named: bool = False) -> Mailbox:
    """Read an address; with `named`, also `Name <address>`.

    Raises:
        AddressError: it is not one.
    """
    if CONTROL.search(text):
        raise AddressError("holds a control character")
    match = NAMED.fullmatch(text) if named else None
    if match is None:
        return _bare(text)
    name = match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
    if len(name) > NAME:
        raise AddressError(f"has a name of more than {NAME} characters")
    return _bare(match["address"], name.strip())


def _bare(text: str, name: str = "") -> Mailbox:
    local, at, domain = text.rpartition("@")
    if not at or not WORD.fullmatch(local) or len(local.encode()) > LOCAL:
        raise AddressError("is not an email address")
    box = Mailbox(local, ascii_domain(domain), name)
    if len(box.address) > LENGTH:
        raise AddressError(f"is longer than {LENGTH} characters")
    return box


def ascii_domain(domain: str) -> str:
    """A domain in lower case and ASCII: `bücher.example` is `xn--bcher-kva.example`.

    Raises:
        AddressError: no host can have that name.
    """
    plain = domain.lower() if domain.isascii() else _idna(domain)
    if len(plain) > LENGTH or not HOST.fullmatch(plain):
        raise AddressError("has no domain that could exist")
    return plain


def _idna(domain: str) -> str:
    import idna  # noqa: PLC0415 - most domains are ASCII

    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, ValueError):
        raise AddressError("has no domain that could exist") from None


def canonical(text: str) -> str:
    """The one spelling under which an address is remembered: lower case, domain in ASCII.

    What cannot be read as an address is only lowered, so that it never matches another one.
    """
    try:
        box = parse(text.strip())
    except AddressError:
        return text.strip().lower()
    return box.address.lower()
