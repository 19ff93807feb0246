"""Two programmes of two banks: both are shown, either is quoted and drawn, one stops; on both engines."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import programme_files
from gateway.domain.banks import Stopped
from gateway.domain.drawdowns import BankUnavailable
from gateway.domain.errors import GatewayError
from gateway.domain.programmes import INVENTORY, Eligibility, Programme
from gateway.store import migrate
from gateway.usecases import audit, decisions, openness, programmes, trials, work
from gateway.usecases.programmes import LastProgramme
from tests import gateways, granting, shops, tills
from tests.gateways import SECOND_BANK_ID
from tests.store.notes import query
from tests.tills import row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.store import Tx
    from gateway.usecases.world import World
    from tests.gateways import Gateway
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
CHEAPER = tuple(msgspec.structs.replace(grade, fee_bps=grade.fee_bps // 4) for grade in INVENTORY.grades)


def second(**changes: Any) -> Programme:
    """Another bank's programme: as the built-in one, but for the changes."""
    values = {"id": "prg_second", "version": 1, "bank_id": SECOND_BANK_ID, "name": "Second"} | changes
    return msgspec.structs.replace(INVENTORY, **values)


def connect(world: World) -> None:
    """A second bank like the first, over the same line."""
    bank = copy.copy(world.banks[INVENTORY.bank_id])
    bank.id, bank.name, bank.clock = SECOND_BANK_ID, "Second Bank", None
    world.banks[bank.id] = bank


async def add(world: World, programme: Programme) -> None:
    """Try, apply, and let the worker look at everybody."""
    text = programme_files.write(programme)
    tried = await trials.attempt(world, text)
    await programmes.apply(world, text, tried=tried.hash, by="officer-1")
    await work.drain(world)


async def replayed(world: World, decision_id: str) -> tuple[str, ...]:
    replay = await decisions.replay(world.store, world.scorer, INVENTORY, decision_id, world.vault)
    return replay.differences


async def quoted(shop: Shop, programme_id: str | None, steps: int = 10) -> dict[str, Any]:
    """A quote of so many steps, of one lender."""
    offer = await shop.offer()
    body = {"offer_id": offer["id"], "amount": steps * offer["step_amount"], "programme_id": programme_id}
    return await shop.partner.done("/v1/quotes", body)


async def test_the_other_lender_is_shown_quoted_and_drawn_and_both_count_what_is_owed(shop_on_both: Shop) -> None:
    shop, world = shop_on_both, shop_on_both.world
    before = await shop.offer()
    connect(world)
    await add(world, second(base_bps=INVENTORY.base_bps // 2))
    offer = await shop.offer()
    (other,) = offer["alternatives"]
    assert (offer["id"], offer["lender"]["bank_id"]) == (before["id"], INVENTORY.bank_id)
    assert other["lender"] == {
        "programme_id": "prg_second", "programme_version": 1, "bank_id": SECOND_BANK_ID, "lender_name": "Second Bank"
    }  # fmt: skip
    assert (other["standing"], other["limit_amount"] < offer["limit_amount"]) == ("lower_limit", True)
    own, its = await quoted(shop, None), await quoted(shop, "prg_second")
    assert [(one["bank"]["id"], one["programme_id"], one["programme_version"]) for one in (own, its)] == [
        (INVENTORY.bank_id, INVENTORY.id, INVENTORY.version),
        (SECOND_BANK_ID, "prg_second", 1),
    ]
    assert own["terms_hash"] != its["terms_hash"]
    world.banks[INVENTORY.bank_id].rails = {}  # the line, and so the mailbox, is the second bank's
    drawn = await shop.propose(its)
    assert (await shop.confirm(drawn)).is_success
    await shop.work()
    assert (await shop.drawdown(drawn["id"]))["bank"]["id"] == SECOND_BANK_ID
    assert (await shop.drawdown(drawn["id"]))["state"] == "active"
    after = await shop.offer()
    assert after["available_amount"] == offer["available_amount"] - its["amount"]
    assert after["alternatives"][0]["available_amount"] == other["available_amount"] - its["amount"]
    kept = dict(await shops.rows(world.settings.database_url, "SELECT scope, amount FROM exposures WHERE amount <> 0"))
    assert kept == {"programme:prg_second:EUR": its["amount"], f"partner:{shop.partner.partner_id}:EUR": its["amount"]}
    too_much = {"offer_id": offer["id"], "amount": other["available_amount"], "programme_id": "prg_second"}
    assert (await shop.partner.post("/v1/quotes", too_much)).json()["code"] == "amount_above_limit"
    assert (await shop.verify()).problems == ()


async def test_a_bank_that_stops_between_quote_and_click_lends_nothing_and_the_other_is_offered(
    shop_on_both: Shop,
) -> None:
    shop, world = shop_on_both, shop_on_both.world
    connect(world)
    await add(world, second())
    proposed = await shop.propose(await quoted(shop, None))
    await openness.switch(world, INVENTORY.bank_id, Stopped.lending, by="officer-1", reason="A rumour")
    refused = await shop.confirm(proposed)
    assert (refused.status_code, refused.json()["code"]) == (409, "bank_unavailable")
    offer = await shop.offer()
    assert (offer["lender"]["bank_id"], offer["exposure_amount"]) == (SECOND_BANK_ID, 0)
    assert [(one["standing"], one["reason"]["code"]) for one in offer["alternatives"]] == [
        ("bank_stopped", "bank_stopped")
    ]
    stale = await shop.partner.post("/v1/quotes", {"offer_id": offer["id"], "amount": offer["step_amount"]})
    assert stale.json()["code"] == "offer_frozen"  # the offer is the stopped bank's: nobody is switched in silence
    await shop.work()
    renewed = await shop.offer()
    assert (renewed["id"] != offer["id"], renewed["reasons"][0]["code"]) == (True, "lender_changed")
    assert (await quoted(shop, None))["bank"]["id"] == SECOND_BANK_ID
    await openness.switch(world, SECOND_BANK_ID, Stopped.lending, by="officer-1", reason="Another rumour")
    await shop.work()
    nobody = await shop.offer()
    assert (nobody["state"], nobody["reasons"][0]["code"], nobody["available_amount"]) == ("frozen", "bank_stopped", 0)
    for bank_id in (INVENTORY.bank_id, SECOND_BANK_ID):
        await openness.switch(world, bank_id, Stopped.nothing, by="officer-1", reason="It was none")
    await shop.work()
    assert ((await shop.offer())["id"], (await shop.offer())["state"]) == (renewed["id"], "open")
    assert [one["standing"] for one in (await shop.offer())["alternatives"]] == ["not_materially_better"]


async def test_the_cheaper_lender_is_offered_and_the_decision_says_why_and_can_be_made_again(
    own_gateway: Gateway,
) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner)
    before = await till.offer()
    connect(world)
    await add(world, second(grades=CHEAPER, seasonal_max_bps=12_000, stale_days=2))
    offer, made = await till.offer(), (await till.decisions())[-1]
    assert (offer["lender"]["programme_id"], offer["id"] != before["id"]) == ("prg_second", True)
    assert [one["standing"] for one in made["route"]["lenders"]] == ["higher_price", "chosen"]
    costs = [one["cost_amount"] for one in made["route"]["lenders"]]
    assert costs[1] < costs[0]
    assert made["programme"] == {"id": "prg_second", "version": 1}
    assert await replayed(world, made["id"]) == ()
    shown = await partner.seen(f"/v1/offers/{offer['id']}")
    assert shown["price"]["fee_bps"] in {grade.fee_bps for grade in CHEAPER}
    await till.push(row(100_000))
    assert (await till.offer())["lender"]["programme_id"] == "prg_second"
    for one in await till.decisions():
        assert await replayed(world, one["id"]) == ()
    await granting.take_back(world, till.id)
    await work.drain(world)
    sealed = await decisions.find(world.store, made["id"], partner.partner_id)
    assert (sealed.sealed, sealed.route) == (True, None)
    assert await replayed(world, made["id"]) == ()


async def test_a_route_that_was_tampered_with_does_not_replay(own_gateway: Gateway) -> None:
    till, world = await tills.trading(await own_gateway.partner()), own_gateway.world
    connect(world)
    await add(world, second(grades=CHEAPER))
    made = (await till.decisions())[-1]
    statement = "UPDATE decisions SET route_json = REPLACE(route_json, '\"chosen\"', '\"higher_price\"')"
    await shops.execute(world.settings.database_url, statement)
    assert any(one.startswith("route") for one in await replayed(world, made["id"]))


async def test_a_lender_hardly_better_replaces_nobody_and_a_partners_share_plays_no_part(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner)
    before = await till.offer()
    connect(world)
    await add(world, second(partner_share_bps=10_000))
    offer = await till.offer()
    assert (offer["id"], offer["alternatives"][0]["standing"]) == (before["id"], "later_id")
    await add(world, second(id="prg_a", base_bps=INVENTORY.base_bps + 10))
    offer = await till.offer()
    assert (offer["id"], offer["alternatives"][0]["standing"]) == (before["id"], "not_materially_better")
    other = await (await tills.trading(partner)).offer()
    assert other["lender"]["programme_id"] == "prg_a"
    assert [one["standing"] for one in other["alternatives"]] == ["lower_limit", "lower_limit"]


async def test_a_lender_of_another_currency_or_without_room_is_told_as_such(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner)
    connect(world)
    await add(world, second(id="prg_full", capacity_major=1))
    await add(world, second(id="prg_kr", eligibility=Eligibility(currencies=("KRW",))))
    await add(world, second(id="prg_us", eligibility=Eligibility(countries=("US",))))
    offer = await till.offer()
    assert [one["standing"] for one in offer["alternatives"]] == ["no_capacity", "currency_not_served", "not_eligible"]
    for programme_id, code in (("prg_us", "lender_does_not_offer"), ("prg_none", "lender_does_not_offer")):
        body = {"offer_id": offer["id"], "amount": offer["step_amount"], "programme_id": programme_id}
        assert (await partner.post("/v1/quotes", body)).json()["code"] == code


async def test_a_programme_of_a_bank_that_is_not_connected_is_not_even_tried(site: Gateway) -> None:
    with pytest.raises(BankUnavailable):
        await add(site.world, second())
    assert site.world.programmes == (INVENTORY,)


async def test_a_withdrawn_programme_offers_nothing_new_and_its_loans_go_on(shop_on_both: Shop) -> None:
    shop, world = shop_on_both, shop_on_both.world
    with pytest.raises(LastProgramme):
        await programmes.withdraw(world, INVENTORY.id, by="officer-1")
    connect(world)
    await add(world, second(grades=CHEAPER))
    drawn = await shop.propose(await quoted(shop, INVENTORY.id))
    held = await shop.propose(await quoted(shop, INVENTORY.id))
    assert (await shop.confirm(drawn)).is_success
    withdrawn = await programmes.withdraw(world, INVENTORY.id, by="officer-1")
    await shop.work()
    assert (withdrawn.in_force, withdrawn.withdrawn_by) == (False, "officer-1")
    assert (await shop.confirm(held)).json()["code"] == "quote_superseded"
    assert (await shop.drawdown(drawn["id"]))["state"] == "active"
    offer = await shop.offer()
    assert (offer["lender"]["programme_id"], offer["alternatives"]) == ("prg_second", [])
    assert offer["exposure_amount"] == drawn["amount"]
    assert (await shop.close())["withheld_amount"] >= 0
    with pytest.raises(GatewayError, match="no programme"):
        await programmes.withdraw(world, INVENTORY.id, by="officer-1")
    listed = {(one.id, one.version): one.in_force for one in await programmes.listed(world)}
    assert listed == {(INVENTORY.id, INVENTORY.version): False, ("prg_second", 1): True}
    said = [entry.subject async for page in audit.pages(world.store) for entry in page if "withdrawn" in entry.action]
    assert said == [INVENTORY.id]
    assert (await shop.verify()).problems == ()


async def test_what_was_applied_and_withdrawn_outlives_the_process_and_comes_back(
    database_url: str, tmp_path: Path
) -> None:
    async with gateways.start(database_url, tmp_path) as first:
        await add(first.world, second(bank_id=INVENTORY.bank_id))
        await programmes.withdraw(first.world, INVENTORY.id, by="officer-1")
    async with gateways.start(database_url, tmp_path) as again:
        world = again.world
        assert [one.id for one in world.programmes] == ["prg_second"]
        assert world.programme_of(INVENTORY.id) == INVENTORY
        assert programme_files.read(await programmes.show(world, "prg_second")) == second(bank_id=INVENTORY.bank_id)
        await add(world, msgspec.structs.replace(INVENTORY, version=INVENTORY.version + 1))
        await add(world, second(bank_id=INVENTORY.bank_id, version=2, name="again"))
        assert [one.ref.version for one in world.programmes] == [INVENTORY.version + 1, 2]


async def test_versions_kept_before_there_were_several_programmes_are_carried_over(own_gateway: Gateway) -> None:
    (lenders,) = [one for one in migrate.migrations() if one.name == "lenders"]
    assert [one.split("(")[0].split()[-1] for one in lenders.statements[:2]] == ["programme_versions"] * 2
    world = own_gateway.world
    await add(world, msgspec.structs.replace(INVENTORY, version=INVENTORY.version + 1))
    before = await programmes.listed(world)
    await world.store.write(lambda tx: _again(tx, lenders.statements[:4]))
    assert await programmes.listed(world) == before


async def _again(tx: Tx, statements: Sequence[str]) -> None:
    for statement in statements:
        await tx.run(query(statement))
