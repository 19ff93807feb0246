"""What would have raised a limit is asked of the model that judged, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from gateway.domain.features import PD_FEATURES
from gateway.domain.positions import seen
from gateway.domain.programmes import ProgrammeRef
from gateway.usecases import counterfactuals, decisions, work
from gateway.usecases.counterfactuals import NOTHING
from tests import granting, tills

if TYPE_CHECKING:
    from gateway.usecases.decisions import Decision
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def latest(gateway: Gateway, till: Till) -> Decision:
    decision_id = (await till.decisions())[-1]["id"]
    return await decisions.find(gateway.world.store, decision_id, till.partner.partner_id)


async def test_a_model_or_programme_that_is_not_here_is_not_guessed_at(gateway: Gateway) -> None:
    made = await latest(gateway, await tills.trading(await gateway.partner()))
    assert made.scores is not None
    assert (await counterfactuals.of(gateway.world, made)).model == made.scores.models["pd"]
    other = msgspec.structs.replace(made.scores, models=made.scores.models | {"pd": "0" * 64})
    unknown = (
        msgspec.structs.replace(made, scores=other),
        msgspec.structs.replace(made, scores=msgspec.structs.replace(made.scores, model="another")),
        msgspec.structs.replace(made, programme=ProgrammeRef(made.programme.id, 1_000)),
        msgspec.structs.replace(made, scores=None),
        msgspec.structs.replace(made, inputs=None),
    )
    for one in unknown:
        assert await counterfactuals.of(gateway.world, one) == NOTHING


async def test_another_model_that_has_not_changed_is_none_of_its_business(gateway: Gateway) -> None:
    made = await latest(gateway, await tills.trading(await gateway.partner()))
    assert made.scores is not None
    other = msgspec.structs.replace(made.scores, models=made.scores.models | {"forecast_7": "0" * 64})
    found = await counterfactuals.of(gateway.world, msgspec.structs.replace(made, scores=other))
    assert found == await counterfactuals.of(gateway.world, made) != NOTHING


async def test_the_model_answers_for_the_changed_feature_alone(gateway: Gateway) -> None:
    """Each answer repeated by hand: one value of the stored row put in, the model run, the best grade's limit taken."""
    world = gateway.world
    made = await latest(gateway, await tills.trading(await gateway.partner()))
    assert made.scores is not None
    stored, programme = seen(made.scores.features["pd"]), world.programme
    told = [one for one in (await counterfactuals.of(world, made)).counterfactuals if one.change is not None]
    assert told
    for one in told:
        assert one.change is not None
        row = np.array([[np.nan if value is None else value for value in stored]], np.float32)
        row[0, PD_FEATURES.index(one.change.feature)] = one.change.after / 1_000_000
        limits = []
        for grade, tried in zip(programme.grades, made.scores.candidates, strict=True):
            row[0, -1] = tried.exposure_amount / made.terms.net_closed_amount
            if world.scorer.default(row)[0] <= grade.pd_max * (10_000 - programme.hysteresis_bps) / 10_000:
                limits.append(made.terms.base_amount * grade.limit_bps // 10_000)
        assert one.limit_amount == max(limits)


async def test_nothing_is_said_of_a_decision_that_was_sealed(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner())
    made = await latest(own_gateway, till)
    await granting.take_back(own_gateway.world, till.id)
    await work.drain(own_gateway.world)
    sealed = await decisions.find(own_gateway.world.store, made.id, till.partner.partner_id)
    assert sealed.sealed
    assert await counterfactuals.of(own_gateway.world, sealed) == NOTHING
