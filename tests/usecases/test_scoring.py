"""What the models say at each close: intervals that learn, the year, the anomaly, and which risk model answers."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.domain import paths
from gateway.domain.features import FORECAST_MIN_DAYS
from gateway.domain.governance import Governance, Step
from gateway.usecases import decisions, positions
from tests import gateways, tills
from tests.gateways import NOW
from tests.tills import YESTERDAY, days_back, row

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.domain.positions import Position, Scores
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def position_of(gateway: Gateway, till: Till) -> Position:
    """As the database has it, not as this process remembers it."""
    gateway.world.positions.evict([till.id])
    found = await positions.current(gateway.world, till.id)
    assert found is not None
    return found


async def scores_of(gateway: Gateway, till: Till) -> Scores:
    scores = (await position_of(gateway, till)).scores
    assert scores is not None
    return scores


async def erratic(gateway: Gateway, days: int, before: int = 70) -> tuple[Till, list[int], list[Scores]]:
    """A shop whose weeks differ far more than most, closed day by day; its daily sales and what was said each day."""
    chance = random.Random(8)
    level = 0.0
    sold = []
    for day in range(before + days):
        level = 0.9 * level + chance.gauss(0, 0.5) if day % 5 == 0 else level
        sold.append(max(100, round(40_000 * math.exp(level + chance.gauss(0, 0.5)))))
    till = await tills.new(await gateway.partner())
    await till.push(*[row(amount, NOW - timedelta(days=before - n)) for n, amount in enumerate(sold[:before])])
    await till.close()
    said = [await scores_of(gateway, till)]
    for amount in sold[before:]:
        await till.push(row(amount, gateway.clock.at))
        await till.close(gateway.clock.at.date())
        said.append(await scores_of(gateway, till))
        gateway.clock.at += timedelta(days=1)
    return till, sold, said


async def test_a_tracked_interval_of_an_erratic_shop_covers_better_than_the_models_own(tmp_path: Path) -> None:
    days, before = 150, 70
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path) as started:
        till, sold, said = await erratic(started, days, before)
        position = await position_of(started, till)
    raw, tracked, count = 0, 0, 0
    for day, scores in enumerate(said[30 : days - 6], start=30):
        closed = sold[: before + day]
        week, scale = sum(sold[before + day : before + day + 7]), sum(closed[-28:]) * 7 // 28
        raw += scores.ratios_7[1] * scale <= week * 1_000_000 <= scores.ratios_7[5] * scale
        tracked += scores.forecast_7[1] <= week <= scores.forecast_7[5]
        count += 1
    assert raw / count < 0.72
    assert tracked / count > raw / count + 0.03
    assert position.tracks is not None
    assert min(position.tracks.days_7.factors[1:3]) > 1_000_000
    assert said[-1].factors_7 == position.tracks.days_7.factors
    assert said[-1].factors_30 == position.tracks.days_30.factors


async def test_both_databases_learn_the_same(tmp_path: Path, fresh_postgres_url: str) -> None:
    found = []
    for url in (f"sqlite:///{tmp_path / 'restock.db'}", fresh_postgres_url):
        async with gateways.start(url, tmp_path) as started:
            till, _, _ = await erratic(started, days=12)
            found.append((await position_of(started, till)).tracks)
    assert found[0] is not None
    assert found[0] == found[1]


async def test_a_newcomer_keeps_the_wide_fallback_and_is_tracked_once_the_model_speaks(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner(), days=FORECAST_MIN_DAYS - 1)
    young = await position_of(own_gateway, till)
    assert young.scores is not None
    assert (young.scores.fallback, young.tracks, young.scores.factors_7) == (True, None, ())
    await till.push(row(40_000, own_gateway.clock.at))
    await till.close(own_gateway.clock.at.date())
    known = await position_of(own_gateway, till)
    assert known.scores is not None
    assert known.tracks is not None
    assert (known.scores.fallback, known.tracks.through_on) == (False, YESTERDAY + timedelta(days=1))
    assert known.scores.factors_30 == known.tracks.days_30.factors


async def test_a_corrected_day_is_said_anew_and_teaches_nothing(gateway: Gateway) -> None:
    till = await tills.trading(await gateway.partner(), days=80)
    before = (await position_of(gateway, till)).tracks
    await till.push(row(90_000, NOW - timedelta(days=2)))
    after = (await position_of(gateway, till)).tracks
    assert before is not None
    assert after is not None
    assert (after.days_7.factors, after.days_30.factors) == (before.days_7.factors, before.days_30.factors)
    assert len(after.days_7.said) == len(before.days_7.said)
    assert after.days_7.said != before.days_7.said


@pytest.mark.parametrize("days", [5, 60, 420])
async def test_a_year_is_foreseen_that_never_falls_and_never_crosses(site: Gateway, days: int) -> None:
    till = await tills.trading(await site.partner(), days=days)
    scores = await scores_of(site, till)
    assert len(scores.year) == len(scores.ratios_year) == len(paths.KNOTS)
    assert all(low <= middle <= high for low, middle, high in scores.year)
    assert all(earlier <= later for earlier, later in zip(scores.year, scores.year[1:], strict=False))
    assert 0 < scores.year[0][1] < scores.year[-1][1]
    whole = paths.amounts(paths.path(scores.ratios_year), 40_000 * 7)
    assert [whole[knot - 1] for knot in paths.KNOTS] == list(scores.year)


async def test_a_month_unlike_those_before_is_told_with_what_makes_it_so(site: Gateway) -> None:
    partner = await site.partner()
    calm = await scores_of(site, await tills.trading(partner, days=200))
    till = await tills.new(partner)
    jump = [row(900_000, NOW - timedelta(days=back)) for back in range(14, 0, -1)]
    await till.push(*days_back(200, until=NOW - timedelta(days=14)), *jump)
    await till.close()
    odd = await scores_of(site, till)
    assert calm.anomaly is not None
    assert odd.anomaly is not None
    assert odd.anomaly > max(1_000_000, calm.anomaly)
    assert abs(sum(part for _, part in odd.anomaly_contributions) - odd.anomaly) <= len(odd.anomaly_contributions)


async def test_the_scorecard_answers_when_monitoring_says_so_and_the_decision_is_made_again(
    own_gateway: Gateway,
) -> None:
    world = own_gateway.world
    till = await tills.trading(await own_gateway.partner(), days=90)
    by_model = await scores_of(own_gateway, till)
    world.governance = Governance(Step.rules_only)
    # Nobody closed a day, yet what is judged now is not judged by a model out of service.
    await till.push(row(1_000, NOW))
    by_rules = await scores_of(own_gateway, till)
    assert (by_model.model, by_rules.model) == ("pd", "rules")
    assert by_rules.contributions != by_model.contributions
    assert by_rules.graded_from == by_model.grade
    await till.push(row(30_000, NOW))
    await till.close(NOW.date())
    for made in await till.decisions():
        again = await decisions.replay(world.store, world.scorer, world.programme, made["id"])
        assert again.differences == ()
    world.governance = Governance()
    await till.offer()
    own_gateway.clock.at += timedelta(days=1)
    await till.close(own_gateway.clock.at.date())
    assert (await scores_of(own_gateway, till)).model == "pd"


async def test_scores_of_another_programme_version_judge_nothing(own_gateway: Gateway) -> None:
    world = own_gateway.world
    till = await tills.trading(await own_gateway.partner(), days=90)
    before = await scores_of(own_gateway, till)
    assert before.programme == world.programme.ref
    stricter = [msgspec.structs.replace(grade, pd_max=1) for grade in world.programme.grades]
    world.programme = msgspec.structs.replace(
        world.programme, version=world.programme.version + 1, grades=tuple(stricter)
    )
    offer = await till.offer()
    assert offer["limit_amount"] == 0
    await till.push(row(1_000, NOW))
    after = await scores_of(own_gateway, till)
    assert (after.programme, after.grade) == (world.programme.ref, None)
