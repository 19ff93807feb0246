"""Every day the population is held against the usual one; what lasts makes the gateway careful, and a person resets."""

from __future__ import annotations

import random
import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import governance
from gateway.domain.audit_entries import SYSTEM
from gateway.domain.governance import Step
from gateway.domain.merchants import MerchantState
from gateway.domain.models import BadSaid, NothingBefore, Said
from gateway.domain.monitoring import Level
from gateway.scorer import FEATURES, OUTPUTS
from gateway.store import sql
from gateway.usecases import alerts, audit, models, monitoring, positions, readings, work
from tests import gateways, model_files, tills
from tests.store.notes import query

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.domain.models import Column, Reference
    from gateway.domain.positions import Scores
    from gateway.store import Tx
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
SAID = Said("officer-1", "Looked into it")
PAID_OUT = date(2025, 11, 5)
LOAN = query(
    """INSERT INTO drawdowns (id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency,
    amount, fee_amount, withhold_bps, minimum_amount, final_due_on, terms_hash, carried_net_amount, state_at,
    created_at, active_on)
    VALUES (:id, :merchant_id, 'par', :quote_id, :offer_id, 'bnk', 'prg', :state, 'EUR', 1, 0, 0, 0,
    :final_due_on, '', 0, 0, 0, :active_on)"""
)
SCORED = query("UPDATE positions SET scores_json = :scores_json WHERE merchant_id = :merchant_id")


def value(column: Column, chance: random.Random, shift: int) -> float | None:
    """A value as the column usually is, or from a bin further up."""
    if chance.random() < column.missing:
        return None
    at = min(chance.choices(range(len(column.shares)), column.shares)[0] + shift, len(column.shares) - 1)
    if at:
        return column.edges[at - 1]
    return column.low if column.low is not None else 0.0


def drawn(scores: Scores, reference: dict[str, Reference], chance: random.Random, shift: int) -> Scores:
    """Scores of a made-up merchant: each column drawn as it usually is."""
    found = dict(scores.features)
    for name, own in reference.items():
        found[name] = [value(own.columns[key], chance, shift) for key in FEATURES[name]]
    return msgspec.structs.replace(scores, features=found, fallback=False, anomaly=0)


async def populate(gateway: Gateway, count: int, shift: int = 0) -> None:
    """`count` merchants with scores like the training data's, or `shift` bins above them."""
    world = gateway.world
    till = await tills.trading(await gateway.partner(), 90)
    position = await positions.current(world, till.id)
    assert position is not None
    assert position.scores is not None
    scores, chance = position.scores, random.Random(4)
    reference = {name: own for name, (own, _) in (await monitoring._references(world)).items()}

    async def unit(tx: Tx) -> None:
        for n in range(count - 1):
            merchant_id = world.ids.new("merchant")
            await tx.run(
                sql.merchants.add, id=merchant_id, partner_id=position.partner_id, partner_reference=f"made{n}",
                state=MerchantState.created, legal_name="Made", company_json=None, country="NL", currency="EUR",
                timezone="Etc/UTC", day_cutoff="00:00", mcc=None, payout_account=None, contact=None, registered_on=None,
                created_at=world.clock.now(),
            )  # fmt: skip
            await tx.run(sql.positions.add, merchant_id=merchant_id)
            made = drawn(scores, reference, chance, shift)
            await tx.run(SCORED, merchant_id=merchant_id, scores_json=made)

    await world.store.write(unit)


async def shift_all(gateway: Gateway, shift: int) -> None:
    """Move everybody's features some bins up."""
    world, chance = gateway.world, random.Random(6)
    reference = {name: own for name, (own, _) in (await monitoring._references(world)).items()}
    rows = await world.store.all(sql.monitoring.scored, readings._Row, after="", ending="%", limit=2_000)
    position = await positions.current(world, rows[0].merchant_id)
    assert position is not None
    assert position.scores is not None
    scores = position.scores

    async def unit(tx: Tx) -> None:
        for row in rows:
            made = drawn(scores, reference, chance, shift)
            await tx.run(SCORED, merchant_id=row.merchant_id, scores_json=made)

    await world.store.write(unit)


async def next_day(gateway: Gateway) -> None:
    gateway.clock.at += timedelta(days=1)
    assert await monitoring.sweep(gateway.world) == 1


async def told(gateway: Gateway) -> dict[str, Level]:
    return {one.monitor: one.level for one in (await monitoring.watch(gateway.world)).readings}


async def steps(gateway: Gateway) -> list[tuple[str, Any]]:
    found = [entry async for page in audit.pages(gateway.world.store) for entry in page]
    return [(one.actor, one.facts.get("step")) for one in found if one.action == "models.stepped"]


async def test_a_day_is_read_once_and_a_small_portfolio_is_not_judged(own_gateway: Gateway) -> None:
    await tills.trading(await own_gateway.partner(), 60)
    assert await monitoring.sweep(own_gateway.world) == 1
    assert await monitoring.sweep(own_gateway.world) == 0
    watch = await monitoring.watch(own_gateway.world)
    assert [(one.monitor, one.value) for one in watch.readings] == [("population", 1)]
    assert (watch.step, watch.alerts) == (Step.normal, [])
    await next_day(own_gateway)


async def test_the_usual_population_raises_no_alarm(own_gateway: Gateway) -> None:
    await populate(own_gateway, 400)
    await next_day(own_gateway)
    found = await told(own_gateway)
    assert len([name for name in found if name.startswith("psi:")]) > 30
    judged = {name: level for name, level in found.items() if not name.endswith(":score")}
    assert set(judged.values()) == {Level.ok}


async def test_a_population_that_moves_makes_limits_shrink_then_leaves_the_rules_until_a_person_resets(
    own_gateway: Gateway,
) -> None:
    world = own_gateway.world
    await populate(own_gateway, 300)
    await next_day(own_gateway)
    with pytest.raises(BadSaid):
        await monitoring.reset(world, Said("J", "?"), adopt=True)
    await monitoring.reset(world, SAID, adopt=True)
    assert world.governance == governance.at(Step.normal)
    await shift_all(own_gateway, 3)
    await next_day(own_gateway)
    assert world.governance.step is Step.alert
    opened = {one.subject for one in await alerts.open_ones(world.store, 200)}
    assert "psi:pd:refund_rate_90" in opened
    for _ in range(3):
        assert world.governance.dial_bps == 10_000
        await next_day(own_gateway)
    assert world.governance == governance.at(Step.haircut)
    assert world.governance.dial_bps == 8_500
    for _ in range(7):
        assert not world.governance.rules_only
        await next_day(own_gateway)
    assert world.governance.rules_only
    await next_day(own_gateway)
    assert (await steps(own_gateway))[-3:] == [(SYSTEM, "alert"), (SYSTEM, "haircut"), (SYSTEM, "rules_only")]
    watch = await monitoring.reset(world, SAID, adopt=True)
    assert (watch.step, watch.dial_bps) == (Step.normal, 10_000)
    await next_day(own_gateway)
    assert (await monitoring.watch(world)).step is Step.normal
    assert await alerts.open_ones(world.store) == []


async def test_against_the_training_data_drift_alerts_and_no_more(own_gateway: Gateway) -> None:
    await populate(own_gateway, 300, shift=4)
    for _ in range(6):
        await next_day(own_gateway)
    assert own_gateway.world.governance.step is Step.alert
    assert Level.severe not in (await told(own_gateway)).values()


async def test_there_is_nothing_to_reset_or_adopt_on_a_quiet_young_gateway(own_gateway: Gateway) -> None:
    for adopt in (False, True):
        with pytest.raises(NothingBefore):
            await monitoring.reset(own_gateway.world, SAID, adopt=adopt)


async def test_a_haircut_and_its_reset_reach_every_offer(own_gateway: Gateway) -> None:
    world = own_gateway.world
    till = await tills.trading(await own_gateway.partner(), 90)
    before = (await till.offer())["limit_amount"]

    async def unit(tx: Tx) -> None:
        await monitoring._step(tx, world, Step.haircut, world.clock.now().date())

    await world.store.write(unit)
    await models.follow(world)
    await work.drain(world)
    cut = (await till.offer())["limit_amount"]
    assert cut == pytest.approx(before * 0.85, rel=0.02)
    await monitoring.reset(world, SAID, adopt=False)
    own_gateway.clock.at += timedelta(hours=30)  # a raise waits for its cool-down
    await work.drain(world)
    assert world.governance.step is Step.normal


async def test_another_process_takes_over_a_step(fresh_postgres_url: str, tmp_path: Path) -> None:
    async with (
        gateways.start(fresh_postgres_url, tmp_path) as one,
        gateways.start(fresh_postgres_url, tmp_path) as other,
    ):

        async def unit(tx: Tx) -> None:
            await monitoring._step(tx, one.world, Step.rules_only, one.world.clock.now().date())

        await one.world.store.write(unit)
        for place in (one, other):
            await place.world.keep_up()
            assert place.world.governance.rules_only


async def test_sales_within_and_outside_the_interval_are_counted(own_gateway: Gateway) -> None:
    world = own_gateway.world
    partner = await own_gateway.partner()
    steady = await tills.trading(partner, 120)
    young = await tills.trading(partner, 40)
    fallen = await tills.new(partner)
    await fallen.push(*tills.days_back(120, 40_000)[:-30], *tills.days_back(30, 400))
    await fallen.close()
    found = await readings.inside(world, [steady.id, young.id])
    assert found == {7: (1, 1), 30: (1, 1)}
    assert (await readings.inside(world, [fallen.id]))[30] == (0, 1)


async def test_defaults_are_told_by_the_month_the_loans_were_paid_out(own_gateway: Gateway) -> None:
    world = own_gateway.world
    till = await tills.trading(await own_gateway.partner(), 90)
    offer = await till.offer()
    now = world.clock.now()

    async def unit(tx: Tx) -> None:
        for n in range(12):
            final_on = (now - timedelta(days=100 if n < 9 else 10)).date()
            state = "charged_off" if n < 6 else "active"
            await tx.run(
                LOAN, id=f"drw_{n}", merchant_id=till.id, quote_id=f"quo_{n}", offer_id=offer["id"], state=state,
                final_due_on=final_on, active_on=PAID_OUT,
            )  # fmt: skip

    await world.store.write(unit)
    await next_day(own_gateway)
    watch = await monitoring.watch(world)
    (reading,) = [one for one in watch.readings if one.monitor == "defaults:2025-11"]
    assert (reading.rows_count, reading.detail["observed"], reading.level) == (12, [9], Level.severe)
    assert world.governance.step is Step.alert


async def test_a_version_that_may_not_answer_is_an_alert_until_it_is_gone(tmp_path: Path) -> None:
    folder = model_files.copied(tmp_path / "models", OUTPUTS)
    model_files.add_version(folder, "pd", 2)
    model_files.spoil(folder, "pd", 2)
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    async with gateways.start(url, tmp_path, models_dir=folder) as place:
        await next_day(place)
        (one,) = await alerts.open_ones(place.world.store)
        assert (one.kind, one.subject, one.merchant_id) == ("refused", "refused:pd", None)
        assert place.world.governance.step is Step.alert
    shutil.rmtree(folder / "pd" / "2")
    async with gateways.start(url, tmp_path, models_dir=folder, starts_at=place.clock.at) as place:
        assert place.world.governance.step is Step.alert
        await next_day(place)
        assert await alerts.open_ones(place.world.store) == []
