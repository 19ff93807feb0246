"""Large and flagged draws wait for a person; a contested decision is overruled or stands. On both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.bank_decisions import BankOutcome
from gateway.domain.drawdowns import UnknownDrawdown
from gateway.domain.errors import GatewayError
from gateway.domain.programmes import INVENTORY, ReviewRule
from gateway.domain.quotes import QuoteExpired, QuoteSuperseded
from gateway.domain.reviews import BadRuling, ReviewState, Ruling, UnknownReview
from gateway.store import sql
from gateway.usecases import audit, drawdowns, messages, positions, reviewing, reviews
from tests import granting, shops
from tests.lenders import Lender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from gateway.domain.programmes import Programme
    from gateway.store import Tx
    from gateway.usecases.reviewing import Ruled
    from gateway.usecases.reviews import Shown
    from gateway.usecases.world import World
    from tests.gateways import Gateway
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
YES, NO = Ruling("officer-1", "Known for years"), Ruling("officer-1", "The invoices do not match")
MANY_COUNT = 20
SAID = "We were closed for a week, for a funeral"


def reviewed_from(major: int) -> Programme:
    """The programme, with every draw from so many major units up looked at by a person."""
    return msgspec.structs.replace(INVENTORY, review=ReviewRule(default_amount_major=major))


async def waiting(world: World) -> list[Shown]:
    return await reviews.page(world, ReviewState.open, "", 20)


async def reviewed_draw(shop: Shop) -> tuple[str, str]:
    """A draw that waits for a person, and its review."""
    shop.world.programme = reviewed_from(1)
    drawdown_id = await shop.draw()
    (review,) = await waiting(shop.world)
    assert (review.subject_id, review.kind, review.reasons) == (drawdown_id, "drawdown", ("amount",))
    return drawdown_id, review.id


async def flag(world: World, merchant_id: str, *flags: str) -> None:
    async def unit(tx: Tx) -> None:
        await tx.run(sql.positions.flag, merchant_id=merchant_id, flags_json=flags)
        positions.forget(tx, world, merchant_id)

    await world.store.write(unit)


async def exposures(world: World) -> set[int]:
    """What every row of exposure says."""
    url = world.settings.database_url
    merchants = await shops.rows(url, "SELECT exposure_amount FROM positions")
    return {amount for (amount,) in merchants + await shops.rows(url, "SELECT amount FROM exposures")}


async def came_of(calls: Sequence[Awaitable[Ruled]]) -> list[str]:
    """`approved`, `declined`, or the refusal's code, of calls at once."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    return sorted(one.code if isinstance(one, GatewayError) else one.state for one in found)  # type: ignore[union-attr]


async def test_a_draw_below_the_amount_of_an_unflagged_shop_needs_nobody(shop: Shop) -> None:
    shop.world.programme = reviewed_from(10**6)
    drawdown_id = await shop.draw()
    assert await waiting(shop.world) == []
    await shop.work()
    assert "reviewing" not in await shop.states(drawdown_id)


async def test_a_large_draw_waits_for_a_person_and_then_goes_to_the_bank(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id, review_id = await reviewed_draw(shop)
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "reviewing"
    assert await shop.sent(drawdown_id) == 0
    ruled = await reviewing.approve(shop.world, review_id, YES)
    assert (ruled.state, ruled.subject_id, ruled.heeded) == ("approved", drawdown_id, None)
    assert (await shop.drawdown(drawdown_id))["state"] == "reviewing", "the bank has not decided yet"
    await shop.work()
    told = await shop.states(drawdown_id)
    assert told[:5] == ["awaiting_confirmation", "requested", "reviewing", "approved", "submitted"]
    assert await shop.sent(drawdown_id) == 1
    assert await shop.states(review_id) == ["opened", "approved"]
    assert (await shop.verify()).problems == ()


async def test_a_declined_draw_is_rejected_and_frees_its_room(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id, review_id = await reviewed_draw(shop)
    assert 0 not in await exposures(shop.world)
    await reviewing.decline(shop.world, review_id, NO)
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("rejected", "review_declined")
    assert await shop.states(review_id) == ["opened", "declined"]
    assert await exposures(shop.world) == {0}
    assert await shop.bank.payments() == []
    assert (await shop.verify()).problems == ()


@pytest.mark.parametrize("lie", ["open", "declined", "canceled"])
async def test_a_review_that_does_not_fit_its_draw_is_found_by_verify(shop: Shop, lie: str) -> None:
    drawdown_id, review_id = await reviewed_draw(shop)
    await reviewing.approve(shop.world, review_id, YES)
    await shop.work()
    assert (await shop.verify()).problems == ()
    await shops.execute(shop.world.settings.database_url, "UPDATE reviews SET state = ?1", lie)
    (problem,) = (await shop.verify()).problems
    assert problem.startswith(drawdown_id)
    assert problem.endswith(f"its review is {lie}")


async def test_what_the_bank_itself_declines_after_the_person_frees_its_room_too(shop: Shop) -> None:
    drawdown_id, review_id = await reviewed_draw(shop)
    shop.lender.decision = Lender(BankOutcome.rejected)
    await reviewing.approve(shop.world, review_id, YES)
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["reason"] == "bank_declined"
    assert await exposures(shop.world) == {0}


async def test_taking_the_draw_back_cancels_its_review(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id, review_id = await reviewed_draw(shop)
    assert (await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")).is_success
    assert await waiting(shop.world) == []
    for rule in (reviewing.approve, reviewing.decline):
        assert await came_of([rule(shop.world, review_id, YES)]) == ["illegal_state"]
    await shop.work()
    assert await shop.states(review_id) == ["opened", "canceled"]
    assert await exposures(shop.world) == {0}
    assert await shop.bank.payments() == []


async def test_an_approved_draw_can_be_taken_back_until_the_bank_is_instructed(shop: Shop) -> None:
    drawdown_id, review_id = await reviewed_draw(shop)
    await reviewing.approve(shop.world, review_id, YES)
    assert (await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")).is_success
    await shop.work()
    assert await shop.states(review_id) == ["opened", "approved"]
    assert await exposures(shop.world) == {0}
    assert await shop.bank.payments() == []


async def test_of_twenty_rulings_at_once_one_counts(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id, review_id = await reviewed_draw(shop)
    calls = [
        reviewing.approve(shop.world, review_id, YES) if odd % 2 else reviewing.decline(shop.world, review_id, NO)
        for odd in range(MANY_COUNT)
    ]
    told = await came_of(calls)
    assert told.count("illegal_state") == MANY_COUNT - 1
    won = next(one for one in told if one != "illegal_state")
    await shop.work()
    assert await shop.states(review_id) == ["opened", won]
    assert await shop.sent(drawdown_id) == (won == "approved")
    assert (await shop.verify()).problems == ()


async def test_an_approval_that_races_a_cancel_lends_or_does_not(shop_on_both: Shop) -> None:
    shop = shop_on_both
    for _ in range(4):
        drawdown_id, review_id = await reviewed_draw(shop)
        cancel = shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")
        (told,), canceled = await asyncio.gather(came_of([reviewing.approve(shop.world, review_id, YES)]), cancel)
        await shop.work()
        state = (await shop.drawdown(drawdown_id))["state"]
        assert canceled.is_success == (state == "canceled")
        assert await shop.sent(drawdown_id) == (0 if canceled.is_success else 1)
        assert told in {"approved", "illegal_state"}
        assert canceled.is_success or told == "approved"
        assert (await shop.verify()).problems == ()
        assert await waiting(shop.world) == []


@pytest.mark.parametrize("change", ["refunds", "revoked"])
async def test_what_changed_since_the_click_is_looked_at_again(shop_on_both: Shop, change: str) -> None:
    shop = shop_on_both
    shop.world.programme = reviewed_from(1)
    drawdown_id = await shop.draw((await shop.offer())["available_amount"])
    ((review_id, state),) = [(one.id, one.state) for one in await waiting(shop.world)]
    if change == "refunds":
        await shop.sell(20 * shops.TAKINGS_AMOUNT, kind="refund")
    else:
        await granting.take_back(shop.world, shop.id)
    before = await exposures(shop.world)
    with pytest.raises(QuoteSuperseded):
        await reviewing.approve(shop.world, review_id, YES)
    assert [(one.id, one.state) for one in await waiting(shop.world)] == [(review_id, state)]
    assert await exposures(shop.world) == before
    await shop.work()
    assert await shop.sent(drawdown_id) == 0
    await reviewing.decline(shop.world, review_id, NO)
    assert await exposures(shop.world) == {0}


async def test_a_flagged_shops_draw_waits_until_a_person_lifts_the_flag(shop_on_both: Shop) -> None:
    shop = shop_on_both
    await flag(shop.world, shop.id, "clone_suspected")
    limit = (await shop.offer())["limit_amount"]
    assert limit > 0
    first = await shop.draw()
    (review,) = await waiting(shop.world)
    assert review.reasons == ("clone_suspected",)
    lifted = msgspec.structs.replace(YES, clears=("clone_suspected",), days=10)
    ruled = await reviewing.approve(shop.world, review.id, lifted)
    assert ruled.heeded is not None
    assert ruled.heeded.limit_amount == limit
    second = await shop.draw()
    assert await waiting(shop.world) == []
    await shop.work()
    assert [await shop.sent(one) for one in (first, second)] == [1, 1]
    shop.gateway.clock.at += timedelta(days=11)
    await shop.sell()
    await shop.close(1)
    await flag(shop.world, shop.id, "clone_suspected")
    await shop.draw()
    assert [one.reasons for one in await waiting(shop.world)] == [("clone_suspected",)]


async def test_who_decided_and_why_is_kept_sealed_and_noted_in_the_audit_log(shop_on_both: Shop) -> None:
    world = shop_on_both.world
    _, review_id = await reviewed_draw(shop_on_both)
    await reviewing.approve(world, review_id, YES)
    (shown,) = await reviews.page(world, ReviewState.approved, "", 20)
    assert (shown.decided_by, shown.reason) == (YES.by, YES.reason)
    noted = [entry async for page in audit.pages(world.store) for entry in page if entry.subject == review_id]
    assert [(entry.actor, entry.action, entry.facts["by"]) for entry in noted] == [
        ("operator", "review.approved", YES.by)
    ]
    everything = repr(await shops.rows(world.settings.database_url, "SELECT * FROM reviews"))
    assert YES.reason not in everything + repr(noted)


@pytest.mark.parametrize(
    "ruling",
    [
        Ruling("", "x"), Ruling("J. Doe", "x"), Ruling("officer-1", ""), Ruling("officer-1", "  "),
        Ruling("officer-1", "x" * 501),
        Ruling("officer-1", "x", ("consent_withdrawn",)), Ruling("officer-1", "x", grade="Z"),
        Ruling("officer-1", "x", ("anomaly",), days=0), Ruling("officer-1", "x", ("anomaly",), days=91),
    ],
    ids=["nobody", "a name", "no reason", "blank", "long", "not liftable", "no grade", "no days", "too many days"],
)  # fmt: skip
async def test_a_ruling_without_a_person_a_reason_or_the_right_is_refused_and_decides_nothing(
    shop: Shop, ruling: Ruling
) -> None:
    _, review_id = await reviewed_draw(shop)
    with pytest.raises(BadRuling):
        await reviewing.approve(shop.world, review_id, ruling)
    assert len(await waiting(shop.world)) == 1


async def test_a_review_that_is_not_there_is_refused(gateway: Gateway) -> None:
    for rule in (reviewing.approve, reviewing.decline):
        with pytest.raises(UnknownReview):
            await rule(gateway.world, "rev_01jc0000000000000000000000", YES)
    with pytest.raises(UnknownDrawdown):
        await drawdowns.find(gateway.world.store, "drw_01jc0000000000000000000000")


async def test_a_merchant_whose_draw_a_person_declines_is_told(shop: Shop) -> None:
    contact = {"email": "owner@corner.example"}
    key = {"idempotency-key": "contact"}
    assert (await shop.partner.send("PUT", f"/v1/merchants/{shop.id}/contact", json=contact, headers=key)).is_success
    _, review_id = await reviewed_draw(shop)
    await reviewing.decline(shop.world, review_id, NO)
    await shop.work()
    assert next(notice.kind for notice in await messages.latest(shop.world)) == "drawdown_declined"


STEPS = st.tuples(st.sampled_from(["draw", "approve", "decline", "cancel", "work"]), st.integers(0, 9))


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=12))
async def test_whatever_people_and_merchants_do_in_any_order_the_books_agree(
    shop: Shop, steps: list[tuple[str, int]]
) -> None:
    """One shop lives through all the examples."""
    shop.world.programme = reviewed_from(1)
    for verb, pick in [("draw", 0), *steps]:
        await one_step(shop, verb, pick)
        url = shop.world.settings.database_url
        held = await shops.rows(url, "SELECT id FROM drawdowns WHERE state = 'reviewing'")
        assert {one.subject_id for one in await waiting(shop.world)} <= {row[0] for row in held}
    assert (await shop.verify()).problems == ()


async def one_step(shop: Shop, verb: str, pick: int) -> None:
    """Do it to one of the draws there are, as far as it can be done."""
    found = await shops.rows(shop.world.settings.database_url, "SELECT id, subject_id FROM reviews ORDER BY id DESC")
    if verb == "work":
        await shop.work()
    elif verb == "draw" or not found:
        offer = await shop.offer()
        if offer["available_amount"] >= offer["step_amount"]:
            await shop.confirm(await shop.propose(await shop.quote(offer["step_amount"])))
    else:
        review_id, drawdown_id = found[pick % len(found)]
        if verb == "cancel":
            await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")
        else:
            rule = reviewing.approve if verb == "approve" else reviewing.decline
            await came_of([rule(shop.world, review_id, YES)])


async def test_a_large_loan_in_small_draws_is_a_large_loan(shop_on_both: Shop) -> None:
    shop, world = shop_on_both, shop_on_both.world
    world.programme = reviewed_from(1_000)
    first = await shop.draw(60_000)
    assert await waiting(world) == []
    second = await shop.draw(60_000)
    (review,) = await waiting(world)
    assert (review.subject_id, review.reasons) == (second, ("amount",))
    await reviewing.approve(world, review.id, YES)
    await shop.draw(60_000)
    assert await waiting(world) == [], "what a person has seen is not counted again"
    assert (await shop.partner.post(f"/v1/drawdowns/{first}/cancel")).is_success
    await shop.draw(60_000)
    assert [one.reasons for one in await waiting(world)] == [("amount",)]


async def test_terms_of_long_ago_are_not_lent_on(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id, review_id = await reviewed_draw(shop)
    shop.gateway.clock.at += timedelta(days=8)
    await shop.sell()
    await shop.close(1)
    assert (await shop.offer())["limit_amount"] > 0
    with pytest.raises(QuoteExpired):
        await reviewing.approve(shop.world, review_id, YES)
    await shop.work()
    assert await shop.sent(drawdown_id) == 0
    await reviewing.decline(shop.world, review_id, NO)
    assert await exposures(shop.world) == {0}
