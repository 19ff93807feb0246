"""What a partner corrects of a shop moves its limit at once, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.programmes import Eligibility
from gateway.usecases import positions
from tests import tills

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def test_what_pre_screening_reads_moves_the_limit_at_once_and_leaves_the_scores(own_gateway: Gateway) -> None:
    world = own_gateway.world
    rule = Eligibility(mccs_excluded=("5813",), companies_blocked=("kvk:2",), company_age_days=30)
    world.programme = msgspec.structs.replace(world.programme, eligibility=rule)
    partner = await own_gateway.partner()
    till = await tills.trading(partner, mcc="5462", registered_on="2020-01-01")
    offered = (await till.offer())["limit_amount"]
    scores = (await position_of(own_gateway, till)).scores
    spoilt: dict[str, tuple[Any, Any, str]] = {
        "mcc": ("5813", "5462", "sector_excluded"),
        "registered_on": ("2026-02-28", "2020-01-01", "company_too_young"),
    }
    for field, (bad, good, code) in spoilt.items():
        assert (await partner.patch(till.path, {field: bad})).is_success
        offer, decisions = await till.offer(), await till.decisions()
        assert [reason["code"] for reason in offer["reasons"]] == [code]
        assert [reason["code"] for reason in decisions[-1]["reasons"]][-1] == code
        assert (await position_of(own_gateway, till)).scores == scores
        assert (await partner.patch(till.path, {field: good})).is_success
        assert (await till.offer())["limit_amount"] == offered > 0
    count = len(await till.decisions())
    assert (await partner.patch(till.path, {"legal_name": "Corner Shop", "mcc": "5462"})).is_success
    assert len(await till.decisions()) == count


async def test_a_blocked_company_cannot_become_another_one(own_gateway: Gateway) -> None:
    world = own_gateway.world
    world.programme = msgspec.structs.replace(world.programme, eligibility=Eligibility(companies_blocked=("kvk:2",)))
    partner = await own_gateway.partner()
    till = await tills.trading(partner, mcc="5462")
    blocked = {"scheme": "kvk", "value": "2"}
    assert (await partner.patch(till.path, {"company_id": blocked})).is_success
    assert [reason["code"] for reason in (await till.offer())["reasons"]] == ["company_blocked"]
    for other in (None, {"scheme": "kvk", "value": "3"}):
        refused = await partner.patch(till.path, {"company_id": other})
        assert (refused.status_code, refused.json()["code"]) == (409, "company_id_fixed")
    assert (await partner.patch(till.path, {"company_id": blocked, "mcc": "5411"})).is_success
    assert [reason["code"] for reason in (await till.offer())["reasons"]] == ["company_blocked"]


async def position_of(gateway: Gateway, till: Till) -> Position:
    world = gateway.world
    return await world.store.write(lambda tx: positions.certain(tx, world, till.id))
