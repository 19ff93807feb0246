"""A merchant contests a decision: a person overrules it for a while or lets it stand. On both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.programmes import INVENTORY, Eligibility
from gateway.domain.reviews import BadRuling, ReviewState, Ruling
from gateway.store import sql
from gateway.usecases import decisions, messages, reviewing, reviews, work
from tests import granting, shops, tills

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.reviews import Shown
    from gateway.usecases.world import World
    from tests.gateways import Gateway, Partner
    from tests.tills import Till

pytestmark = pytest.mark.anyio
YES, NO = Ruling("officer-1", "Known for years"), Ruling("officer-1", "The invoices do not match")
SAID = "We were closed for a week, for a funeral"


async def waiting(world: World) -> list[Shown]:
    return await reviews.page(world, ReviewState.open, "", 20)


async def turned_down(gateway: Gateway, **shop: Any) -> tuple[Partner, Till, str]:
    """A shop that was turned down for its sector, and that decision."""
    gateway.world.programme = msgspec.structs.replace(INVENTORY, eligibility=Eligibility(mccs_excluded=("5462",)))
    partner = await gateway.partner()
    till = await tills.trading(partner, 60, mcc="5462", **shop)
    (decision,) = await till.decisions()
    assert [reason["code"] for reason in decision["reasons"]] == ["sector_excluded"]
    return partner, till, decision["id"]


async def contested(partner: Partner, decision_id: str, statement: str = SAID) -> dict[str, Any]:
    return await partner.done(f"/v1/decisions/{decision_id}/contest", {"statement": statement})


async def test_a_contest_that_is_approved_is_heeded_at_once_and_decided_afresh(own_gateway: Gateway) -> None:
    world = own_gateway.world
    partner, till, decision_id = await turned_down(own_gateway)
    opened = await contested(partner, decision_id)
    assert opened["state"] == "open"
    assert (await partner.seen(f"/v1/decisions/{decision_id}"))["contest"] == opened
    (shown,) = await waiting(world)
    assert (shown.statement, shown.reasons, shown.outcome) == (SAID, ("contest",), "declined")
    overruled = msgspec.structs.replace(YES, clears=("sector_excluded",), grade="C", days=30)
    ruled = await reviewing.approve(world, opened["review_id"], overruled)
    assert ruled.heeded is not None
    fresh = await partner.seen(f"/v1/decisions/{ruled.heeded.decision_id}")
    assert (fresh["outcome"], fresh["grade"]) == ("offered", "C")
    assert (await till.offer())["limit_amount"] == fresh["limit_amount"] == ruled.heeded.limit_amount > 0
    stored = await decisions.find(world.store, fresh["id"], partner.partner_id)
    assert stored.inputs is not None
    assert stored.inputs.override is not None
    assert stored.inputs.override.review_id == opened["review_id"]
    assert (await partner.seen(f"/v1/decisions/{decision_id}"))["contest"]["state"] == "approved"
    own_gateway.clock.at += timedelta(days=31)
    await till.push(tills.row(40_000, own_gateway.clock.at))
    assert [reason["code"] for reason in (await till.offer())["reasons"]] == ["sector_excluded"]


async def test_a_contest_that_is_declined_leaves_the_decision_and_says_so(own_gateway: Gateway) -> None:
    world = own_gateway.world
    partner, till, decision_id = await turned_down(own_gateway, contact_email="owner@corner.example")
    (before,) = await till.decisions()
    opened = await contested(partner, decision_id)
    await reviewing.decline(world, opened["review_id"], NO)
    assert await till.decisions() == [before | {"contest": opened | {"state": "declined"}}]
    await work.drain(world)
    told = [notice.kind for notice in await messages.latest(world)]
    assert told[0] == "contest_declined"


async def test_the_same_words_twice_are_one_contest_and_other_words_wait(gateway: Gateway) -> None:
    partner, _, decision_id = await turned_down(gateway)
    path = f"/v1/decisions/{decision_id}/contest"
    answers = await asyncio.gather(*(partner.post(path, {"statement": SAID}) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    (review_id,) = {answer.json()["review_id"] for answer in answers}
    other = await partner.post(path, {"statement": "Besides, the figures are wrong"})
    assert (other.status_code, other.json()["code"], other.json()["review_id"]) == (409, "contest_under_way", review_id)
    await reviewing.decline(gateway.world, review_id, NO)
    assert (await contested(partner, decision_id))["review_id"] != review_id


async def test_a_contest_that_overrules_nothing_is_not_approved(gateway: Gateway) -> None:
    partner, _, decision_id = await turned_down(gateway)
    opened = await contested(partner, decision_id)
    with pytest.raises(BadRuling):
        await reviewing.approve(gateway.world, opened["review_id"], YES)


async def test_a_person_is_not_buried_in_one_shops_contests(gateway: Gateway) -> None:
    partner, till, decision_id = await turned_down(gateway)
    now = gateway.world.clock.now()
    partner_id = partner.partner_id

    async def unit(tx: Tx) -> None:
        for _ in range(10):
            await tx.run(
                sql.reviews.add, id=gateway.world.ids.new("review"), merchant_id=till.id, partner_id=partner_id,
                kind="contest", subject_id=gateway.world.ids.new("decision"), reasons_json=["contest"], state="open",
                statement=None, opened_at=now, due_at=now,
            )  # fmt: skip

    await gateway.world.store.write(unit)
    answer = await partner.post(f"/v1/decisions/{decision_id}/contest", {"statement": SAID})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_contests")


async def test_with_the_merchants_data_its_words_and_what_came_of_them_go(own_gateway: Gateway) -> None:
    world = own_gateway.world
    partner, till, decision_id = await turned_down(own_gateway)
    opened = await contested(partner, decision_id)
    lifted = msgspec.structs.replace(YES, clears=("sector_excluded",))
    await reviewing.approve(world, opened["review_id"], lifted)
    again = await contested(partner, decision_id)
    await granting.take_back(world, till.id)
    await work.drain(world)
    url = world.settings.database_url
    assert set(await shops.rows(url, "SELECT state, statement FROM reviews ORDER BY id")) == {
        ("approved", None), ("canceled", None)
    }  # fmt: skip
    assert await shops.rows(url, "SELECT override_json FROM positions") == [(None,)]
    events = (await partner.seen("/v1/events", limit=100))["data"]
    assert [one["type"] for one in events if one["data"]["id"] == again["review_id"]] == [
        "review.opened", "review.canceled"
    ]  # fmt: skip
    await granting.give(partner, till.id, await granting.said(world, till.id))
    await granting.use(partner, till.id)
    refused = await partner.post(f"/v1/decisions/{decision_id}/contest", {"statement": SAID})
    assert (refused.status_code, refused.json()["code"]) == (409, "decision_not_contestable")
    own_gateway.clock.at += timedelta(days=365 * 5 + 10)
    await work.drain(world)
