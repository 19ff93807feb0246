"""Read once a business day what the models see and say, tell what is wrong, and step back from them where it lasts."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain import calendars, governance, monitoring
from gateway.domain.alerts import Alert, Severity
from gateway.domain.governance import Step
from gateway.domain.models import NothingBefore, Reference, Said, checked
from gateway.domain.monitoring import Kind, Level, Reading, Seen
from gateway.store import sql
from gateway.usecases import alerts, audit, models, readings, rejudging
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World

KEPT = timedelta(days=400)
LATE = timedelta(days=90)
"""How long after its last due day an unpaid loan is a default: what the PD says."""
VINTAGES = timedelta(days=3 * 366)
OPEN_COUNT = 500
"""Open alerts of one kind looked at; there are fewer monitors of a kind."""


class Watch(msgspec.Struct, frozen=True):
    """What monitoring knows: the step in force, the last day's readings, and what is open."""

    step: Step
    dial_bps: int
    since_on: date | None
    read_on: date | None
    readings: list[Reading]
    alerts: list[Alert]


async def sweep(world: World) -> int:
    """Read every monitor once a day, and do what follows from it; 1 when it was done now."""
    on = calendars.night_on(world.clock.now())
    last_on = await _last_on(world)
    if last_on is not None and last_on >= on:
        return 0
    found = await _read(world, on)
    worse = [one for one in found if one.level is not Level.ok]
    week = timedelta(days=monitoring.HAIRCUT_AFTER + monitoring.RULES_AFTER)
    before = await world.store.all(sql.monitoring.worse, Reading, from_on=on - week)
    days = [worse] + [list(day) for _, day in itertools.groupby(before, lambda one: one.business_on)]
    now = world.governance.step
    step = monitoring.next_step(now, await _since_on(world), days, rules=world.scorer.usable("rules"))

    async def unit(tx: Tx) -> None:
        await tx.many(sql.monitoring.add, [_row(one) for one in found])
        await tx.run(sql.monitoring.forget, before_on=on - KEPT)
        # A person may have reset meanwhile: then tomorrow looks again.
        if step is not now and await tx.one(sql.models.generation) == world.generation:
            await _step(tx, world, step, on)
        for one in worse:
            severity = Severity.critical if one.level is Level.severe else Severity.warning
            evidence = {"value": one.value, "bound": one.bound, "rows_count": one.rows_count}
            await alerts.start(tx, world, one.kind, one.monitor, severity=severity, evidence=evidence)
        await _close(tx, world, {one.monitor for one in worse})

    await world.store.write(unit)
    await models.follow(world)
    if world.governance.step is not now:
        log.get().warning("models.stepped", outcome=step, count=len(worse))
    return 1


async def watch(world: World) -> Watch:
    """What monitoring knows now."""
    read_on = await _last_on(world)
    found = [] if read_on is None else await world.store.all(sql.monitoring.of_day, Reading, business_on=read_on)
    told = sorted(found, key=lambda one: (one.level is Level.ok, one.level is Level.alert, one.monitor))
    return Watch(
        world.governance.step,
        world.governance.dial_bps,
        await _since_on(world),
        read_on,
        told,
        await alerts.open_ones(world.store),
    )


async def reset(world: World, said: Said, *, adopt: bool) -> Watch:
    """Take the step back to normal, by a person; `adopt`: what was read last is what is usual from now on.

    Every merchant is judged again. Raises BadSaid, or NothingBefore where there is nothing to take back or adopt.
    """
    checked(said)
    fresh = await _populations(world) if adopt else {}
    if world.governance.step is Step.normal and not fresh:
        raise NothingBefore("monitoring is at its normal step: there is nothing to take back")
    today = calendars.night_on(world.clock.now())

    async def unit(tx: Tx) -> None:
        for name, (version, reference) in fresh.items():
            await tx.run(
                sql.monitoring.adopt, name=name, version=version, reference_json=reference, made_by=said.by,
                reason=said.reason, made_at=world.system_clock.now(),
            )  # fmt: skip
        number = await _set(tx, world, Step.normal, today, said)
        await rejudging.begin(tx, world, f"governance-{number}")
        await audit.note(tx, world, audit.OPERATOR, Action.models_reset, "models", by=said.by, adopted=sorted(fresh))

    await world.store.write(unit)
    await models.follow(world)
    return await watch(world)


async def _read(world: World, on: date) -> list[Reading]:
    """Today's readings; of few merchants only how many there are."""
    population = await readings.population(world, await _references(world))
    found = [Reading(on, Kind.population, Level.ok, population.rows_count, 0, population.rows_count)]
    found += [monitoring.refused(on, one.model, one.version) for one in models.running(world).refused]
    found += await _vintages(world, on)
    if population.rows_count < monitoring.LEAST_COUNT:
        return found
    for name, (reference, adopted) in population.references.items():
        found += monitoring.columns(on, name, reference, population.columns[name], adopted=adopted)
    found.append(monitoring.anomalies(on, population.odd_count, population.rows_count))
    for horizon, today in (await readings.inside(world, population.sample)).items():
        from_on = on - timedelta(days=monitoring.COVERAGE_DAYS - 1)
        monitor = f"{Kind.coverage}:{horizon}"
        before = await world.store.all(sql.monitoring.lately, Reading, monitor=monitor, from_on=from_on)
        days = [(one.detail["inside"][0], one.detail["rows"][0]) for one in before]
        found.append(monitoring.coverage(on, horizon, [today, *days]))
    return found


async def _vintages(world: World, on: date) -> list[Reading]:
    rows = await world.store.all(sql.monitoring.vintages, late_on=on - LATE, from_on=on - VINTAGES)
    return [
        monitoring.defaults(on, vintage, defaulted, expected / monitoring.MILLION, loans)
        for vintage, loans, defaulted, expected in rows
    ]


async def _references(world: World) -> dict[str, tuple[Reference, bool]]:
    """What is usual, by model: what a person adopted for the version that serves, else what its card says."""
    found = {}
    for name in readings.WATCHED:
        card = models.card(world, name)
        if card is None or card.reference is None:
            continue
        row = await world.store.one(sql.monitoring.reference, _Adopted, name=name)
        own = row is not None and row.version == card.version
        found[name] = (row.reference if row is not None and own else card.reference, own)
    return found


class _Adopted(msgspec.Struct, frozen=True):
    reference: Reference
    version: int


async def _populations(world: World) -> dict[str, tuple[int, Reference]]:
    """The population as it was read last, by model, as a reference of the version that serves."""
    read_on = await _last_on(world)
    found = [] if read_on is None else await world.store.all(sql.monitoring.of_day, Reading, business_on=read_on)
    fresh = {}
    for name, (reference, _) in (await _references(world)).items():
        prefix = f"{Kind.psi}:{name}:"
        own = {
            one.monitor.removeprefix(prefix): Seen(
                one.detail["counts"], one.detail["missing"][0], one.detail["outside"][0]
            )
            for one in found
            if one.monitor.startswith(prefix)
        }
        card = models.card(world, name)
        if own and card is not None:
            fresh[name] = (card.version, monitoring.adopted(reference, own))
    if not fresh:
        raise NothingBefore(f"there is no population to adopt: it takes {monitoring.LEAST_COUNT} merchants and a day")
    return fresh


async def _step(tx: Tx, world: World, step: Step, on: date) -> None:
    said = Said(audit.SYSTEM, f"readings of {on}")
    number = await _set(tx, world, step, on, said)
    if governance.DIALS[step] != world.governance.dial_bps or step is Step.rules_only:
        await rejudging.begin(tx, world, f"governance-{number}")
    await audit.note(tx, world, audit.SYSTEM, Action.models_stepped, "models", step=step)


async def _set(tx: Tx, world: World, step: Step, on: date, said: Said) -> int:
    """Put a step into force; its number among all of them."""
    await tx.one(sql.audit.hold)  # one at a time: numbers follow each other
    await tx.run(
        sql.governance.add, step=step, dial_bps=governance.DIALS[step], made_by=said.by, reason=said.reason,
        made_on=on, made_at=world.system_clock.now(),
    )  # fmt: skip
    row = await tx.one(sql.models.generation)
    return 0 if row is None else int(row[1])


async def _close(tx: Tx, world: World, standing: set[str]) -> None:
    """Close what is no longer so."""
    for kind in Kind:
        rows = await tx.all(sql.alerts.open_of, Alert, kind=kind, after="", limit=OPEN_COUNT)
        for one in rows:
            if one.subject not in standing:
                await alerts.close(tx, world, kind, one.subject)


async def _last_on(world: World) -> date | None:
    row = await world.store.one(sql.monitoring.last_on)
    return None if row is None or row[0] is None else date.fromisoformat(row[0])


async def _since_on(world: World) -> date | None:
    row = await world.store.one(sql.governance.last)
    return None if row is None else date.fromisoformat(row[2])


def _row(one: Reading) -> dict[str, object]:
    row = msgspec.structs.asdict(one)
    return {**row, "detail_json": row.pop("detail")}
