"""Addresses that strangers give us to call: how one must look, and which numbers it may stand for.

A name is judged twice: by its look when it is given, and by every address it resolves to each time before it is called.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import msgspec

from gateway.domain.errors import Invalid

PORTS = frozenset({443, 8443})
_LONGEST = 2_000
# No user, no fragment, no escape in the host, ASCII alone: a name of other letters is written as its `xn--` form.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?"
)
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCALHOST = "localhost"
_LOOPBACKS = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

# Global unicast is this alone: what is mapped (::ffff:0:0/96), translated (64:ff9b::/96), local or linked lies outside.
_GLOBAL_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocols, Teredo among them: it carries an IPv4 address
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4: it carries an IPv4 address
    )
)  # fmt: skip
_SPECIAL_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3",  # multicast and all that is reserved
        "168.63.129.16/32",  # looks public, and is the host's own service inside one large cloud
    )
)  # fmt: skip
"""After the IANA registries of special-purpose addresses (RFC 6890)."""


class BadTarget(Invalid):
    """An address that is never called."""

    code = "webhook_url_refused"
    title = "The address cannot be called"


class Target(msgspec.Struct, frozen=True):
    """An address taken apart. `host` is a lower-case name or the text of an IP address without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    loopback: bool
    """The sandbox's own machine: only this target may stand for a loopback address, and only for one."""

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """The same URL at one of the addresses its name stands for."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def target(url: str, *, sandbox: bool) -> Target:
    """Take a URL apart. Raises BadTarget for one that is never called, whatever its name resolves to."""
    match = _URL.fullmatch(url) if len(url) <= _LONGEST else None
    if match is None:
        raise BadTarget("Give an address such as https://hooks.example.com/restock: no user, no fragment, ASCII only")
    host = match["host"].lower().strip("[]")
    literal = _literal(host)
    port = int(match["port"] or _default_port(match["scheme"]))
    found = Target(match["scheme"], host, port, match["path"] or "/", sandbox and _is_loopback(host, literal))
    if not found.loopback:
        _check_public(found, literal)
    elif not port:
        raise BadTarget("There is no port 0")
    return found


def may_call(about: Target, address: str) -> bool:
    """Whether `about` may be called at one of the addresses its name resolved to."""
    return _is_loopback("", _literal(address)) if about.loopback else is_global(address)


def is_global(text: str) -> bool:
    """Whether `text` is an address of the public internet, by the strictest reading."""
    address = _literal(text)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address is None or address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _SPECIAL_V6)


def is_address(host: str) -> bool:
    """Whether a target's host is an IP address, which stands for itself."""
    return _literal(host) is not None


def _check_public(about: Target, literal: IPv4Address | IPv6Address | None) -> None:
    if about.scheme != "https":
        raise BadTarget("Only https is called")
    if about.port not in PORTS:
        raise BadTarget("Only ports 443 and 8443 are called", port=about.port)
    if literal is None and _NAME.fullmatch(about.host) is None:
        raise BadTarget("The host is neither a full name nor an IP address")
    if literal is not None and not is_global(about.host):
        raise BadTarget("This is no address of the public internet")


def _is_loopback(host: str, literal: IPv4Address | IPv6Address | None) -> bool:
    return host == _LOCALHOST or (literal is not None and any(literal in network for network in _LOOPBACKS))


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
