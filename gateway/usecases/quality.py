"""The data-quality gate at work: once a night over each page of shops, findings that changed are kept and told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import quality as rules
from gateway.domain.alerts import Severity
from gateway.domain.events import Event
from gateway.domain.quality import IMPLAUSIBLE, SILENT, SUSPECT, Beside, Day, Finding, Seen
from gateway.store import sql
from gateway.usecases import alerts, events, positions
from gateway.usecases.tellings import RowResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store import Tx
    from gateway.usecases.world import World


class Shop(msgspec.Struct, frozen=True):
    """A shop whose closed days are looked at, and what was found of it before."""

    merchant_id: str
    days: Sequence[Day]
    findings: tuple[Finding, ...]


class _Aside(msgspec.Struct, frozen=True):
    merchant_id: str
    source: str
    business_on: date
    net_amount: int


class _Refused(msgspec.Struct, frozen=True):
    merchant_id: str
    rejects: tuple[RowResult, ...]


async def look(world: World, shops: Sequence[Shop]) -> None:
    """Judge what came in of these shops."""
    ids = sorted(shop.merchant_id for shop in shops)
    since_on = min((shop.days[-1].on for shop in shops if shop.days), default=date.max - timedelta(days=1))
    since_on -= timedelta(days=rules.WINDOW - 1)
    beside: dict[str, list[Beside]] = defaultdict(list)
    for one in await world.store.all(sql.sources.aside_of, _Aside, merchant_ids_json=ids, from_on=since_on):
        beside[one.merchant_id].append(Beside(one.source, one.business_on, one.net_amount))
    unlinked = dict(await world.store.all(sql.sources.unlinked, merchant_ids_json=ids, from_on=since_on))
    codes = await _codes(world, ids, world.clock.now() - timedelta(days=rules.REJECTS_DAYS))
    for shop in shops:
        seen = Seen(shop.days, beside[shop.merchant_id], unlinked.get(shop.merchant_id, 0),
                    codes.get(shop.merchant_id, ()))  # fmt: skip
        found = rules.findings(seen)
        if found != shop.findings:
            await world.store.write(partial(_keep, world, shop.merchant_id, found))


async def _codes(world: World, ids: Sequence[str], since_at: datetime) -> Mapping[str, list[str]]:
    codes: dict[str, list[str]] = defaultdict(list)
    for one in await world.store.all(sql.sources.refused, _Refused, merchant_ids_json=ids, since_at=since_at):
        codes[one.merchant_id] += [reject.code for reject in one.rejects]
    return codes


async def _keep(world: World, merchant_id: str, found: tuple[Finding, ...], tx: Tx) -> None:
    """Findings and the flags that follow from them; events and alerts of what changed."""
    position = await positions.certain(tx, world, merchant_id)
    heeded = rules.flags(found)
    flags = tuple(sorted({*heeded, *(set(position.flags) - {SUSPECT, IMPLAUSIBLE})}))
    await tx.run(sql.positions.find, merchant_id=merchant_id, findings_json=found, flags_json=flags)
    positions.forget(tx, world, merchant_id)
    before, after = ({one.code for one in some} for some in (position.findings, found))
    if (SILENT in before) is not (SILENT in after):
        name = "sales.stale" if SILENT in after else "sales.resumed"
        data = {"id": merchant_id, "merchant_id": merchant_id, "data_at": position.data_at}
        whose = merchant_id, position.partner_id
        await events.emit(tx, world, [Event("sales", merchant_id, name, *whose, data, world.clock.now())])
    if heeded:
        severity = Severity.critical if IMPLAUSIBLE in heeded else Severity.warning
        evidence = {one.code: one.count for one in found}
        await alerts.start(tx, world, SUSPECT, merchant_id, severity=severity, evidence=evidence, about=position)
    else:
        await alerts.close(tx, world, SUSPECT, merchant_id)
