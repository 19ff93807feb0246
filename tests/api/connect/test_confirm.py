from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.api.connect.pages.confirm import figure
from gateway.domain.programmes import INVENTORY, ReviewRule
from tests import granting, signatories, visits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.shops import Shop
    from tests.signatories import Signatory
    from tests.visits import Browser

pytestmark = pytest.mark.anyio
AMOUNT = 100_000
OTHER_ACCOUNT = "NL91ABNA0417164300"


class Scene:
    """A shop, its signatory, a browser, and a loan that waits."""

    def __init__(self, shop: Shop, mine: Signatory, browser: Browser, drawdown: dict[str, Any]) -> None:
        self.shop, self.mine, self.browser, self.drawdown = shop, mine, browser, drawdown
        self.there = f"/connect/confirm/{drawdown['id']}"

    async def sign_in(self) -> httpx.Response:
        """With a one-time code; the answer that leads on."""
        return await self.browser.sign_in(self.shop.gateway, f"?merchant_id={self.shop.id}&back={self.there}")

    async def see(self, language: str = "en") -> httpx.Response:
        """The page."""
        return await self.browser.see(f"{self.there}?lang={language}")

    async def press(self, response: str | None = None, do: str = "confirm") -> httpx.Response:
        """The passkey's button, with what the device answers to the page seen last."""
        fields = {"do": do}
        if do == "confirm":
            fields["response"] = self.mine.device.on(self.browser.page) if response is None else response
        return await self.browser.send(self.there, fields)

    async def state(self) -> str:
        """The draw's."""
        found: str = (await self.shop.drawdown(self.drawdown["id"]))["state"]
        return found


@asynccontextmanager
async def scene(shop: Shop, *, signed_in: bool = True) -> AsyncIterator[Scene]:
    mine = await signatories.of(shop.gateway, shop.partner, shop.id)
    await signatories.with_contact(mine)
    async with visits.browser(shop.gateway) as browser:
        found = Scene(shop, mine, browser, await shop.propose(await shop.quote(AMOUNT)))
        if signed_in:
            await found.sign_in()
        yield found


async def test_whoever_is_not_signed_in_signs_in_and_comes_back(shop: Shop) -> None:
    async with scene(shop, signed_in=False) as at:
        sent_on = await at.see()
        assert sent_on.status_code == 303
        assert sent_on.headers["location"].startswith(f"/connect/sign-in?merchant_id={shop.id}")
        assert (await at.sign_in()).headers["location"].startswith(at.there)


async def test_it_shows_everything_a_borrower_must_know_in_both_languages(shop: Shop) -> None:
    async with scene(shop) as at:
        quote = await shop.partner.seen(f"/v1/drawdowns/{at.drawdown['id']}")
        english, chinese = (await at.see("en")).text, (await at.see("zh")).text
    total = f"€{quote['total_amount'] / 100:,.2f}"
    assert '<h1 class="figure"><span class="symbol">€</span>1,000</h1>' in english
    for words in (
        "Sandbox Bank lends to Corner Bakery", "You receive", "€1,000.00", "Fee, charged once", "Total to repay", total,
        "Paid to", "Corner Bakery, ending", "of net sales", "At least, per 30 days", "Likely paid off",
        "Paid off at the latest", "APR, estimated", "Lender", "Version 2026-11-01", "This quote ends at 09:15",
        "First payment to this account", "Confirm €1,000 with passkey", "Do not borrow",
    ):  # fmt: skip
        assert words in english, words
    for words in ("借给", "一共要还", total, "年化利率（估算）", "用通行密钥确认借 €1,000", "不借了，回到收银"):
        assert words in chinese, words


async def test_the_passkey_borrows_exactly_this_and_pressing_again_does_nothing(shop_on_both: Shop) -> None:
    async with scene(shop_on_both) as at:
        await at.see()
        response = at.mine.device.on(at.browser.page)
        for _ in range(2):
            gone = await at.press(response)
            assert (gone.status_code, gone.headers["location"].partition("?")[0]) == (303, at.there)
        page = await at.see()
        assert "€1,000.00 is on its way" in page.text
        assert "data-passkey" not in page.text
        await shop_on_both.work()
        assert "was paid out" in (await at.see()).text
        assert await shop_on_both.sent(at.drawdown["id"]) == 1


async def test_a_draw_that_a_person_looks_at_first_is_said_to_wait_for_one(shop: Shop) -> None:
    shop.world.programme = msgspec.structs.replace(INVENTORY, review=ReviewRule(default_amount_major=1))
    async with scene(shop) as at:
        await at.see()
        assert (await at.press(at.mine.device.on(at.browser.page))).status_code == 303
        page = (await at.see()).text
    assert "A person looks at €1,000.00 first" in page
    assert "on its way" not in page


async def test_twenty_presses_at_once_borrow_once_and_never_crash(shop_on_both: Shop) -> None:
    async with scene(shop_on_both) as at:
        await at.see()
        response = at.mine.device.on(at.browser.page)
        sent = await asyncio.gather(*(at.press(response) for _ in range(20)))
        assert {one.status_code for one in sent} == {303}
        await shop_on_both.work()
        assert await shop_on_both.sent(at.drawdown["id"]) == 1


@pytest.mark.parametrize("response", ["", "{}", "[]", "no json", '{"id":"AA","response":{"clientDataJSON":"AA"}}'])
async def test_an_answer_that_proves_nothing_asks_again(shop: Shop, response: str) -> None:
    async with scene(shop) as at:
        await at.see()
        again = await at.press(response)
        assert (again.status_code, 'role="alert"' in again.text, "Nothing was borrowed." in again.text) == (
            422,
            True,
            True,
        )
        assert await at.state() == "awaiting_confirmation"
        assert (await at.press()).status_code == 303
        assert await at.state() == "requested"


async def test_an_account_that_changed_meanwhile_is_shown_before_anything_is_borrowed(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        await shop.pay_to(OTHER_ACCOUNT)
        again = await at.press()
        assert again.status_code == 422
        assert "Something changed meanwhile" in again.text
        assert "ending 4300" in again.text
        assert await at.state() == "awaiting_confirmation"
        await at.press()
        assert await at.state() == "requested"


async def test_canceling_borrows_nothing_and_comes_too_late_after_confirming(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        await at.press(do="cancel")
        assert "You did not borrow" in (await at.see()).text
        assert await at.state() == "canceled"
        other = Scene(shop, at.mine, at.browser, await shop.propose(await shop.quote(AMOUNT)))
        await other.see()
        await other.press()
        await other.press(do="cancel")
        assert await other.state() == "requested"


async def test_an_expired_quote_cannot_be_confirmed(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        response = at.mine.device.on(at.browser.page)
        await shop.pass_days(1)
        await at.press(response)
        page = await at.see()
        assert "This quote has expired" in page.text
        assert "data-passkey" not in page.text
        assert await at.state() == "expired"


async def test_a_limit_that_fell_below_is_told_and_nobody_is_asked_for_a_passkey(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        response = at.mine.device.on(at.browser.page)
        await shop.sell(2_900_000, kind="refund")
        told = await at.press(response)
        assert "The offer changed" in told.text
        page = await at.see()
        assert "The offer changed" in page.text
        assert "data-passkey" not in page.text
        assert await at.state() == "awaiting_confirmation"


async def test_too_much_in_a_day_is_refused_with_a_page(shop: Shop) -> None:
    async with scene(shop) as at:
        world = shop.world
        world.programme = msgspec.structs.replace(world.programme, draws_24h_count=0)
        await at.see()
        refused = await at.press()
        assert refused.status_code == 422
        assert "Too much was confirmed within 24 hours" in refused.text
        assert await at.state() == "awaiting_confirmation"


async def test_what_was_taken_back_since_the_proposal_is_told_on_the_page(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        await granting.take_back(shop.world, shop.id, "repayment_collection")
        refused = await at.press()
        assert refused.status_code == 422
        assert "You took back what this loan rests on" in refused.text
        await granting.use(shop.partner, shop.id)
        assert await at.state() == "awaiting_confirmation"


async def test_without_a_passkey_one_is_made_first(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.mine.loses_passkey()
        page = await at.see()
        assert "First, a passkey" in page.text
        make = re.search(r'href="(/connect/passkeys\?[^"]+)"', page.text)
        assert make is not None
        assert "back=%2Fconnect%2Fconfirm%2F" in make[1]
        assert "<script" not in page.text
        assert "script-src" not in page.headers["content-security-policy"]


async def test_another_shops_browser_sees_and_confirms_nothing(shop: Shop) -> None:
    async with scene(shop) as at, visits.browser(shop.gateway) as other:
        theirs = await visits.shop(shop.partner)
        await other.sign_in(shop.gateway, f"?merchant_id={theirs}")
        await other.see("/connect/consents")
        for answer in (await other.see(at.there), await other.send(at.there, {"do": "cancel"})):
            assert answer.status_code == 403
            assert "1,000" not in answer.text
        assert await at.state() == "awaiting_confirmation"


async def test_a_form_that_is_not_ours_changes_nothing(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        response = at.mine.device.on(at.browser.page)
        for fields, headers in (({"form": "0" * 64}, {}), ({}, {"sec-fetch-site": "cross-site"})):
            refused = await at.browser.send(at.there, {"do": "confirm", "response": response, **fields}, **headers)
            assert refused.status_code == 403
            await at.see()
        assert await at.state() == "awaiting_confirmation"


@pytest.mark.parametrize("drawdown_id", ["drw_01jc0000000000000000000000", "drw_x", "..%2F..", "1' OR '1'='1"])
async def test_an_address_of_no_draw_is_a_page_that_says_so(shop: Shop, drawdown_id: str) -> None:
    async with visits.browser(shop.gateway) as browser:
        page = await browser.see(f"/connect/confirm/{drawdown_id}")
    assert page.status_code == 404


async def test_only_our_own_script_runs_and_only_where_a_passkey_is_asked_for(shop: Shop) -> None:
    async with scene(shop) as at:
        page = await at.see()
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.text.count("<script") == 1
    assert not re.search(r"\son\w+=|\sstyle=", page.text)


@pytest.mark.parametrize(
    ("money", "parts"),
    [("¥15,600.00", ("¥", "15,600")), ("€1.50", ("€", "1.50")), ("₩10,000", ("₩", "10,000")),
     ("CHF 0.05", ("CHF", "0.05"))],
)  # fmt: skip
def test_the_large_figure_leaves_empty_decimals_out(money: str, parts: tuple[str, str]) -> None:
    assert figure(money) == parts
