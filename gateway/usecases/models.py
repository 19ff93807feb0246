"""Which version of each model answers, and how carefully: promoted, rolled back, recalibrated, taken over.

Each change is a row that is only ever added; every process takes over the newest ones (`follow`), so that a server
need not be started again. A version that does not pass the scorer's checks is never promoted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from gateway import log, scorer
from gateway.domain import governance
from gateway.domain.calibrations import Calibration
from gateway.domain.governance import Step
from gateway.domain.models import Card, ModelRefused, ModelUnknown, NothingBefore, Promotion, Said, Serving, checked
from gateway.store import sql
from gateway.usecases import audit, rejudging
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from gateway.scorer import OnnxScorer
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class Version(msgspec.Struct, frozen=True):
    """One version on the disk: whether it serves, why it cannot, and the figures of its card."""

    version: int
    serves: bool
    refused: str | None
    metrics: dict[str, float]


class Listed(msgspec.Struct, frozen=True):
    """One model: what was promoted (None: the newest serves), and every version there is, newest first."""

    name: str
    promoted: Promotion | None
    calibration: str | None
    versions: list[Version]


async def follow(world: World) -> None:
    """Take over what was promoted and what step monitoring is at, where that changed; cheap where it did not.

    A version that is refused here leaves the answer to the next older one. Where a model has none left, what serves
    now goes on serving, and the log says so.
    """
    async with world.following:  # opening a model takes a while: an older answer must not come in last
        await _follow(world)


async def _follow(world: World) -> None:
    row = await world.store.one(sql.models.generation)
    if row is None or tuple(row) == world.generation:
        return
    step = await world.store.one(sql.governance.last)
    world.governance = governance.Governance() if step is None else governance.Governance(Step(step[0]), step[1])
    current, wanted = running(world), await serving(world.store)
    if wanted != current.serving:
        try:
            world.scorer = await asyncio.to_thread(scorer.reload, current, world.settings.models_dir, wanted)
        except ModelRefused as fault:
            log.get().error("models.kept", error=fault.detail)
        else:
            tell(running(world))
    world.generation = (row[0], row[1])


def tell(models: OnnxScorer) -> None:
    """Log every version that was refused, and who answers for the PD without one."""
    for refusal in models.refused:
        log.get().error("model.refused", model=refusal.model, version=refusal.version, error=refusal.reason)
    if not models.usable("pd"):
        log.get().error("model.replaced", model="pd", outcome="rules")


def running(world: World) -> OnnxScorer:
    """The scorer that answers now."""
    if not isinstance(world.scorer, scorer.OnnxScorer):
        raise TypeError("only models in files can be promoted")
    return world.scorer


async def listed(world: World) -> list[Listed]:
    """Every model with its versions."""
    promoted = {row.name: row for row in await world.store.all(sql.models.serving, Promotion)}
    return [await asyncio.to_thread(_listed, world, name, promoted.get(name)) for name in scorer.OUTPUTS]


async def promote(world: World, name: str, version: int, said: Said) -> Promotion:
    """Have `version` answer for `name`, without any calibration. Raises ModelUnknown, ModelRefused, BadSaid."""
    _known(name)
    await asyncio.to_thread(scorer.check, name, world.settings.models_dir, version)
    return await _add(world, name, Serving(version), checked(said), Action.model_promoted)


async def recalibrate(world: World, calibration: Calibration, said: Said) -> Promotion:
    """Lay a line over the logit of the PD that answers now. Raises ModelRefused where none does, and BadSaid."""
    loaded = running(world).loaded.get("pd")
    if loaded is None:
        raise ModelRefused("pd: there is no version of it that may answer", model="pd")
    serving = Serving(loaded.card.version, calibration)
    return await _add(world, "pd", serving, checked(said), Action.model_recalibrated)


async def roll_back(world: World, name: str, said: Said) -> Promotion:
    """Have answer for `name` what did before the last promotion or calibration, step by step further back.

    Raises ModelUnknown, NothingBefore, ModelRefused, BadSaid.
    """
    _known(name)
    checked(said)
    back = await _before(world.store, name)
    if back.version is not None:
        await asyncio.to_thread(scorer.check, name, world.settings.models_dir, back.version)

    async def unit(tx: Tx) -> Promotion:
        await tx.one(sql.audit.hold)  # one promotion at a time: numbers follow each other
        row = await _before(tx, name)
        return await _write(tx, world, row, said, Action.model_rolled_back)

    made = await world.store.write(unit)
    await follow(world)
    return made


def card(world: World, name: str) -> Card | None:
    """The card of the version that answers for `name`; None without one."""
    loaded = running(world).loaded.get(name)
    return None if loaded is None else loaded.card


async def _add(world: World, name: str, serving: Serving, said: Said, action: Action) -> Promotion:
    async def unit(tx: Tx) -> Promotion:
        await tx.one(sql.audit.hold)
        last = await tx.one(sql.models.serving_of, Promotion, name=name)
        row = _Row(name, serving.version, serving.calibration, 0 if last is None else last.number)
        return await _write(tx, world, row, said, action)

    made = await world.store.write(unit)
    await follow(world)
    return made


class _Row(msgspec.Struct, frozen=True):
    """What is about to be promoted."""

    name: str
    version: int | None
    calibration: Calibration | None
    previous: int | None


async def _before(reader: Reader, name: str) -> _Row:
    """What served before the promotion in force."""
    last = await reader.one(sql.models.serving_of, Promotion, name=name)
    if last is None or last.previous is None:
        raise NothingBefore(f"{name}: nothing was promoted before what serves now", model=name)
    if not last.previous:
        return _Row(name, None, None, None)
    old = await reader.one(sql.models.find, Promotion, number=last.previous)
    assert old is not None  # noqa: S101 - rows are only ever added
    return _Row(name, old.version, old.calibration, old.previous)


async def _write(tx: Tx, world: World, row: _Row, said: Said, action: Action) -> Promotion:
    await tx.run(
        sql.models.add, name=row.name, version=row.version, calibration_json=row.calibration, previous=row.previous,
        made_by=said.by, reason=said.reason, made_at=world.system_clock.now(),
    )  # fmt: skip
    made = await tx.one(sql.models.serving_of, Promotion, name=row.name)
    assert made is not None  # noqa: S101 - the line before added it
    await rejudging.begin(tx, world, f"model-{made.number}")
    facts = {"version": row.version, "calibration": None if row.calibration is None else str(row.calibration)}
    await audit.note(tx, world, audit.OPERATOR, action, row.name, by=said.by, **facts)
    return made


async def serving(reader: Reader) -> dict[str, Serving]:
    """What was promoted, by model; one that never was is not among them."""
    return {row.name: row.serving for row in await reader.all(sql.models.serving, Promotion)}


def _known(name: str) -> None:
    if name not in scorer.OUTPUTS:
        raise ModelUnknown(f"there is no model {name[:40]}; there are {', '.join(scorer.OUTPUTS)}")


def _listed(world: World, name: str, promoted: Promotion | None) -> Listed:
    directory, loaded = world.settings.models_dir, running(world).loaded.get(name)
    serves = None if loaded is None else loaded.card.version
    calibration = None if loaded is None or loaded.calibration is None else str(loaded.calibration)
    found = [_version(world, name, version, serves=version == serves) for version in scorer.versions(name, directory)]
    return Listed(name, promoted, calibration, found)


def _version(world: World, name: str, version: int, *, serves: bool) -> Version:
    try:
        card = scorer.check(name, world.settings.models_dir, version)
    except ModelRefused as fault:
        return Version(version, serves, fault.detail, {})
    return Version(version, serves, None, card.metrics)
