"""Authority and step-up in a real browser; and what a partner with a valid client and valid sessions cannot do."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.domain.authorities import StepUpRequired
from gateway.domain.intents import IntentChanged
from gateway.domain.money import Money
from gateway.domain.passkeys import PasskeyRefused
from gateway.domain.states import IllegalMove
from gateway.outbound import Outbound
from gateway.usecases import authorities
from tests import authenticators, browsers, served, signatories, visits
from tests.shops import Shop
from tests.signatories import ANNE, CAPS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from tests.signatories import Signatory

pytestmark = pytest.mark.anyio
AMOUNT = 100_000
THEIRS = "NL91ABNA0417164300"


@asynccontextmanager
async def opened(folder: Path, bank_url: str) -> AsyncIterator[Shop]:
    """A shop at a gateway on a socket and at a real bank."""
    async with Outbound() as outbound, served.gateway(folder, bank_url=bank_url) as gateway:
        controls = MockBankControls(bank_url, outbound)
        await controls.reset()
        await controls.set_balance("ACME", Money(10**12, "EUR"))
        shop = Shop(gateway, await gateway.partner("Ladle POS"), controls)
        await shop.open()
        yield shop


class Signer:
    """The signatory's phone: a page of a real browser, and its authenticator."""

    def __init__(self, shop: Shop, page: Page, device: browsers.Device) -> None:
        self.shop, self.page, self.device = shop, page, device

    async def open(self, address: str) -> None:
        """Go to an address as the partner hands it out."""
        await self.page.goto(address + ("&" if "?" in address else "?") + "lang=en")

    async def press(self, name: str | re.Pattern[str]) -> None:
        """A button, and the page that follows."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name).click()

    async def sign_in_and_make_a_passkey(self) -> None:
        """With the code from the outbox, then the device's own question."""
        await self.press("Send me a code")
        await self.page.get_by_label("6-digit code").fill(await visits.last_code(self.shop.gateway))
        await self.press("Continue")
        await self.press("Make a passkey")

    async def says(self) -> str:
        """What the page reads."""
        return await self.page.locator("main").inner_text()


async def test_a_signatory_authorizes_confirms_and_takes_it_back_on_a_phone(
    tmp_path: Path, bank_url: str, page: Page
) -> None:
    async with opened(tmp_path, bank_url) as shop:
        till = signatories.till(shop.gateway, shop.partner, shop.id)
        await signatories.with_contact(till)
        phone = Signer(shop, page, await browsers.authenticator(page))
        await phone.open((await till.proposal())["approval_url"])
        await phone.sign_in_and_make_a_passkey()
        assert "Let your till borrow by one click?" in await phone.says()
        await phone.press("Approve with passkey")
        assert "Approved. One click is enough from now on." in await phone.says()

        first = await shop.propose(await shop.quote(AMOUNT))
        with pytest.raises(StepUpRequired) as refused:
            await till.click(first)
        assert refused.value.facts["why"] == ["first_draw"]
        await phone.open(str(refused.value.facts["confirmation_url"]))
        await phone.press("Confirm €1,000 with passkey")
        assert "€1,000.00 is on its way" in await phone.says()
        await shop.work()
        await shop.pass_days(1)

        assert (await till.click(await shop.propose(await shop.quote(AMOUNT)))).state == "requested"
        await phone.open(f"{shop.world.settings.issuer}/connect/authority?merchant_id={shop.id}")
        await phone.press("End it")
        with pytest.raises(StepUpRequired):
            await till.click(await shop.propose(await shop.quote(AMOUNT)))


async def test_a_phone_whose_user_is_not_there_borrows_nothing(tmp_path: Path, bank_url: str, page: Page) -> None:
    async with opened(tmp_path, bank_url) as shop:
        till = signatories.till(shop.gateway, shop.partner, shop.id)
        await signatories.with_contact(till)
        phone = Signer(shop, page, await browsers.authenticator(page))
        waiting = await shop.propose(await shop.quote(AMOUNT))
        await phone.open(waiting["confirmation_url"])
        await phone.sign_in_and_make_a_passkey()
        await phone.device.verify(user=False)
        await page.get_by_role("button", name=re.compile("Confirm")).click()
        await page.get_by_role("alert").filter(has_text="nothing happened").wait_for()
        assert (await shop.drawdown(waiting["id"]))["state"] == "awaiting_confirmation"
        await phone.device.verify(user=True)
        await phone.press(re.compile("Confirm"))
        assert (await shop.drawdown(waiting["id"]))["state"] == "requested"


# --- a partner that was taken over: its client, its tokens, its widget sessions, whatever it says of who is there ----


async def robbed(shop: Shop) -> Signatory:
    """A shop in the middle of its life: a loan was paid out, an authority is in force. Its partner is not to trust."""
    mine = await signatories.of(shop.gateway, shop.partner, shop.id)
    await signatories.with_contact(mine)
    await mine.step_up((await shop.propose(await shop.quote(AMOUNT)))["id"])
    await shop.work()
    await shop.pass_days(2)
    await mine.authorizes(per_draw_amount=AMOUNT, per_24h_amount=2 * AMOUNT, per_30d_amount=4 * AMOUNT)
    return mine


async def lent(shop: Shop) -> int:
    """What the shop owes or is about to."""
    found: int = (await shop.offer())["exposure_amount"]
    return found


async def test_it_cannot_draw_beyond_the_caps_whoever_it_says_is_clicking(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await robbed(shop_on_both)
    before = await lent(shop)
    waiting = [await shop.propose(await shop.quote(AMOUNT)) for _ in range(6)]
    waiting += [await shop.propose(await shop.quote(3 * AMOUNT))]
    users = ("anne", "bo", "eve", "", "anne ", "ANNE")
    tries = [mine.click(one, user) for one in waiting for user in users]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(one).__name__ for one in results} <= {"Drawdown", "StepUpRequired", "IllegalMove"}
    assert sum(type(one).__name__ == "Drawdown" for one in results) == 2
    assert await lent(shop) == before + 2 * AMOUNT


async def test_it_cannot_widen_the_authority(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await robbed(shop_on_both)
    eve = {"id": "eve", "name": "Eve", "role": "owner"}
    path = f"/v1/merchants/{shop.id}/authority"
    wide = CAPS | {"per_draw_amount": 5_000_000, "per_24h_amount": 5_000_000, "per_30d_amount": 5_000_000}
    made = await shop.partner.done(path, {"users": [ANNE, eve], "caps": wide})
    big = await shop.propose(await shop.quote(3 * AMOUNT))
    for user in ("anne", "eve"):
        with pytest.raises(StepUpRequired):
            await mine.click(big, user)
    for answer in ("", "{}", await mine.signs_draw(big["id"])):  # even a signature for something else
        with pytest.raises((PasskeyRefused, IntentChanged)):
            await mine.approve(made["id"], answer)
    assert (await shop.partner.seen(path))["active"]["caps"]["per_draw_amount"] == AMOUNT


async def test_it_cannot_have_the_money_paid_elsewhere(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await robbed(shop_on_both)
    before = await authorities.payee(shop.world.store, shop.world, shop.id)
    asked = await shop.partner.send(
        "PUT", f"/v1/merchants/{shop.id}/payout-account", json={"iban": THEIRS, "holder_name": "Corner Bakery"},
        headers={"idempotency-key": "steal"},
    )  # fmt: skip
    assert (asked.status_code, asked.json()["state"]) == (201, "awaiting_approval")
    await shop.live(8)
    assert await authorities.payee(shop.world.store, shop.world, shop.id) == before
    # Had it taken effect all the same, the next click would not be enough, nor an older signature.
    waiting = await shop.propose(await shop.quote(AMOUNT))
    signed = await mine.signs_draw(waiting["id"])
    await shop.pay_to(THEIRS)
    with pytest.raises(StepUpRequired) as refused:
        await mine.click(waiting)
    assert refused.value.facts["why"] == ["new_payee"]
    with pytest.raises(IntentChanged):
        await mine.step_up(waiting["id"], signed)


async def test_a_phished_code_and_a_strangers_passkey_borrow_nothing(shop_on_both: Shop) -> None:
    shop, mine = shop_on_both, await robbed(shop_on_both)
    other = (await shop.partner.done("/v1/merchants", {
        "legal_name": "Accomplice", "country": "NL", "currency": "EUR", "timezone": "UTC"}))["id"]  # fmt: skip
    strangers = [
        await authenticators.given_to(shop.gateway, other),
        authenticators.Authenticator(shop.world.settings.issuer),
    ]
    before, own = await lent(shop), mine.device
    waiting = await shop.propose(await shop.quote(3 * AMOUNT))
    there = f"/connect/confirm/{waiting['id']}"
    async with visits.browser(shop.gateway) as thief:
        await thief.sign_in(shop.gateway, f"?merchant_id={shop.id}&back={there}")
        for device in strangers:
            for claimed in (strangers[0].credential_id, own.credential_id):
                await thief.see(f"{there}?lang=en")
                device.credential_id = claimed
                refused = await thief.send(there, {"do": "confirm", "response": device.on(thief.page)})
                assert refused.status_code == 422
        for fields in ({"do": "confirm"}, {}, {"do": "approve"}, {"do": "confirm", "code": "000000"}):
            await thief.see(f"{there}?lang=en")
            assert (await thief.send(there, fields)).status_code in {422, 429}
    assert await lent(shop) == before


async def test_an_answer_given_on_another_site_or_without_its_user_borrows_nothing(shop: Shop) -> None:
    mine = await robbed(shop)
    waiting = await shop.propose(await shop.quote(3 * AMOUNT))
    for changes in ({"origin": "https://till.example"}, {"crossOrigin": True}, {"type": "webauthn.create"}):
        options = await mine.asked(waiting["id"])
        with pytest.raises(PasskeyRefused):
            await mine.step_up(waiting["id"], mine.device.answer(options, **changes))
    mine.device.flags = authenticators.USER_PRESENT
    with pytest.raises(PasskeyRefused):
        await mine.step_up(waiting["id"])
    mine.device.flags |= authenticators.USER_VERIFIED
    assert (await mine.step_up(waiting["id"])).state == "requested"
    with pytest.raises(IllegalMove):
        await mine.step_up(waiting["id"])
