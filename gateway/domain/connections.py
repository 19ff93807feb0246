"""Connections: a shop's account at a platform that calls us, and the secret by which we know that it is the platform.

A platform makes its secret when it is told our address, which names the connection: so a connection waits for its
secret first. A removed one takes nothing in any more; what came by it stays.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain.errors import Conflict, Forbidden, Invalid, NotFound


class ConnectionState(StrEnum):
    """Whether calls come in by it."""

    waiting = "waiting"
    active = "active"
    removed = "removed"


MOVES = {
    ConnectionState.waiting: frozenset({ConnectionState.active, ConnectionState.removed}),
    ConnectionState.active: frozenset({ConnectionState.active, ConnectionState.removed}),
    ConnectionState.removed: frozenset[ConnectionState](),
}
"""`active` to itself: its secret is replaced."""

Secret = Annotated[str, msgspec.Meta(min_length=16, max_length=256, pattern=r"\A[\x21-\x7e]+\Z")]


class NewConnection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shop's account at a platform, by the platform's own id of it; the secret may be told later."""

    platform: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"\A[a-z0-9_]+\Z")]
    account_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"\A[\x21-\x7e]+\Z")]
    secret: Secret | None = None


class ConnectionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secret by which the platform signs from now on."""

    secret: Secret


class Connection(msgspec.Struct, frozen=True):
    """A connection as it is shown: its secret never is. `client_id` made it, and rows come in under its consent."""

    id: str
    merchant_id: str
    partner_id: str
    client_id: str
    platform: str
    account_id: str
    state: ConnectionState
    created_at: datetime
    state_at: datetime


class UnknownConnection(NotFound):
    """No such connection for whoever asks; a call that fits none is answered alike, whatever does not fit."""

    code = "connection_not_found"
    title = "No such connection"


class UnknownPlatform(Invalid):
    """No platform of this name calls this gateway."""

    code = "unknown_platform"
    title = "The gateway does not know this platform"


class BadAccount(Invalid):
    """What is given is no id of an account at this platform."""

    code = "bad_account"
    title = "This is no account id of the platform's"


class AlreadyConnected(Conflict):
    """The shop's account is connected already: remove that connection first, or tell it another secret."""

    code = "already_connected"
    title = "The account is connected already"


class NotActive(Conflict):
    """The connection waits for its secret, or was removed: no platform calls by it."""

    code = "connection_not_active"
    title = "The connection is not active"


class WrongAccount(Forbidden):
    """A signed call that is about another account than the connection's: nothing of it is kept."""

    code = "wrong_account"
    title = "The call is about another account"
