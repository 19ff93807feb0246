"""A widget session: for a minute a partner vouches for who stands at a till, and which pages may frame us."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain.authorities import User
from gateway.domain.errors import Forbidden, Invalid, NotFound
from gateway.domain.rights import Right

if TYPE_CHECKING:
    from collections.abc import Collection


class Component(StrEnum):
    """What a frame can show."""

    offer = "offer"
    manage = "manage"
    consents = "consents"
    tile = "tile"


NEEDED: dict[Component, frozenset[Right]] = {
    Component.offer: frozenset(
        {Right.merchants_read, Right.offers_read, Right.quotes_write, Right.drawdowns_read, Right.drawdowns_write},
    ),
    Component.manage: frozenset({Right.merchants_read, Right.drawdowns_read, Right.drawdowns_write}),
    Component.consents: frozenset({Right.merchants_read}),
    Component.tile: frozenset({Right.merchants_read, Right.offers_read}),
}
"""What each component's calls need; a frame's token has no right besides. `manage` pays early, and asks for a pause."""

_HTTPS = re.compile(r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9](:[0-9]{1,5})?")
_LOOPBACK = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_DEFAULT_PORTS = {":443", ":80"}
_MOST_PORT = 65_535

Origin = Annotated[
    str,
    msgspec.Meta(max_length=270, description="https, as a browser writes it: lower case, no default port, no path"),
]


class BadOrigin(Invalid):
    """A page that is to show the frame has no origin that a browser could confirm."""

    code = "invalid_parent_origin"
    title = "A parent origin cannot be used"


class UnregisteredOrigin(Forbidden):
    """A page that is to show the frame is none of those registered for the client."""

    code = "parent_origin_not_registered"
    title = "The page is not registered for this client"


class UnknownSession(NotFound):
    """No such widget session for whoever asks, or its minute is over."""

    code = "widget_session_not_found"
    title = "No such widget session"


class NewSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner's server asks for when its page is about to show the frame."""

    merchant_id: str
    user: User
    """Who is at the till, by the partner's word: that identifies, it does not authenticate for money."""
    components: Annotated[list[Component], msgspec.Meta(min_length=1, max_length=len(Component))]
    parent_origins: Annotated[list[Origin], msgspec.Meta(min_length=1, max_length=10)]


class Session(msgspec.Struct, frozen=True):
    """A session as stored. `exchanged_at`: its secret is spent."""

    id: str
    client_id: str
    partner_id: str
    merchant_id: str
    grant_id: str
    user_id: str
    user_sealed: bytes
    components: tuple[Component, ...]
    origins: tuple[str, ...]
    expires_at: datetime
    exchanged_at: datetime | None


def rights(components: Collection[Component]) -> frozenset[Right]:
    """What a frame with these components needs."""
    return frozenset[Right]().union(*(NEEDED[component] for component in components))


def origins(asked: Collection[str], *, sandbox: bool) -> tuple[str, ...]:
    """The pages that may show the frame, each once. Raises BadOrigin: only https, and in the sandbox this machine.

    What is let through can stand in a Content-Security-Policy: nothing in it can end a directive.
    """
    for origin in asked:
        match = _HTTPS.fullmatch(origin) or (_LOOPBACK.fullmatch(origin) if sandbox else None)
        port = match[1] if match else None
        if match is None or port in _DEFAULT_PORTS or (port is not None and not 0 < int(port[1:]) <= _MOST_PORT):
            wanted = "https://host or https://host:port, as location.origin says it"
            raise BadOrigin(f"{origin[:100]!a} is no origin of a page we can be shown in: {wanted}")
    return tuple(dict.fromkeys(asked))


def check_registered(asked: Collection[str], registered: Collection[str], *, sandbox: bool) -> None:
    """Raise UnregisteredOrigin unless a client's pages are all registered; one without any may use all in the sandbox.

    A page shows the merchant's figures around our frame: in live mode an operator has looked at each.
    """
    if sandbox and not registered:
        return
    lacking = sorted(set(asked) - set(registered))
    if lacking:
        said = f"Have the gateway's operator register {' '.join(lacking)}: gateway client update … --origin …"
        raise UnregisteredOrigin(said, origins=lacking)
