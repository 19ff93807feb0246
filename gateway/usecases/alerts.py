"""Open and close alerts in the unit that saw the reason: with an event, and an entry in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.domain import states
from gateway.domain.alerts import MOVES, Alert, AlertState, Severity
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import audit, events
from gateway.usecases.audit import SYSTEM, Action

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

NOBODY = ""
"""Merchant and partner in the event of an alert that is about neither: no partner's log shows it."""


async def start(
    tx: Tx,
    world: World,
    kind: str,
    subject: str,
    *,
    severity: Severity,
    evidence: dict[str, Any],
    about: Position | None = None,
) -> Alert | None:
    """Open an alert, about a merchant where one is given; None when one of this kind and subject is open already.

    `kind` and `subject` are codes or ids. It ends with the audit log: call it last in a unit.
    """
    now = world.clock.now()
    alert = Alert(
        world.ids.new("alert"), kind, subject, severity, evidence, AlertState.open, now,
        merchant_id=None if about is None else about.merchant_id,
        partner_id=None if about is None else about.partner_id,
    )  # fmt: skip
    added = await tx.run(
        sql.alerts.add, id=alert.id, kind=kind, subject=subject, severity=severity, evidence_json=evidence,
        opened_at=now, merchant_id=alert.merchant_id, partner_id=alert.partner_id,
    )  # fmt: skip
    if not added:
        return None
    await _tell(tx, world, alert, "alert.opened", Action.alert_opened)
    return alert


async def close(tx: Tx, world: World, kind: str, subject: str) -> bool:
    """Close the open alert of a kind and subject; False when there is none. Call it last in a unit."""
    alert = await tx.one(sql.alerts.open_about, Alert, kind=kind, subject=subject)
    if alert is None:
        return False
    states.check(MOVES, alert.state, AlertState.closed)
    if not await tx.run(sql.alerts.close, id=alert.id, closed_at=world.clock.now()):
        return False
    await _tell(tx, world, alert, "alert.closed", Action.alert_closed)
    return True


async def open_ones(reader: Reader, limit: int = 100) -> list[Alert]:
    """The open alerts, oldest first."""
    return await reader.all(sql.alerts.open_page, Alert, limit=limit)


async def _tell(tx: Tx, world: World, alert: Alert, name: str, action: Action) -> None:
    merchant_id, partner_id = alert.merchant_id or NOBODY, alert.partner_id or NOBODY
    data: dict[str, Any] = {"id": alert.id, "kind": alert.kind, "severity": alert.severity}
    if merchant_id:
        data["merchant_id"] = merchant_id
    told = Event("alert", alert.id, name, merchant_id, partner_id, data, world.clock.now())
    await events.emit(tx, world, [told])
    await audit.note(tx, world, SYSTEM, action, alert.id, kind=alert.kind, about=alert.subject.lower())
