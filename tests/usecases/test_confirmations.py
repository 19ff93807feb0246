from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.authorities import StepUpRequired
from gateway.domain.drawdowns import UnknownDrawdown
from gateway.domain.intents import IntentChanged
from gateway.domain.merchants import MerchantState
from gateway.domain.passkeys import PasskeyRefused
from gateway.domain.quotes import QuoteExpired, StaleTerms
from gateway.domain.states import IllegalMove
from gateway.domain.velocity import VelocityExceeded
from gateway.usecases import audit, confirmations, drawdowns, positions
from tests import signatories
from tests.shops import Shop
from tests.signatories import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.gateways import Partner
    from tests.signatories import Signatory

pytestmark = pytest.mark.anyio
AMOUNT = 10_000
OTHER_ACCOUNT = "NL91ABNA0417164300"
TWINS_COUNT = 20


async def signatory(shop: Shop) -> Signatory:
    return await signatories.of(shop.gateway, shop.partner, shop.id)


async def settled(shop: Shop, **caps: int) -> Signatory:
    """A signatory whose first loan was paid out and who has given an authority."""
    mine = await signatory(shop)
    await mine.step_up((await shop.propose(await shop.quote(AMOUNT)))["id"])
    await shop.work()
    await shop.pass_days(2)
    await mine.authorizes(**caps)
    return mine


async def neighbour(shop: Shop, partner: Partner) -> Shop:
    """Another shop at the same gateway and bank."""
    other = Shop(shop.gateway, partner, shop.bank)
    await other.open()
    return other


async def proposed(shop: Shop, amount: int = AMOUNT) -> dict[str, Any]:
    return await shop.propose(await shop.quote(amount))


async def why(mine: Signatory, drawdown: dict[str, Any], user: str = "bo") -> list[str]:
    with pytest.raises(StepUpRequired) as refused:
        await mine.click(drawdown, user)
    url = refused.value.facts["confirmation_url"]
    assert url == f"http://127.0.0.1:8000/connect/confirm/{drawdown['id']}"
    reasons = refused.value.facts["why"]
    assert isinstance(reasons, list)
    return reasons


def kinds(results: Iterable[object]) -> list[str]:
    return sorted(type(one).__name__ for one in results)


async def test_the_first_draw_needs_a_passkey_even_inside_an_authority(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await signatory(shop_on_both)
    drawdown = await proposed(shop)
    assert await why(mine, drawdown) == ["no_authority", "first_draw"]
    await mine.authorizes()
    assert await why(mine, drawdown) == ["first_draw"]
    assert (await shop.drawdown(drawdown["id"]))["state"] == "awaiting_confirmation"
    done = await mine.step_up(drawdown["id"])
    assert done.state == "requested"
    assert await why(mine, await proposed(shop)) == ["first_draw"]  # until its money has arrived


async def test_one_click_inside_the_authority_borrows_and_keeps_the_evidence(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both)
    held = await mine.authorizes()
    drawdown = await proposed(shop)
    done = await mine.click(drawdown, "anne")
    assert done.evidence is not None
    kept = msgspec.structs.asdict(done.evidence)
    assert (kept["method"], kept["confirmed_by"], kept["remote_address"]) == ("click", "anne", ADDRESS)
    assert (kept["authority_id"], kept["passkey_id"], kept["terms_hash"]) == (held.id, None, drawdown["terms_hash"])
    await shop.work()
    assert await shop.sent(drawdown["id"]) == 1
    assert (await audit.verify(mine.world.store)).problems == ()


async def test_a_passkey_confirms_with_its_own_evidence(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await signatory(shop_on_both)
    done = await mine.step_up((await proposed(shop))["id"])
    assert done.evidence is not None
    assert (done.evidence.method, done.evidence.confirmed_by) == ("passkey", shop.id)
    assert done.evidence.passkey_id is not None
    assert len(done.evidence.intent_hash or "") == 64


async def test_what_the_authority_does_not_cover_needs_the_passkey(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both, per_draw_amount=AMOUNT + 1_000)
    drawdown = await proposed(shop)
    assert await why(mine, drawdown, "eve") == ["new_user"]
    assert await why(mine, await proposed(shop, AMOUNT + 2_000)) == ["over_cap"]
    await shop.pay_to(OTHER_ACCOUNT)
    assert await why(mine, drawdown) == ["new_payee"]
    await mine.step_up(drawdown["id"])


async def test_the_caps_of_24_hours_and_30_days_slide(shop_on_both: Shop) -> None:
    shop = shop_on_both
    mine = await settled(shop, per_draw_amount=AMOUNT, per_24h_amount=2 * AMOUNT, per_30d_amount=4 * AMOUNT)
    for _ in range(2):  # the first loan, confirmed two days ago, counts for the 30 days
        await mine.click(await proposed(shop))
    assert await why(mine, await proposed(shop)) == ["over_cap"]
    await shop.live(1)
    await mine.click(await proposed(shop))
    await shop.live(2)
    assert await why(mine, await proposed(shop)) == ["over_cap"]
    await mine.step_up((await proposed(shop))["id"])  # a passkey is not bound by them, and counts


async def test_a_revoked_authority_covers_nothing(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both)
    held = await mine.authorizes()
    drawdown = await proposed(shop)
    await mine.revoke(held.id)
    assert await why(mine, drawdown) == ["no_authority"]
    await mine.authorizes()
    await mine.loses_passkey()
    assert await why(mine, drawdown) == ["no_authority"]


async def test_a_shop_on_hold_needs_a_second_look(shop: Shop) -> None:
    await shop.sell()
    position = await positions.current(shop.world, shop.id)
    assert position is not None
    assert not confirmations.flagged(position)
    assert position.offered is not None
    frozen = msgspec.structs.replace(position.offered, frozen=True)
    for changes in ({"offered": frozen}, {"merchant_state": MerchantState.suspended}):
        assert confirmations.flagged(msgspec.structs.replace(position, **changes))


async def test_a_new_agreement_needs_a_new_authority(shop: Shop) -> None:
    mine = await settled(shop)
    drawdown = await proposed(shop)
    mine.world.programme = msgspec.structs.replace(mine.world.programme, terms_version="2027-01-01")
    assert await why(mine, drawdown) == ["no_authority"]


async def test_a_click_repeats_the_terms_that_were_shown_while_they_hold(shop: Shop) -> None:
    mine = await settled(shop)
    drawdown = await proposed(shop)
    with pytest.raises(StaleTerms):
        await mine.click(drawdown, terms_hash="0" * 64)
    with pytest.raises(UnknownDrawdown):
        await mine.click(drawdown, partner_id="par_other")
    await shop.pass_days(1)
    with pytest.raises((QuoteExpired, IllegalMove)):
        await mine.click(drawdown)


async def test_any_changed_field_voids_what_the_passkey_signed(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await signatory(shop_on_both)
    one, other = await proposed(shop), await proposed(shop, AMOUNT + 1_000)
    signed = await mine.signs_draw(one["id"])
    with pytest.raises(IntentChanged) as refused:
        await mine.step_up(other["id"], signed)
    assert refused.value.facts["changed"] == "amount,drawdown,fee_amount,quote_expires_at,terms_hash"
    await shop.pay_to(OTHER_ACCOUNT)
    with pytest.raises(IntentChanged) as refused:
        await mine.step_up(one["id"], signed)
    assert refused.value.facts["changed"] == "payee"
    assert [(await shop.drawdown(drawdown["id"]))["state"] for drawdown in (one, other)] == [
        "awaiting_confirmation"
    ] * 2
    assert (await shop.offer())["exposure_amount"] == 0


async def test_a_failed_try_does_not_use_the_signature_up_and_a_good_one_does(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await signatory(shop_on_both)
    one, other = await proposed(shop), await proposed(shop)
    signed = await mine.signs_draw(one["id"])
    with pytest.raises(IntentChanged):
        await mine.step_up(other["id"], signed)
    await mine.step_up(one["id"], signed)
    with pytest.raises(PasskeyRefused):
        await mine.step_up(other["id"], signed)


async def test_an_authority_signed_is_no_loan_signed(shop: Shop) -> None:
    mine = await signatory(shop)
    signed = await mine.signs_authority((await mine.proposal())["id"])
    with pytest.raises(IntentChanged):
        await mine.step_up((await proposed(shop))["id"], signed)


async def test_twenty_clicks_at_once_have_one_winner(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both)
    drawdown = await proposed(shop)
    results = await asyncio.gather(*(mine.click(drawdown) for _ in range(TWINS_COUNT)), return_exceptions=True)
    assert kinds(results) == ["Drawdown"] + ["IllegalMove"] * (TWINS_COUNT - 1)
    await shop.work()
    assert await shop.sent(drawdown["id"]) == 1


async def test_twenty_answers_of_one_passkey_at_once_have_one_winner(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await signatory(shop_on_both)
    drawdown = await proposed(shop)
    signed = await mine.signs_draw(drawdown["id"])
    calls = (mine.step_up(drawdown["id"], signed) for _ in range(TWINS_COUNT))
    assert kinds(await asyncio.gather(*calls, return_exceptions=True)) == ["Drawdown"] + ["IllegalMove"] * 19
    await shop.work()
    assert await shop.sent(drawdown["id"]) == 1


async def test_clicks_at_once_never_pass_a_cap_of_the_authority(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both, per_draw_amount=AMOUNT, per_24h_amount=3 * AMOUNT)
    waiting = [await proposed(shop) for _ in range(TWINS_COUNT)]
    results = await asyncio.gather(*(mine.click(one) for one in waiting), return_exceptions=True)
    assert kinds(results) == ["Drawdown"] * 3 + ["StepUpRequired"] * (TWINS_COUNT - 3)


async def test_a_revocation_never_loses_a_race_against_a_click(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both, per_draw_amount=AMOUNT)
    held = await mine.authorizes()
    waiting = [await proposed(shop) for _ in range(TWINS_COUNT)]
    revoked = asyncio.Event()

    async def revoke() -> None:
        await mine.revoke(held.id)
        revoked.set()

    async def click(one: dict[str, Any]) -> bool:
        """Whether it went through although it began after the revocation had been answered."""
        late = revoked.is_set()
        try:
            await mine.click(one)
        except StepUpRequired:
            return False
        return late

    async def clicks(some: list[dict[str, Any]]) -> list[bool]:
        return [await click(one) for one in some]

    found = await asyncio.gather(*(clicks(waiting[n::4]) for n in range(4)), revoke())
    assert not any(late for some in found if some for late in some)
    assert await why(mine, await proposed(shop)) == ["no_authority"]


# --- velocity caps -------------------------------------------------------------------------------------------------


async def test_no_more_draws_are_confirmed_in_24_hours_than_the_merchants_cap(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await settled(shop_on_both)
    mine.world.programme = msgspec.structs.replace(mine.world.programme, draws_24h_count=3)
    await mine.authorizes()
    waiting = [await proposed(shop) for _ in range(TWINS_COUNT)]
    results = await asyncio.gather(*(mine.click(one) for one in waiting), return_exceptions=True)
    assert kinds(results) == ["Drawdown"] * 3 + ["VelocityExceeded"] * (TWINS_COUNT - 3)
    with pytest.raises(VelocityExceeded) as refused:  # no passkey lifts it either
        await mine.step_up((await proposed(shop))["id"])
    facts = refused.value.facts
    assert (facts["scope"], facts["what"], facts["most"]) == ("merchant", "count", 3)
    assert 0 < int(str(facts["retry_after"])) <= 86_400
    await shop.pass_days(1)
    await mine.step_up((await proposed(shop))["id"])


async def test_no_more_money_is_confirmed_in_24_hours_than_the_merchants_cap(shop: Shop) -> None:
    mine = await settled(shop)
    cap = mine.world.programme.cap_amount("EUR")
    share_bps = 3 * AMOUNT * 10_000 // cap
    mine.world.programme = msgspec.structs.replace(mine.world.programme, draws_24h_bps=share_bps)
    for _ in range(3):
        await mine.step_up((await proposed(shop))["id"])
    refused = await shop.confirm(await proposed(shop))  # the sandbox's stand-in for the merchant is bound by it as well
    assert (refused.status_code, refused.json()["code"], refused.json()["what"]) == (409, "velocity_exceeded", "amount")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400


async def test_all_shops_of_a_partner_together_stay_within_its_cap(shop_on_both: Shop) -> None:
    shop = shop_on_both
    world = shop.world
    world.settings = msgspec.structs.replace(world.settings, partner_draws_24h_count=4)
    others = [await neighbour(shop, shop.partner) for _ in range(2)]
    waiting = [await proposed(one) for one in (shop, *others) for _ in range(3)]
    answers = await asyncio.gather(*(shop.confirm(one) for one in waiting))
    codes = sorted(answer.json().get("code", "ok") for answer in answers)
    assert codes == ["ok"] * 4 + ["velocity_exceeded"] * 5
    assert {answer.json()["scope"] for answer in answers if answer.is_error} == {"partner"}
    stranger = await neighbour(shop, await shop.gateway.partner())
    assert (await stranger.confirm(await proposed(stranger))).is_success  # another partner is not held up
    confirmed = [await drawdowns.find(world.store, one["id"]) for one in waiting]
    assert sum(one.evidence is not None for one in confirmed) == 4
