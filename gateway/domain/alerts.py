"""An alert: something a person should look at, about a merchant or about a model. Open until it is no longer so."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class AlertState(StrEnum):
    """Whether what was seen still is."""

    open = "open"
    closed = "closed"


MOVES = {
    AlertState.open: frozenset({AlertState.closed}),
    AlertState.closed: frozenset[AlertState](),
}


class Severity(StrEnum):
    """How much of it: `warning` is to be looked at, after `critical` the gateway itself has become more careful."""

    warning = "warning"
    critical = "critical"


class Alert(msgspec.Struct, frozen=True):
    """See the module. `subject` is what it is about within its `kind`: a merchant's id, a model's or feature's name.

    There is one open alert a kind and subject. `evidence` holds ids, codes and figures. A merchant's alert names its
    partner; one about a model has neither.
    """

    id: str
    kind: str
    subject: str
    severity: Severity
    evidence: dict[str, Any]
    state: AlertState
    opened_at: datetime
    closed_at: datetime | None = None
    merchant_id: str | None = None
    partner_id: str | None = None
