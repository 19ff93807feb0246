"""A merchant's data goes when the last consent to be assessed by it ends; what stays is listed, on both engines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.details import Datatype, MerchantData, Offers, Purpose
from gateway.domain.erasures import Held
from gateway.store import sql
from gateway.usecases import consents, decisions, offers, positions, verification, work
from gateway.usecases.decisions import DecisionSealed
from tests import granting, shops, tills
from tests.gateways import EVIDENCE, Consenting

if TYPE_CHECKING:
    from gateway.domain.details import Details
    from gateway.domain.positions import Position
    from tests.gateways import Gateway, Partner
    from tests.tills import Till

pytestmark = pytest.mark.anyio

DAYS = 40
EVER = datetime(9999, 1, 1, tzinfo=UTC)


async def rows(gateway: Gateway, query: str) -> list[Any]:
    return await shops.rows(gateway.world.settings.database_url, query)


async def left(gateway: Gateway, till: Till) -> tuple[int, int]:
    """How many records and days there are of a shop."""
    held = await gateway.world.store.one(sql.erasures.held, Held, merchant_id=till.id, before_at=EVER)
    assert held is not None
    return held.sales_count, held.days_count


async def erasure(partner: Partner, grant_id: str) -> dict[str, Any]:
    return await partner.seen(f"/v1/grants/{grant_id}/erasure")


async def position_of(gateway: Gateway, till: Till) -> Position:
    world = gateway.world
    found = await world.store.write(lambda tx: positions.certain(tx, world, till.id))
    assert found is not None
    return found


async def told(partner: Partner, merchant_id: str) -> list[dict[str, Any]]:
    """The events about a shop."""
    page = (await partner.seen("/v1/events", limit=100))["data"]
    return [event for event in page if event["data"].get("merchant_id") == merchant_id]


def changed(agreed: Details, purpose: Purpose = Purpose.credit_assessment, **changes: Any) -> Details:
    """The same details, but for the data of one purpose."""
    return tuple(
        msgspec.structs.replace(one, **changes) if isinstance(one, MerchantData) and one.purpose is purpose else one
        for one in agreed
    )


async def agreed_to(partner: Partner, till: Till, **changes: Any) -> Details:
    """Another grant in place of the one that the shop began with; what it says."""
    said = changed((await granting.of(partner.world, till.id)).details, **changes)
    await granting.give(partner, till.id, said)
    await granting.use(partner, till.id)
    return said


async def test_taking_the_data_back_erases_it_and_says_what_is_kept(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till, other = await tills.trading(partner, DAYS), await tills.trading(partner, DAYS)
    offer = (await till.offer())["id"]
    grant_id = await granting.take_back(own_gateway.world, till.id)
    waiting = await erasure(partner, grant_id)
    assert (waiting["state"], waiting["erased"]) == ("scheduled", [])
    await work.drain(own_gateway.world)
    assert await left(own_gateway, till) == (0, 0)
    assert await left(own_gateway, other) == (DAYS, DAYS)
    bare = await position_of(own_gateway, till)
    assert (bare.history, bare.open_days, bare.scores, bare.offered, bare.verdict, bare.data_at) == (
        None, {}, None, None, None, None
    )  # fmt: skip
    assert (await offers.find(own_gateway.world.store, offer, partner.partner_id)).state == "canceled"
    done = await erasure(partner, grant_id)
    assert (done["state"], done["kept_until_on"]) == ("erased", "2031-03-02")
    assert {one["kind"]: one["count"] for one in done["erased"]} == {"sales": DAYS, "days": DAYS}
    kept = {one["kind"]: (one["sealed"], one["until_on"]) for one in done["kept"]}
    assert kept["decisions"] == (True, "2031-03-02")
    assert kept["consents"] == kept["offers"] == (False, "2031-03-02")
    assert kept["audit"] == kept["shop"] == (False, None)
    events = [event["type"] for event in await told(partner, till.id)]
    assert events[-4:] == ["consent.revoked", "offer.frozen", "offer.canceled", "consent.erased"]
    assert (await verification.verify(own_gateway.world.store)).balanced


async def test_nothing_of_the_sales_is_left_anywhere_in_the_database(own_gateway: Gateway) -> None:
    """A sale's id and its amount are searched for in every table, sealed columns included."""
    partner = await own_gateway.partner()
    till = await tills.trading(partner, DAYS, amount=41_739)
    sale_ids = [row[0] for row in await rows(own_gateway, "SELECT sale_id FROM sales")]
    await granting.take_back(own_gateway.world, till.id)
    await work.drain(own_gateway.world)
    sqlite = own_gateway.world.settings.database_url.startswith("sqlite")
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if sqlite
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    for (table,) in await rows(own_gateway, tables):
        content = repr(await rows(own_gateway, f"SELECT * FROM {table}"))  # noqa: S608
        found = {name for name in sale_ids if f"'{name}'" in content}
        assert found == set(), table
        assert "41739" not in content, table


async def test_a_sealed_decision_is_shown_without_what_it_was_made_of_and_replays_with_the_key(
    own_gateway: Gateway,
) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner, DAYS)
    (made,) = await till.decisions()
    await granting.take_back(world, till.id)
    await work.drain(world)
    first, frozen = await decisions.page(world.store, till.id, "", 10)
    for one in (first, frozen):
        assert (one.sealed, one.inputs, one.scores) == (True, None, None)
        again = await decisions.replay(world.store, world.scorer, world.programme, one.id, world.vault)
        assert (again.agrees, again.differences) == (True, ())
        with pytest.raises(DecisionSealed):
            await decisions.replay(world.store, world.scorer, world.programme, one.id)
    assert (first.id, first.limit_amount, frozen.outcome) == (made["id"], made["limit_amount"], "frozen")
    await granting.give(partner, till.id, (await granting.said(world, till.id)))
    await granting.use(partner, till.id)
    shown = await partner.seen(f"/v1/decisions/{made['id']}")
    assert (shown["pd"], shown["contributions"], shown["forecast_7"], shown["models"]) == (None, [], [], {})
    assert json.dumps(made["contributions"]) not in json.dumps(shown)


async def test_a_line_that_is_not_needed_to_assess_erases_nothing(gateway: Gateway) -> None:
    partner = await gateway.partner()
    till = await tills.trading(partner, 5)
    for what in ("offers", "drawdown", granting.SERVICING, f"{granting.ASSESSING}-tax"):
        grant_id = await granting.take_back(gateway.world, till.id, what)
        assert (await partner.get(f"/v1/grants/{grant_id}/erasure")).status_code == 404
    await work.drain(gateway.world)
    assert await left(gateway, till) == (5, 5)
    await granting.take_back(gateway.world, till.id, f"{granting.ASSESSING}-sales")
    await work.drain(gateway.world)
    assert await left(gateway, till) == (0, 0)
    assert (await erasure(partner, grant_id))["state"] == "erased"


async def beside(gateway: Gateway, till: Till) -> int:
    """How many counts of stock there are of a shop."""
    ((count,),) = await rows(gateway, f"SELECT COUNT(*) FROM stock WHERE merchant_id = '{till.id}'")  # noqa: S608
    return int(count)


async def counted(till: Till) -> None:
    count = {"stock_id": "s", "item_id": "rice", "counted_at": till.partner.world.clock.now().isoformat(),
             "quantity": "3", "currency": "EUR"}  # fmt: skip
    await till.partner.done(f"{till.path}/stock", count)


async def test_what_came_in_under_a_consent_that_never_had_sales_goes_with_it_too(gateway: Gateway) -> None:
    partner = await gateway.partner()
    till = await tills.new(partner)
    stock = changed(await granting.said(gateway.world, till.id), datatypes=(Datatype.stock,))
    await granting.take_back(gateway.world, till.id)
    await work.drain(gateway.world)
    for _ in range(2):
        grant_id = await granting.give(partner, till.id, stock)
        await granting.use(partner, till.id)
        await counted(till)
        await work.drain(gateway.world)
        assert await beside(gateway, till) == 1
        await granting.take_back(gateway.world, till.id)
        await work.drain(gateway.world)
        assert await beside(gateway, till) == 0
        assert (await erasure(partner, grant_id))["state"] == "erased"


async def test_the_last_of_several_consents_counts(gateway: Gateway) -> None:
    partner, world = await gateway.partner(), gateway.world
    till = await tills.trading(partner, 5)
    mine = await granting.of(world, till.id)
    asked = Consenting("cli_" + "0" * 26, partner.partner_id, till.id, mine.details)
    other = await world.store.write(lambda tx: consents.grant(tx, world, asked, mine.details, EVIDENCE))
    await world.store.write(lambda tx: consents.revoke(tx, world, mine.grant_id, by=till.id))
    await work.drain(world)
    assert await left(gateway, till) == (5, 5)
    assert (await partner.get(f"/v1/grants/{mine.grant_id}/erasure")).status_code == 404
    await world.store.write(lambda tx: consents.revoke(tx, world, other, by=till.id))
    await work.drain(world)
    assert await left(gateway, till) == (0, 0)
    assert (await erasure(partner, mine.grant_id))["id"] == (await erasure(partner, other))["id"]


async def test_another_partner_never_sees_it(gateway: Gateway) -> None:
    partner, stranger = await gateway.partner(), await gateway.partner()
    till = await tills.trading(partner, 5)
    grant_id = await granting.take_back(gateway.world, till.id)
    answers = [await stranger.get(f"/v1/grants/{name}/erasure") for name in (grant_id, "grt_" + "0" * 26)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["code"] == answers[1].json()["code"] == "consent_not_found"


async def test_what_time_ends_is_erased_after_its_retention(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner, 5)
    ends_on = (own_gateway.clock.at + timedelta(days=10)).date()
    said = await agreed_to(partner, till, expires_at=ends_on, retention_days=30)
    grant_id = await granting.give(partner, till.id, tuple(one for one in said if isinstance(one, MerchantData))[:1])
    for days, state, count in ((11, "scheduled", 5), (29, "scheduled", 5), (2, "erased", 0)):
        own_gateway.clock.at += timedelta(days=days)
        await work.drain(own_gateway.world)
        found = await erasure(partner, grant_id)
        assert (found["state"], found["due_at"]) == (state, "2026-04-12T00:00:00Z")
        assert (await left(own_gateway, till))[0] == count
    assert (await position_of(own_gateway, till)).scores is None


async def test_leave_to_assess_may_run_out_before_the_rest(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner, DAYS)
    ends_on = (own_gateway.clock.at + timedelta(days=10)).date()
    await agreed_to(partner, till, expires_at=ends_on, retention_days=30)
    grant_id = (await granting.of(own_gateway.world, till.id)).grant_id
    own_gateway.clock.at += timedelta(days=11)
    await work.drain(own_gateway.world)
    assert (await erasure(partner, grant_id))["due_at"] == "2026-04-12T00:00:00Z"
    offered = (await position_of(own_gateway, till)).offered
    assert offered is not None
    assert offered.frozen
    await granting.take_back(own_gateway.world, till.id)
    assert (await erasure(partner, grant_id))["due_at"] < "2026-03-14"
    await work.drain(own_gateway.world)
    assert await left(own_gateway, till) == (0, 0)


async def test_a_consent_given_again_calls_it_off(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner, DAYS)
    before = await till.offer()
    said = await granting.said(own_gateway.world, till.id)
    grant_id = await granting.take_back(own_gateway.world, till.id)
    assert (await position_of(own_gateway, till)).scores is None
    await granting.give(partner, till.id, said)
    await granting.use(partner, till.id)
    await work.drain(own_gateway.world)
    assert (await erasure(partner, grant_id))["state"] == "canceled"
    assert await left(own_gateway, till) == (DAYS, DAYS)
    after = await till.offer()
    assert (after["id"], after["state"], after["limit_amount"]) == (before["id"], "open", before["limit_amount"])


async def test_a_consent_without_the_data_does_not_call_it_off(gateway: Gateway) -> None:
    partner = await gateway.partner()
    till = await tills.trading(partner, 5)
    said = await granting.said(gateway.world, till.id)
    await granting.give(partner, till.id, tuple(one for one in said if isinstance(one, Offers)))
    await work.drain(gateway.world)
    assert await left(gateway, till) == (0, 0)


async def test_a_shop_that_comes_back_starts_afresh_and_its_old_report_stays(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner, DAYS)
    said = await granting.said(own_gateway.world, till.id)
    grant_id = await granting.take_back(own_gateway.world, till.id)
    await work.drain(own_gateway.world)
    before = await erasure(partner, grant_id)
    own_gateway.clock.at += timedelta(hours=1)
    await granting.give(partner, till.id, said)
    await granting.use(partner, till.id)
    await till.push(*tills.days_back(DAYS))
    await till.close()
    assert (await till.offer())["state"] == "open"
    assert await left(own_gateway, till) == (DAYS, DAYS)
    assert await erasure(partner, grant_id) == before
    own_gateway.clock.at += timedelta(days=365 * 5 + 10)
    await work.drain(own_gateway.world)
    assert (await own_gateway.world.store.all(sql.erasures.of_grant, merchant_id=till.id, grant_id=grant_id)) == []


async def test_after_five_years_what_was_kept_only_that_long_goes_too(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner, DAYS)
    offer = await till.offer()
    await partner.done("/v1/quotes", {"offer_id": offer["id"], "amount": offer["step_amount"]})
    grant_id = await granting.take_back(world, till.id)
    await work.drain(world)
    audited = await rows(own_gateway, "SELECT COUNT(*) FROM audit")
    for days, kept in ((365 * 5 + 1, 1), (2, 0)):
        own_gateway.clock.at += timedelta(days=days)
        await work.drain(world)
        for table in ("consents", "consent_versions", "offers", "quotes", "erasures"):
            assert await rows(own_gateway, f"SELECT COUNT(*) FROM {table}") == [(kept,)]  # noqa: S608
        assert await rows(own_gateway, "SELECT COUNT(*) FROM verifications WHERE number = 1") == [(kept,)]
        assert bool(await decisions.page(world.store, till.id, "", 10)) is bool(kept)
    assert (await partner.get(f"/v1/grants/{grant_id}/erasure")).status_code == 404
    assert await rows(own_gateway, "SELECT COUNT(*) FROM audit") == audited
    assert (await verification.verify(world.store)).balanced
