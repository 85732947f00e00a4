"""Which addresses a message to the outside may go to: nobody inside is reached through a name that we were given.

Ranges: the special-purpose registries of IANA, as `ipaddress` knows them; RFC 6598 (shared by carriers), RFC 4291
(IPv4 inside IPv6), RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 9637 (documentation).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

IP = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL = IPv6Network("2000::/3")  # all that has been given out
NOT_GLOBAL = (IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
INSIDE = tuple(  # this machine and its network, but not 169.254.0.0/16: clouds hand out their keys there
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
RELAY = IPv4Network("192.88.99.0/24")


def fault(url: str, *, private: bool) -> str | None:
    """What is wrong with an address that messages are posted to, as far as can be said without asking for its name.

    Args:
        private: whether our own machine and network may be posted to; `http` to our own machine as well.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not host:
        return "is no address of https"
    if parts.username is not None or parts.password is not None:
        return "has a user's name in it"
    if parts.scheme == "http" and not (private and is_loopback(host)):
        return "is not https"
    if parsed(host) and not permitted(host, private=private):
        return "is not public"
    return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or number."""
    literal = parsed(host)
    return host == "localhost" if literal is None else embedded(literal).is_loopback


def allowed(address: IP, *, private: bool) -> bool:
    """Whether this address may be connected to: it is public, or `private` and our own network's or machine's."""
    inner = embedded(address)
    return public(inner) or (private and any(inner in network for network in INSIDE))


def permitted(address: str, *, private: bool) -> bool:
    """`allowed`, of an address as a resolver writes it; what is no address is not."""
    literal = parsed(address)
    return literal is not None and allowed(literal, private=private)


def public(address: IP) -> bool:
    """Whether everybody can reach it, and only by routing."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return address not in RELAY
    return address in GLOBAL and not any(address in network for network in NOT_GLOBAL)


def embedded(address: IP) -> IP:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def parsed(host: str) -> IP | None:
    """A host as a number; None for a name. The zone of a link-local address goes with it."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
