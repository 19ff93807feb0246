"""Reasons over a shop's life with real models: they add up, are told the same everywhere, and can be repeated."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.features import PD_FEATURES
from gateway.domain.programmes import INVENTORY
from gateway.usecases import decisions, work
from tests import granting, tills
from tests.tills import refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio
OFFERED_FOR = timedelta(days=INVENTORY.offer_days)


async def live(gateway: Gateway, till: Till, days: int) -> None:
    """A shop that makes more and smaller sales at first, then sells less and less and not every day."""
    chance = random.Random(1)
    for day in range(days):
        gateway.clock.at += timedelta(days=1)
        at, left = gateway.clock.at, max(0, 2 * day - days)
        if day % 3 == 0 or chance.random() * days > left:
            await till.push(*[row(8_000 - 4_000 * left // days, at) for _ in range(5)])
        await till.close(at.date())


async def replay(gateway: Gateway, decision_id: str) -> decisions.Replay:
    world = gateway.world
    return await decisions.replay(world.store, world.scorer, world.programme, decision_id, world.vault)


async def test_every_reason_of_a_shops_rise_and_decline_adds_up_and_is_repeated(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner())
    await live(own_gateway, till, 60)
    made = await till.decisions()
    graded, told = 0, set[str]()
    for before, after in itertools.pairwise(made):
        assert "reasons" not in " ".join((await replay(own_gateway, after["id"])).differences)
        assert 0 < len(after["reasons"]) <= 4
        codes = [reason["code"] for reason in after["reasons"]]
        told |= set(codes)
        renewed = _at(after) - _at(before) >= OFFERED_FOR  # held against the best there is, as a first one
        if before["outcome"] == after["outcome"] == "offered" and not renewed:
            parts = _parts(after)
            features = [reason for reason in parts if reason["feature"]]
            if before["grade"] == after["grade"]:
                assert features == [], "the model is not blamed where the grade stayed"
            graded += bool(features)
            if len(parts) < 3:
                assert sum(reason["amount"] for reason in parts) == after["limit_amount"] - before["limit_amount"]
    assert "sales_fell" in told
    assert graded > 0, "a grade was lowered by the model, and the features that did it were named"
    assert {code for code in told if code.endswith("_worse")} <= {f"{name}_worse" for name in PD_FEATURES}


def _at(decision: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(decision["decided_at"])


def _parts(decision: dict[str, Any]) -> list[dict[str, Any]]:
    return [reason for reason in decision["reasons"] if not reason["code"].endswith("_binds")]


async def test_the_reasons_of_a_cut_outlive_the_data_as_far_as_they_are_kept(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner)
    await till.push(refund(150_000))
    cut = (await till.decisions())[-1]
    assert (await replay(own_gateway, cut["id"])).agrees
    await granting.take_back(own_gateway.world, till.id)
    await work.drain(own_gateway.world)
    sealed = await decisions.find(own_gateway.world.store, cut["id"], partner.partner_id)
    assert sealed.sealed
    assert [reason.code for reason in sealed.reasons] == [reason["code"] for reason in cut["reasons"]]
    again = await replay(own_gateway, cut["id"])
    assert (again.differences, again.agrees) == ((), True)


async def test_the_offer_the_decision_and_the_notice_give_the_same_reason_for_a_cut(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner)
    said = (await till.push(refund(150_000)))["offer"]
    decision = await partner.seen(f"/v1/decisions/{said['decision_id']}")
    offer = await partner.seen(f"/v1/offers/{said['id']}")
    (notice,) = (await partner.seen(f"{till.path}/notices"))["data"]
    assert said["reasons"] == decision["reasons"] == offer["reasons"] == (await till.offer())["reasons"]
    assert notice["reasons"] == [reason for reason in decision["reasons"] if reason["amount"] < 0]
    assert decision["reasons"][0]["amount"] == notice["after_amount"] - notice["before_amount"]
