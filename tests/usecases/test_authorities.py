from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.authorities import OPEN_FOR, AuthorityState, NoPayee, UnknownAuthority
from gateway.domain.intents import IntentChanged
from gateway.domain.passkeys import PasskeyRefused
from gateway.domain.states import IllegalMove
from gateway.usecases import authorities, events, messages, work
from tests import shops, signatories
from tests.signatories import ANNE, BO, CAPS, Signatory

if TYPE_CHECKING:
    from gateway.usecases.authorities import Standing
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
SHOP = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "UTC"}
OTHER_ACCOUNT = "NL91ABNA0417164300"


async def scene(gateway: Gateway) -> Signatory:
    partner = await gateway.partner()
    merchant_id = (await partner.done("/v1/merchants", SHOP))["id"]
    return await signatories.of(gateway, partner, merchant_id)


async def standing(mine: Signatory) -> Standing:
    return await authorities.standing(mine.world.store, mine.world, mine.merchant_id)


async def state_of(mine: Signatory, authority_id: str) -> AuthorityState:
    return (await authorities.find(mine.world.store, authority_id, mine.merchant_id)).state


async def told(mine: Signatory, authority_id: str) -> list[str]:
    """The types of the events of one authority."""
    while await events.place(mine.world):
        pass
    page = await events.page(mine.world, mine.partner.partner_id, 0, 100)
    return [event.type for event in page if event.data["id"] == authority_id]


async def pay_to(mine: Signatory, iban: str | None) -> None:
    """Another payout account, behind everybody's back."""
    url = mine.world.settings.database_url
    sealed = None if iban is None else mine.world.vault.seal(iban.encode(), mine.merchant_id)
    statement = "UPDATE merchants SET payout_account = ?1 WHERE id = ?2"
    await shops.execute(url, statement if url.startswith("sqlite") else statement.replace("?", "$"), sealed,
                        mine.merchant_id)  # fmt: skip


async def test_a_proposal_counts_for_nothing_until_it_is_approved(gateway: Gateway) -> None:
    mine = await scene(gateway)
    made = await mine.proposal()
    assert (made["state"], made["users"], made["caps"], made["approved_at"]) == ("proposed", [ANNE, BO], CAPS, None)
    assert made["approval_url"].endswith(f"/connect/authority?merchant_id={mine.merchant_id}&authority={made['id']}")
    shown = await mine.partner.seen(f"/v1/merchants/{mine.merchant_id}/authority")
    assert shown == {"merchant_id": mine.merchant_id, "active": None, "proposed": made}
    approved = await mine.approve(made["id"])
    assert approved.approval is not None
    assert (approved.approval.locale, approved.approval.remote_address) == ("en", signatories.ADDRESS)
    shown = await mine.partner.seen(f"/v1/merchants/{mine.merchant_id}/authority")
    assert (shown["active"]["id"], shown["active"]["state"], shown["proposed"]) == (made["id"], "active", None)
    assert await told(mine, made["id"]) == ["authority.proposed", "authority.active"]


async def test_the_stored_hash_of_the_payee_says_nothing_about_the_account(gateway: Gateway) -> None:
    mine, other = await scene(gateway), await scene(gateway)
    for one in (mine, other):
        await pay_to(one, OTHER_ACCOUNT)
    found = [await authorities.payee(one.world.store, one.world, one.merchant_id) for one in (mine, other)]
    assert [payee.ending for payee in found] == ["4300"] * 2
    assert found[0].hash != found[1].hash


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"users": [], "caps": CAPS}, "/users"), ({"users": [ANNE, ANNE], "caps": CAPS}, "/users"),
        ({"users": [ANNE | {"id": "an ne"}], "caps": CAPS}, "/users/0/id"),
        ({"users": [ANNE], "caps": CAPS | {"per_draw_amount": 1_000_001}}, "/caps/per_draw_amount"),
        ({"users": [ANNE], "caps": CAPS | {"per_24h_amount": 2_000_001}}, "/caps/per_24h_amount"),
        ({"users": [ANNE], "caps": CAPS | {"per_30d_amount": 6_000_001}}, "/caps/per_30d_amount"),
        ({"users": [ANNE], "caps": CAPS | {"per_draw_amount": 0}}, "/caps/per_draw_amount"),
        ({"users": [ANNE], "caps": CAPS | {"currency": "USD"}}, "/caps/currency"),
        ({"users": [ANNE], "caps": CAPS, "state": "active"}, "/state"),
    ],
)  # fmt: skip
async def test_a_proposal_that_cannot_be_is_refused_where_it_is_wrong(
    site: Gateway, body: dict[str, Any], pointer: str
) -> None:
    mine = await scene(site)
    refused = await mine.partner.post(f"/v1/merchants/{mine.merchant_id}/authority", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    assert await standing(mine) == authorities.Standing(None, None)


async def test_a_newer_proposal_replaces_the_one_that_waits_and_leaves_the_one_in_force(gateway: Gateway) -> None:
    mine = await scene(gateway)
    first = await mine.authorizes()
    second, third = await mine.proposal(per_draw_amount=1), await mine.proposal(per_draw_amount=2)
    found = await standing(mine)
    assert (found.active, found.proposed and found.proposed.id) == (first, third["id"])
    with pytest.raises(IllegalMove):
        await mine.approve(second["id"])
    await mine.approve(third["id"])
    assert [await state_of(mine, one) for one in (first.id, second["id"], third["id"])] == [
        "replaced", "replaced", "active",
    ]  # fmt: skip


async def test_what_was_signed_approves_nothing_else(gateway: Gateway) -> None:
    mine = await scene(gateway)
    before = await mine.signs_authority((await mine.proposal())["id"])
    wider = await mine.proposal(per_30d_amount=3_000_000)
    with pytest.raises(IntentChanged):
        await mine.approve(wider["id"], before)
    signed = await mine.signs_authority(wider["id"])
    await pay_to(mine, OTHER_ACCOUNT)
    with pytest.raises(IntentChanged) as refused:
        await mine.approve(wider["id"], signed)
    assert refused.value.facts["changed"] == "payee"
    assert (await standing(mine)).active is None


async def test_another_shops_passkey_and_another_browser_approve_nothing(gateway: Gateway) -> None:
    mine, other = await scene(gateway), await scene(gateway)
    made = await mine.proposal()
    signed = await mine.signs_authority(made["id"])
    with pytest.raises(UnknownAuthority):
        await other.approve(made["id"], signed)
    mine.session_hash = other.session_hash
    with pytest.raises(PasskeyRefused):
        await mine.approve(made["id"], signed)
    assert (await standing(mine)).active is None


async def test_twenty_approvals_at_once_have_one_winner(gateway: Gateway) -> None:
    mine = await scene(gateway)
    made = await mine.proposal()
    signed = await mine.signs_authority(made["id"])
    results = await asyncio.gather(*(mine.approve(made["id"], signed) for _ in range(20)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Authority"] + ["IllegalMove"] * 19
    assert await told(mine, made["id"]) == ["authority.proposed", "authority.active"]


async def test_revoking_needs_no_passkey_and_happens_once(gateway: Gateway) -> None:
    mine = await scene(gateway)
    held = await mine.authorizes()
    for _ in range(2):
        await mine.revoke(held.id)
    assert (await standing(mine)).active is None
    assert await told(mine, held.id) == ["authority.proposed", "authority.active", "authority.revoked"]


async def test_a_refused_proposal_stays_refused(gateway: Gateway) -> None:
    mine = await scene(gateway)
    made, world = await mine.proposal(), mine.world
    signed = await mine.signs_authority(made["id"])
    for _ in range(2):
        await world.store.write(lambda tx: authorities.refuse(tx, world, made["id"], mine.merchant_id))
    with pytest.raises(IllegalMove):
        await mine.approve(made["id"], signed)
    with pytest.raises(IllegalMove):
        await mine.revoke(made["id"])


async def test_a_proposal_waits_seven_days(own_gateway: Gateway) -> None:
    mine = await scene(own_gateway)
    made = await mine.proposal()
    await mine.world.clock.set(mine.world.store, mine.world.clock.now() + OPEN_FOR - timedelta(minutes=1))
    signed = await mine.signs_authority(made["id"])
    assert await authorities.expire(mine.world) == 0
    await mine.world.clock.set(mine.world.store, mine.world.clock.now() + timedelta(minutes=1))
    with pytest.raises(IllegalMove):
        await mine.approve(made["id"], signed)
    assert (await standing(mine)).proposed is None
    assert [await authorities.expire(mine.world) for _ in range(2)] == [1, 0]
    assert await state_of(mine, made["id"]) == "expired"


async def test_what_a_passkey_approved_ends_with_it(gateway: Gateway) -> None:
    mine = await scene(gateway)
    held, world = await mine.authorizes(), mine.world
    await mine.loses_passkey()
    assert (await standing(mine)).active is None  # even before anybody has told the authority
    assert held.approval is not None
    ended = held.approval.passkey_id
    for passkey_id in ("psk_another", ended, ended):
        call = partial(authorities.passkey_ended, world=world, merchant_id=mine.merchant_id, passkey_id=passkey_id)
        await world.store.write(call)
    assert await told(mine, held.id) == ["authority.proposed", "authority.active", "authority.revoked"]


async def test_the_contact_hears_of_every_authority_and_of_its_end(gateway: Gateway) -> None:
    mine = await scene(gateway)
    await signatories.with_contact(mine)
    held = await mine.authorizes()
    await mine.revoke(held.id)
    await work.drain(mine.world)
    sent = [notice for notice in await messages.latest(mine.world) if notice.merchant_id == mine.merchant_id]
    assert {notice.kind for notice in sent} == {"contact_set", "authority_active", "authority_revoked"}
    assert all(f"/connect/authority?merchant_id={mine.merchant_id}" in notice.text for notice in sent[:2])


async def test_without_a_payout_account_there_is_nothing_to_approve(gateway: Gateway) -> None:
    mine = await scene(gateway)
    made = await mine.proposal()
    signed = await mine.signs_authority(made["id"])
    await pay_to(mine, None)
    with pytest.raises(NoPayee):
        await mine.approve(made["id"], signed)


async def test_another_partner_neither_proposes_nor_reads(site: Gateway) -> None:
    mine, stranger = await scene(site), await site.partner()
    path = f"/v1/merchants/{mine.merchant_id}/authority"
    await mine.proposal()
    for answer in (await stranger.get(path), await stranger.post(path, {"users": [ANNE], "caps": CAPS})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
