from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import consents as rules
from gateway.domain import details
from gateway.domain.consents import ConsentRequired, ConsentState, Evidence, NothingLeft, TooWide, UnknownConsent
from gateway.domain.details import Datatype, Purpose
from gateway.domain.grants import Need
from gateway.domain.states import IllegalMove
from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import consent_records, consents, grant_tokens, positions, work
from tests import granting, visits

if TYPE_CHECKING:
    from gateway.domain.details import Details
    from gateway.store import Tx
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio

SALES = Need("merchant_data", "push", Datatype.sales, Purpose.credit_assessment)
TAX = Need("merchant_data", "push", Datatype.tax)
COLLECT = Need("repayment_collection", "debit")


class Asked(msgspec.Struct, frozen=True):
    """A request, as the use case needs to know it."""

    client_id: str
    partner_id: str
    merchant_id: str
    details: details.Details
    grant_id: str | None = None


class Shop:
    """A shop that is asked, and answers."""

    def __init__(self, gateway: Gateway, partner: Partner, merchant_id: str, client_id: str) -> None:
        self.gateway, self.world, self.partner = gateway, gateway.world, partner
        self.merchant_id, self.client_id = merchant_id, client_id
        self.evidence = Evidence(merchant_id, "one_time_code", "192.0.2.7", "zh-CN", "2026-11")

    def asked(self, wanted: list[dict[str, Any]] | None = None, grant_id: str | None = None) -> Asked:
        raw = json.dumps(visits.everything(self.merchant_id) if wanted is None else wanted)
        parsed = details.parse(raw, self.world.clock.now().date())
        return Asked(self.client_id, self.partner.partner_id, self.merchant_id, parsed, grant_id)

    async def grant(self, asked: Asked | None = None, granted: Details | None = None) -> str:
        asked = asked or self.asked()
        agreed = asked.details if granted is None else granted
        return await self.world.store.write(lambda tx: consents.grant(tx, self.world, asked, agreed, self.evidence))

    async def allows(self, grant_id: str, need: Need, merchant_id: str | None = None) -> int:
        async def unit(tx: Tx) -> int:
            position = await positions.certain(tx, self.world, merchant_id or self.merchant_id)
            return position.permit(grant_id, need, self.world.clock.now()).version

        return await self.world.store.write(unit)

    async def revoke(self, grant_id: str) -> None:
        await self.world.store.write(lambda tx: consents.revoke(tx, self.world, grant_id, by=self.merchant_id))

    async def state(self, grant_id: str) -> ConsentState:
        return (await consent_records.find(self.world.store, grant_id)).state

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        await work.drain(self.world)
        seen = await self.partner.seen("/v1/events", limit=100)
        return [(one["type"], one["data"]) for one in seen["data"] if one["type"].startswith("consent.")]


async def opened(gateway: Gateway) -> Shop:
    partner = await gateway.partner()
    merchant_id = await visits.shop(partner)
    return Shop(gateway, partner, merchant_id, await visits.client_of(gateway, partner))


async def test_what_was_agreed_to_is_kept_word_for_word(gateway: Gateway) -> None:
    shop = await opened(gateway)
    asked = shop.asked()
    granted = rules.narrow(asked.details, {"offers", "merchant_data-credit_assessment-sales"})
    grant_id = await shop.grant(asked, granted)
    (kept,) = await consent_records.history(shop.world.store, grant_id)
    assert (kept.shown, kept.details, kept.version) == (asked.details, granted, 1)
    assert kept.details_hash == hashlib.sha256(details.encode(granted)).hexdigest()
    assert kept.shown_hash == hashlib.sha256(details.encode(asked.details)).hexdigest()
    assert msgspec.convert(msgspec.structs.asdict(kept), Evidence) == shop.evidence
    assert (await consent_records.find(shop.world.store, grant_id)).expires_at == rules.end_of(
        details.last_day(granted, shop.world.clock.now().date())
    )


async def test_only_what_was_granted_is_allowed(gateway: Gateway) -> None:
    shop = await opened(gateway)
    asked = shop.asked()
    grant_id = await shop.grant(asked, rules.narrow(asked.details, {"merchant_data-credit_assessment-sales"}))
    assert await shop.allows(grant_id, SALES) == 1
    for need in (TAX, COLLECT, Need("merchant_data", "push", Datatype.sales, Purpose.repayment_servicing)):
        with pytest.raises(ConsentRequired):
            await shop.allows(grant_id, need)


async def test_a_grant_is_for_its_own_merchant_alone(gateway: Gateway) -> None:
    shop, other = await opened(gateway), await opened(gateway)
    grant_id = await shop.grant()
    with pytest.raises(ConsentRequired):
        await shop.allows(grant_id, SALES, merchant_id=other.merchant_id)
    with pytest.raises(ConsentRequired):
        await shop.allows("grt_" + "0" * 26, SALES)
    for whose in ({"merchant_id": other.merchant_id}, {"partner_id": other.partner.partner_id}):
        with pytest.raises(UnknownConsent):
            await consent_records.find(shop.world.store, grant_id, **whose)


async def test_more_than_was_asked_and_nothing_at_all_are_no_grants(gateway: Gateway) -> None:
    shop = await opened(gateway)
    few = shop.asked([{"type": "offers", "actions": ["read"]}])
    for granted in (shop.asked().details, ()):
        with pytest.raises(TooWide):
            await shop.grant(few, granted)
    assert await consent_records.of_merchant(shop.world.store, shop.merchant_id) == []


async def test_a_renewal_keeps_the_grant_and_every_earlier_version(gateway: Gateway) -> None:
    shop = await opened(gateway)
    first = await shop.grant(shop.asked([visits.data(shop.merchant_id)]))
    again = await shop.grant(shop.asked(grant_id=first))
    assert again == first
    assert [kept.version for kept in await consent_records.history(shop.world.store, first)] == [2, 1]
    assert await shop.allows(first, COLLECT) == 2
    assert [name for name, _ in await shop.events()] == ["consent.authorised", "consent.renewed"]


async def test_another_client_or_shop_cannot_renew_it(gateway: Gateway) -> None:
    shop, other = await opened(gateway), await opened(gateway)
    grant_id = await shop.grant()
    with pytest.raises(UnknownConsent):
        await other.grant(other.asked(grant_id=grant_id))
    await shop.revoke(grant_id)
    with pytest.raises(IllegalMove):
        await shop.grant(shop.asked(grant_id=grant_id))


async def test_a_new_consent_takes_the_place_of_the_clients_earlier_one(gateway: Gateway) -> None:
    shop = await opened(gateway)
    first, second = await shop.grant(), await shop.grant()
    assert first != second
    assert (await shop.state(first), await shop.state(second)) == ("superseded", "authorised")
    with pytest.raises(ConsentRequired):
        await shop.allows(first, SALES)
    assert await shop.allows(second, SALES) == 1


async def test_twenty_grants_at_once_leave_one_in_force(gateway: Gateway) -> None:
    shop = await opened(gateway)
    made = await asyncio.gather(*(shop.grant() for _ in range(20)))
    states = [await shop.state(grant_id) for grant_id in made]
    assert sorted(states) == ["authorised"] + ["superseded"] * 19


async def test_taking_one_line_back_leaves_the_rest_and_its_end(gateway: Gateway) -> None:
    shop = await opened(gateway)
    grant_id = await shop.grant()
    before = await consent_records.find(shop.world.store, grant_id)
    keys = {line.key for line in rules.lines(shop.asked().details)} - {"merchant_data-credit_assessment-tax"}

    async def unit(tx: Tx) -> None:
        await consents.narrow(tx, shop.world, grant_id, keys, shop.evidence)

    await shop.world.store.write(unit)
    after = await consent_records.find(shop.world.store, grant_id)
    assert (after.version, after.expires_at) == (2, before.expires_at)
    assert await shop.allows(grant_id, SALES) == 2
    with pytest.raises(ConsentRequired):
        await shop.allows(grant_id, TAX)
    with pytest.raises(NothingLeft):
        await shop.world.store.write(unit)


async def test_taking_the_last_line_back_revokes(gateway: Gateway) -> None:
    shop = await opened(gateway)
    grant_id = await shop.grant(shop.asked([{"type": "offers", "actions": ["read"]}]))
    await shop.world.store.write(lambda tx: consents.narrow(tx, shop.world, grant_id, (), shop.evidence))
    assert await shop.state(grant_id) == "revoked"


async def test_a_revocation_ends_every_token_of_the_grant_and_no_other(gateway: Gateway) -> None:
    shop, other = await opened(gateway), await opened(gateway)
    grants = {one: await one.grant() for one in (shop, other)}
    access = {one: await _tokens(one, grant_id) for one, grant_id in grants.items()}
    await shop.revoke(grants[shop])
    left = {one: await one.world.store.one(sql.tokens.find, hash=tokens.digest(access[one])) for one in grants}
    assert left[shop] is None
    assert left[other] is not None
    assert await shop.world.store.one(sql.authorization.refresh_token, hash=f"r-{grants[shop]}") is None
    assert await shop.world.store.one(sql.authorization.refresh_token, hash=f"r-{grants[other]}") is not None
    with pytest.raises(IllegalMove):
        await shop.revoke(grants[shop])
    told = dict(await shop.events())
    assert list(told)[-2:] == ["consent.revoked", "consent.erased"]
    assert told["consent.revoked"]["by"] == shop.merchant_id


async def _tokens(shop: Shop, grant_id: str) -> str:
    """An access and a refresh token of a grant, put straight into the store."""
    token, now = tokens.mint(), shop.world.system_clock.now()
    row = {"client_id": shop.client_id, "grant_id": grant_id, "scope": None, "code_hash": "none"}

    async def unit(tx: Tx) -> None:
        await tx.run(
            sql.authorization.add_token, hash=tokens.digest(token), client_id=shop.client_id,
            partner_id=shop.partner.partner_id,
            rights_json=[], issued_at=now, expires_at=now + timedelta(days=1), grant_id=grant_id, jkt=None,
            page_origin=None, details_json=None, merchant_id=shop.merchant_id, code_hash=None, user_id=None,
        )  # fmt: skip
        await tx.run(sql.authorization.add_refresh_token, hash=f"r-{grant_id}", created_at=now, **row)

    await shop.world.store.write(unit)
    return token


async def test_a_revocation_freezes_the_offer_and_a_new_consent_thaws_it(own_gateway: Gateway) -> None:
    shop = await opened(own_gateway)
    grant_id = await shop.grant()
    await granting.use(shop.partner, shop.merchant_id)
    offer = await _offer(shop)
    asked = shop.asked()
    await shop.grant(asked, rules.narrow(asked.details, {"offers", "drawdown"}))
    await granting.use(shop.partner, shop.merchant_id)
    assert await shop.state(grant_id) == "superseded"
    assert (await shop.partner.seen(f"/v1/offers/{offer}"))["frozen_at"] is not None
    standing = await shop.partner.seen(f"/v1/merchants/{shop.merchant_id}/offer")
    assert [reason["code"] for reason in standing["reasons"]] == ["consent_withdrawn"]
    quote = await shop.partner.post("/v1/quotes", {"offer_id": offer, "amount": 10_000})
    assert (quote.status_code, quote.json()["code"]) == (409, "offer_frozen")
    await shop.grant()
    await granting.use(shop.partner, shop.merchant_id)
    assert (await shop.partner.seen(f"/v1/offers/{offer}"))["frozen_at"] is None


async def _offer(shop: Shop) -> str:
    """Sales of a hundred days, closed; the offer they give."""
    now = shop.world.clock.now()
    rows = [
        {"sale_id": f"s{back}-{n}", "kind": "sale", "occurred_at": (now - timedelta(days=back)).isoformat(),
         "amount": 50_000 + n * 100, "currency": "CNY"}
        for back in range(100, 0, -1) for n in range(5)
    ]  # fmt: skip
    await shop.partner.done(f"/v1/merchants/{shop.merchant_id}/sales", rows)
    day = (now - timedelta(days=1)).date()
    closed = await shop.partner.done(f"/v1/merchants/{shop.merchant_id}/days/{day}/close", {})
    found: str = closed["offer"]["id"]
    return found


async def test_time_ends_a_consent_after_two_reminders(own_gateway: Gateway) -> None:
    shop = await opened(own_gateway)
    grant_id = await shop.grant(shop.asked([visits.data(shop.merchant_id, expires_at="2026-05-01")]))
    for _ in range(59):
        await shop.partner.done("/v1/sandbox/clock/advance", {"days": 1})
    assert await shop.allows(grant_id, SALES) == 1
    await shop.partner.done("/v1/sandbox/clock/advance", {"days": 3})
    assert await shop.state(grant_id) == "expired"
    with pytest.raises(ConsentRequired):
        await shop.allows(grant_id, SALES)
    told = [(name, data.get("days")) for name, data in await shop.events()]
    assert told == [
        ("consent.authorised", None), ("consent.expiring", 30), ("consent.expiring", 7), ("consent.expired", None)
    ]  # fmt: skip


async def test_a_use_is_noted_once_an_hour(own_gateway: Gateway) -> None:
    shop = await opened(own_gateway)
    grant_id = await shop.grant()
    noted = []
    for minutes in (0, 30, 40):
        own_gateway.clock.at += timedelta(minutes=minutes)
        now = shop.world.clock.now()
        use = {"grant_id": grant_id, "now_at": now, "before_at": now - grant_tokens.USE_NOTED_EVERY}
        await shop.world.store.write(lambda tx, use=use: tx.run(sql.consents.use, **use))  # type: ignore[misc]
        noted.append((await consent_records.find(shop.world.store, grant_id)).last_used_at)
    assert noted[0] == noted[1] != noted[2]


async def test_a_revocation_never_loses_against_a_write_that_needs_consent(gateway: Gateway) -> None:
    shop = await opened(gateway)
    grant_id = await shop.grant()
    results = await asyncio.gather(
        *(shop.allows(grant_id, SALES) for _ in range(10)),
        shop.revoke(grant_id),
        *(shop.allows(grant_id, SALES) for _ in range(10)),
        return_exceptions=True,
    )
    assert all(result in {1, None} or isinstance(result, ConsentRequired) for result in results)
    with pytest.raises(ConsentRequired):
        await shop.allows(grant_id, SALES)
