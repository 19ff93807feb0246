"""A webhook: an endpoint of a partner's that events are sent to, signed as Standard Webhooks says."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain.calendars import Instant
from gateway.domain.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_COUNT = 16
"""The most endpoints of one partner."""
OVERLAP = timedelta(hours=24)
"""How long a secret goes on signing beside the one that replaced it."""
PATIENCE = timedelta(days=5)
"""How long an endpoint may fail without one success before it is disabled."""
EVERYTHING = "*"


class WebhookState(StrEnum):
    """Whether an endpoint is sent anything."""

    enabled = "enabled"
    disabled = "disabled"


MOVES = {
    WebhookState.enabled: frozenset({WebhookState.disabled}),
    WebhookState.disabled: frozenset({WebhookState.enabled}),
}


class Ending(StrEnum):
    """Why an endpoint is disabled."""

    asked = "asked"
    gone = "gone"
    """It answered 410."""
    failing = "failing"
    """Nothing was delivered for `PATIENCE`."""


class UnknownWebhook(NotFound):
    """No such endpoint of this partner."""

    code = "webhook_not_found"
    title = "No such webhook"


class TooManyWebhooks(Conflict):
    """The partner has as many endpoints as there may be."""

    code = "webhook_limit_reached"
    title = "The partner has as many webhooks as it may"


class StillOverlapping(Conflict):
    """The secret before this one still signs: another rotation would end it early."""

    code = "webhook_secret_overlaps"
    title = "The last rotation is not over yet"


class WebhookDisabled(Conflict):
    """The endpoint is disabled: nothing is sent to it."""

    code = "webhook_is_disabled"
    title = "The webhook is disabled"


class UnknownType(Invalid):
    """A filter names an event, or a noun, that does not exist."""

    code = "webhook_type_unknown"
    title = "There is no event of this name"


class BadReplay(Invalid):
    """It is not clear what is to be sent again, or it is not there."""

    code = "invalid_replay"
    title = "Say what is to be sent again"


Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, description="https, port 443 or 8443")]
Pattern = Annotated[
    str,
    msgspec.Meta(
        max_length=60,
        pattern=r"\A(\*|[a-z_]+\.(\*|[a-z_]+))\Z",
        description="an event's name, all of a noun as `drawdown.*`, or `*`",
    ),
]
Patterns = Annotated[tuple[Pattern, ...], msgspec.Meta(min_length=1, max_length=100)]


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where events are to be sent, and which."""

    url: Url
    types: Patterns = (EVERYTHING,)


class WebhookChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may be changed. Enabled again, an endpoint is sent what happens from then on; the rest by a replay."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    types: Patterns | msgspec.UnsetType = msgspec.UNSET
    state: WebhookState | msgspec.UnsetType = msgspec.UNSET


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`force`: end the secret before the current one at once, where it still overlaps."""

    force: bool = False


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be sent again: events by their ids, or those of a range, by position in the log or by time.

    `from_…` and `to_…` are inside the range; of times both are needed.
    """

    event_ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)] | None = None
    from_position: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    to_position: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    from_at: Instant | None = None
    to_at: Instant | None = None


class Webhook(msgspec.Struct, frozen=True):
    """An endpoint as it is stored; secrets and signing key are sealed. All instants are of the system clock.

    `position` is how far the log has been read for it, `version` the version of the API whose shapes it is sent.
    """

    id: str
    partner_id: str
    url: str
    types: tuple[str, ...]
    version: str
    state: WebhookState
    position: int
    secret: bytes
    previous_secret: bytes | None
    previous_until_at: datetime | None
    signing_key: bytes
    public_key: str
    failing_since_at: datetime | None
    resumes_at: datetime | None
    disabled_at: datetime | None
    reason: Ending | None
    created_at: datetime
    updated_at: datetime

    def overlaps(self, now: datetime) -> bool:
        """Whether the secret before the current one still signs."""
        return self.previous_until_at is not None and now < self.previous_until_at

    def wants(self, name: str) -> bool:
        """Whether events called `name` are sent to it."""
        return wanted(self.types, name)

    def ends(self, *, gone: bool, now: datetime) -> Ending | None:
        """Why it is to be disabled after one more failure, None for going on."""
        if gone:
            return Ending.gone
        since = self.failing_since_at or now
        return Ending.failing if now - since >= PATIENCE else None


def wanted(patterns: Collection[str], name: str) -> bool:
    """Whether one of `patterns` takes in an event called `name`."""
    return not {name, all_of(name), EVERYTHING}.isdisjoint(patterns)


def all_of(name: str) -> str:
    """The pattern of all events of the noun that `name` is about."""
    return f"{name.partition('.')[0]}.*"


def check_types(patterns: Collection[str], known: Collection[str]) -> None:
    """Raise UnknownType for a pattern that takes in none of the events called `known`: it would be silent for ever."""
    meaningful = {EVERYTHING, *known, *map(all_of, known)}
    for pattern in patterns:
        if pattern not in meaningful:
            raise UnknownType(f"{pattern!a} takes in no event; all of them are in the catalogue", type=pattern)


def check(replay: Replay) -> None:
    """Raise BadReplay unless it names either events or one range."""
    by_id = replay.event_ids is not None
    by_position = replay.from_position is not None or replay.to_position is not None
    by_time = replay.from_at is not None or replay.to_at is not None
    if by_id + by_position + by_time != 1:
        raise BadReplay("Name event_ids, or a range of positions, or a range of times: one of the three")
    if by_position and replay.from_position is None:
        raise BadReplay("A range of positions needs from_position")
    if by_time and (replay.from_at is None or replay.to_at is None):
        raise BadReplay("A range of times needs from_at and to_at")
