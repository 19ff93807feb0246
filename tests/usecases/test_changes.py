from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.domain.accounts import sandbox_iban
from gateway.domain.changes import (
    APPROVED_WITHIN,
    ASKED_COUNT,
    WAITED,
    Change,
    ChangeKind,
    ChangeState,
    ChangeUnderWay,
    NameMismatch,
    NewContact,
    NewPayoutAccount,
    PasskeyTooNew,
    TooManyChanges,
    UnknownChange,
)
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.errors import GatewayError, NotFound
from gateway.domain.intents import IntentChanged
from gateway.domain.merchants import MerchantChange
from gateway.domain.passkeys import PasskeyRefused
from gateway.domain.rights import Caller
from gateway.domain.states import IllegalMove
from gateway.store import sql
from gateway.usecases import changes, contacts, merchants, messages, passkeys, work
from gateway.usecases.changes import Signed
from gateway.usecases.contacts import NoContact
from gateway.usecases.merchants import NameHeld
from tests import authenticators, visits

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World
    from tests.authenticators import Authenticator
    from tests.gateways import Gateway
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

NAME, NEW, OTHER = "Azhen Breakfast", sandbox_iban("new"), sandbox_iban("other")
ELSEWHERE = "zhen@elsewhere.example"
HERE = "a browser's secret's hash"


class Scene:
    """A shop with an account and a contact, whose holder has a passkey."""

    def __init__(self, world: World, caller: Caller, merchant_id: str, key: Authenticator) -> None:
        self.world, self.caller, self.id, self.key = world, caller, merchant_id, key

    async def ask(self, iban: str = NEW, holder_name: str = NAME) -> Change:
        wanted = NewPayoutAccount(holder_name, iban=iban)
        return await self.world.store.write(
            lambda tx: changes.ask_payout_account(tx, self.world, self.caller, self.id, wanted)
        )

    async def ask_contact(self, email: str = ELSEWHERE) -> Change:
        wanted = NewContact(email)
        return await self.world.store.write(
            lambda tx: changes.ask_contact(tx, self.world, self.caller, self.id, wanted)
        )

    async def sign(self, change: Change) -> Signed:
        """What the holder's browser brings for the change as it stands."""
        world = self.world
        intent = await changes.intent_of(world.store, change)
        asked = await passkeys.ask(world.store, world, HERE, self.id, intent)
        return Signed(HERE, self.key.answer(asked.options), "192.0.2.7")

    async def approve(self, change: Change, signed: Signed | None = None) -> Change:
        brought = signed or await self.sign(change)

        async def unit(tx: Tx) -> Change:
            return await changes.approve(tx, self.world, change, brought)

        return await passkeys.attempt(self.world, HERE, brought.remote_address, unit)

    async def stop(self, change: Change) -> Change:
        return await self.world.store.write(lambda tx: changes.stop(tx, self.world, change.id, self.id))

    async def pass_time(self, time: timedelta) -> None:
        await self.world.clock.set(self.world.store, self.world.clock.now() + time)
        await work.drain(self.world)

    async def state(self, change: Change) -> str:
        return (await changes.find(self.world.store, change.id, self.id)).state

    async def account(self) -> str:
        row = await self.world.store.one(sql.merchants.payee, merchant_id=self.id)
        assert row is not None
        return self.world.vault.unseal(bytes(row[1]), self.id).decode()

    async def contact(self) -> str:
        now = await changes.standing(self.world.store, self.id)
        return contacts.unseal(self.world, self.id, now.contact or b"")

    async def told(self) -> list[tuple[str, str]]:
        """Who was told what, in order."""
        await work.drain(self.world)
        found = [(n.kind, n.contact) for n in await messages.latest(self.world) if n.merchant_id == self.id]
        return found[::-1]


async def scene(gateway: Gateway, contact: str | None = visits.CONTACT) -> Scene:
    partner = await gateway.partner()
    merchant_id = await visits.shop(partner, NAME, contact)
    client_id = await visits.client_of(gateway, partner)
    caller = Caller(client_id, partner.partner_id, frozenset())
    return Scene(gateway.world, caller, merchant_id, await authenticators.given_to(gateway, merchant_id))


async def test_an_account_changes_72_hours_after_the_holders_passkey_and_not_a_moment_earlier(
    own_gateway: Gateway,
) -> None:
    shop = await scene(own_gateway)
    before = await shop.account()
    asked = await shop.ask()
    assert asked.state is ChangeState.awaiting_approval
    approved = await shop.approve(asked)
    assert approved.approval is not None
    assert (approved.state, approved.due_at) == (ChangeState.waiting, approved.approval.approved_at + WAITED)
    await shop.pass_time(WAITED - timedelta(seconds=1))
    assert (await shop.state(asked), await shop.account()) == ("waiting", before)
    await shop.pass_time(timedelta(seconds=1))
    assert (await shop.state(asked), await shop.account()) == ("effective", NEW)
    assert await changes.settle(shop.world) == 0


async def test_every_step_is_told_to_the_old_contact_and_says_where_to_stop_it(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    await shop.approve(await shop.ask())
    await shop.pass_time(WAITED)
    kinds = ["awaiting_approval", "waiting", "effective"]
    assert await shop.told() == [(f"payout_account_{kind}", visits.CONTACT) for kind in kinds]
    for notice in (await messages.latest(shop.world))[-2:]:
        assert f"/connect/changes?merchant_id={shop.id}" in notice.text
        assert NEW not in notice.text
        assert NEW[-4:] in notice.text


async def test_a_contact_that_changed_hears_it_last_and_the_new_one_first(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    change = await shop.approve(await shop.ask_contact())
    await shop.pass_time(WAITED - timedelta(minutes=1))
    assert await shop.contact() == visits.CONTACT
    await shop.pass_time(timedelta(minutes=1))
    assert (await shop.state(change), await shop.contact()) == ("effective", ELSEWHERE)
    assert await shop.told() == [
        ("contact_awaiting_approval", visits.CONTACT), ("contact_waiting", visits.CONTACT),
        ("contact_effective", visits.CONTACT), ("contact_set", ELSEWHERE),
    ]  # fmt: skip


async def test_the_first_contact_takes_effect_at_once_and_is_told(gateway: Gateway) -> None:
    shop = await scene(gateway, contact=None)
    first = await shop.ask_contact()
    assert (first.state, await shop.contact()) == (ChangeState.effective, ELSEWHERE)
    assert await shop.told() == [("contact_set", ELSEWHERE)]
    assert (await shop.ask_contact("third@shop.example")).state is ChangeState.awaiting_approval
    assert await shop.contact() == ELSEWHERE


async def test_nothing_changes_behind_a_shop_that_nobody_can_tell(gateway: Gateway) -> None:
    shop = await scene(gateway, contact=None)
    with pytest.raises(NoContact):
        await shop.ask()


async def test_an_account_of_somebody_else_is_refused(gateway: Gateway) -> None:
    shop = await scene(gateway)
    with pytest.raises(NameMismatch):
        await shop.ask(holder_name="Azhen Brunch")
    assert await changes.latest(shop.world.store, shop.id) == []


async def test_the_name_cannot_be_changed_to_fit_while_an_account_is_on_its_way(gateway: Gateway) -> None:
    shop = await scene(gateway)
    asked, partner_id = await shop.ask(), shop.caller.partner_id
    with pytest.raises(NameHeld):
        await merchants.change(shop.world, shop.id, partner_id, MerchantChange(legal_name="Thief"))
    await merchants.change(shop.world, shop.id, partner_id, MerchantChange(legal_name="AZHEN BREAKFAST LTD"))
    await shop.stop(asked)
    await merchants.change(shop.world, shop.id, partner_id, MerchantChange(legal_name="Azhen Brunch"))


async def test_a_new_request_replaces_one_that_nobody_approved_and_never_one_that_waits(gateway: Gateway) -> None:
    shop = await scene(gateway)
    first, second = await shop.ask(), await shop.ask(OTHER)
    assert (await shop.state(first), await shop.state(second)) == ("replaced", "awaiting_approval")
    with pytest.raises(IllegalMove):
        await shop.approve(first)
    await shop.approve(second)
    with pytest.raises(ChangeUnderWay):
        await shop.ask()
    contact = await shop.ask_contact()  # of another kind: they do not stand in each other's way
    assert (await shop.state(second), await shop.state(contact)) == ("waiting", "awaiting_approval")


async def test_the_holder_stops_it_before_and_after_the_approval_and_twice_does_no_harm(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    before = await shop.account()
    for approve in (False, True):
        change = await shop.ask()
        if approve:
            await shop.approve(change)
        for _ in range(2):
            assert (await shop.stop(change)).state is ChangeState.stopped
        await shop.pass_time(APPROVED_WITHIN)
        assert (await shop.state(change), await shop.account()) == ("stopped", before)
    assert ("payout_account_stopped", visits.CONTACT) in await shop.told()


async def test_what_took_effect_cannot_be_stopped(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    change = await shop.approve(await shop.ask())
    await shop.pass_time(WAITED)
    with pytest.raises(IllegalMove):
        await shop.stop(change)


async def test_a_request_that_nobody_approves_expires(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    asked = await shop.ask()
    await shop.pass_time(APPROVED_WITHIN - timedelta(seconds=1))
    assert await shop.state(asked) == "awaiting_approval"
    await shop.pass_time(timedelta(seconds=1))
    assert await shop.state(asked) == "expired"
    with pytest.raises(IllegalMove):
        await shop.approve(asked)
    assert (await shop.told())[-1] == ("payout_account_expired", visits.CONTACT)


async def test_a_passkey_younger_than_the_request_does_not_count(gateway: Gateway) -> None:
    shop = await scene(gateway)
    asked = await shop.ask()
    shop.key = await authenticators.given_to(gateway, shop.id)
    with pytest.raises(PasskeyTooNew):
        await shop.approve(asked)
    assert await shop.state(asked) == "awaiting_approval"
    assert (await shop.approve(await shop.ask())).state is ChangeState.waiting


async def test_what_was_signed_for_another_change_approves_nothing(gateway: Gateway) -> None:
    shop = await scene(gateway)
    signed = await shop.sign(await shop.ask(OTHER))
    asked = await shop.ask()
    with pytest.raises(IntentChanged):
        await shop.approve(asked, signed)
    contact = await shop.ask_contact()
    with pytest.raises(IntentChanged):
        await shop.approve(contact, await shop.sign(asked))
    assert await shop.state(asked) == "awaiting_approval"


async def test_another_shops_passkey_and_another_browsers_answer_are_refused(gateway: Gateway) -> None:
    shop, other = await scene(gateway), await scene(gateway)
    asked, signed = await shop.ask(), await other.sign(await other.ask())
    with pytest.raises(PasskeyRefused):
        await shop.approve(asked, signed)
    elsewhere = msgspec.structs.replace(await shop.sign(asked), session_hash="another browser")
    with pytest.raises(PasskeyRefused):
        await shop.approve(asked, elsewhere)
    with pytest.raises(UnknownChange):
        await other.stop(asked)
    assert await shop.state(asked) == "awaiting_approval"


async def test_another_partner_asks_for_nothing_and_sees_nothing(gateway: Gateway) -> None:
    shop, other = await scene(gateway), await scene(gateway)
    mine, shop.caller = shop.caller, other.caller
    for ask in (shop.ask, shop.ask_contact):
        with pytest.raises(NotFound):
            await ask()
    with pytest.raises(NotFound):
        await changes.page(shop.world.store, shop.id, other.caller.partner_id, "", 10)
    assert await changes.page(shop.world.store, shop.id, mine.partner_id, "", 10) == []


async def test_twenty_approvals_at_once_are_one(gateway: Gateway) -> None:
    shop = await scene(gateway)
    asked = await shop.ask()
    signed = await shop.sign(asked)
    answers = await asyncio.gather(*[shop.approve(asked, signed) for _ in range(20)], return_exceptions=True)
    assert [answer.state for answer in answers if isinstance(answer, Change)] == [ChangeState.waiting]
    assert all(isinstance(answer, Change | GatewayError) for answer in answers)


async def test_requests_approvals_and_stops_at_once_leave_one_open_change_or_none(gateway: Gateway) -> None:
    shop = await scene(gateway)
    asked = await shop.ask()
    signed = await shop.sign(asked)
    outcomes = await asyncio.gather(
        *[shop.ask(OTHER) for _ in range(5)],
        shop.approve(asked, signed),
        *[shop.stop(asked) for _ in range(5)],
        return_exceptions=True,
    )
    assert all(isinstance(outcome, Change | GatewayError) for outcome in outcomes)
    kept = await changes.latest(shop.world.store, shop.id)
    assert sum(change.state in {"awaiting_approval", "waiting"} for change in kept) <= 1


async def test_two_workers_that_settle_at_once_put_it_in_force_once(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    change = await shop.approve(await shop.ask())
    await shop.world.clock.set(shop.world.store, shop.world.clock.now() + WAITED)
    assert sum(await asyncio.gather(*[changes.settle(shop.world) for _ in range(10)])) == 1
    assert await shop.state(change) == "effective"
    assert [kind for kind, _ in await shop.told()].count("payout_account_effective") == 1


async def test_a_confirmed_loan_is_paid_out_to_the_account_that_was_confirmed(shop: Shop) -> None:
    world, gateway = shop.world, shop.gateway
    caller = Caller(shop.partner.client_id, shop.partner.partner_id, frozenset())
    holder = Scene(world, caller, shop.id, await authenticators.given_to(gateway, shop.id))
    await holder.ask_contact()
    change, before = await holder.approve(await holder.ask(holder_name="Corner Bakery")), await holder.account()
    drawdown_id = await shop.draw()
    decision, shop.lender.decision = shop.lender.decision, None  # three days without an answer
    await holder.pass_time(WAITED)
    assert (await holder.state(change), await holder.account()) == ("waiting", before)
    shop.lender.decision = decision
    await holder.pass_time(timedelta(hours=1))
    row = await world.store.one(sql.instructions.body, end_to_end_id=end_to_end_id(drawdown_id))
    assert row is not None
    assert before.encode() in world.vault.unseal(row[0], end_to_end_id(drawdown_id))
    assert (await holder.state(change), await holder.account()) == ("effective", NEW)


async def test_who_approved_with_what_from_where_is_kept(gateway: Gateway) -> None:
    shop = await scene(gateway)
    approved = await shop.approve(await shop.ask())
    (passkey,) = await passkeys.held(shop.world.store, shop.id)
    assert approved.approval is not None
    assert (approved.approval.passkey_id, approved.approval.remote_address) == (passkey.id, "192.0.2.7")
    signed = await shop.world.store.one(sql.passkeys.answered, intent_hash=approved.approval.intent_hash)
    assert signed is not None


async def test_a_notice_of_a_unit_that_is_rolled_back_is_never_sent(gateway: Gateway) -> None:
    shop = await scene(gateway)

    async def unit(tx: Tx) -> None:
        assert await messages.send(tx, shop.world, shop.id, "payout_account_stopped", new="1234")
        raise UnknownChange("after all")

    with pytest.raises(UnknownChange):
        await shop.world.store.write(unit)
    assert await shop.told() == []


async def test_a_notice_waits_for_the_messenger_and_goes_once(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    messenger, shop.world.notifier = shop.world.notifier, None
    await shop.ask()
    assert await shop.told() == []
    shop.world.notifier = messenger
    await shop.pass_time(timedelta(hours=2))
    assert [kind for kind, _ in await shop.told()] == ["payout_account_awaiting_approval"]
    assert [kind for kind, _ in await shop.told()] == ["payout_account_awaiting_approval"]


async def test_every_state_that_is_told_has_words_in_both_languages() -> None:
    told = {f"{kind}_{state}" for kind in ChangeKind for state in ChangeState if state is not ChangeState.replaced}
    assert told | {f"{kind}_set" for kind in ChangeKind} <= messages.texts().keys()
    for both in messages.texts().values():
        assert {language: len(text) for language, text in both.items()} == {"en": 2, "zh": 2}


async def test_no_more_changes_are_asked_for_in_a_day_than_a_holder_can_read_about(own_gateway: Gateway) -> None:
    shop = await scene(own_gateway)
    for number in range(ASKED_COUNT):
        await shop.ask_contact(f"z{number}@else.example")
    with pytest.raises(TooManyChanges):
        await shop.ask_contact()
    await shop.pass_time(timedelta(days=1, minutes=1))
    assert (await shop.ask_contact()).state is ChangeState.awaiting_approval
