"""The offer in a page of another origin, in a real Chromium at a real gateway and a real bank: what the merchant sees,
and what happened to the money.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.domain.money import Money
from gateway.outbound import Outbound
from tests import served, signatories
from tests.browsers import chromium, page  # noqa: F401 - fixtures
from tests.shops import Shop
from tests.signatories import BO
from tests.widget.stage import hosted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import FrameLocator, Page, Route

pytestmark = pytest.mark.anyio
AMOUNT = 100_000
HOST = """<!doctype html><title>Till</title><restock-offer></restock-offer>
<script src="{gateway}/widget/v1/restock.js"></script><script>
window.heard = [];
for (const name of ["ready", "empty", "offer-loaded", "quote", "confirmed", "paid", "step", "error"])
  document.addEventListener(name, (event) => heard.push([name, event.detail]), true);
Restock.load({{ gateway: "{gateway}", fetchSession: (component) => session(component), locale: "en" }});
</script>"""


class Counter:
    """A page that shows the offer of one shop, and who stands at it."""

    def __init__(self, shop: Shop, browser: Page) -> None:
        self.shop, self.browser = shop, browser
        self.ids: list[str] = []
        """Of the sessions its page asked for."""

    @property
    def frame(self) -> FrameLocator:
        """What the gateway draws."""
        return self.browser.frame_locator("restock-offer iframe")

    async def open(self, origin: str) -> None:
        """Show the page, which asks for as many sessions as it wants."""

        async def session(component: str) -> dict[str, Any]:
            asked = {"merchant_id": self.shop.id, "user": BO, "components": [component], "parent_origins": [origin]}
            made = await self.shop.partner.done("/v1/widget/sessions", asked)
            self.ids.append(made["id"])
            return made

        await self.browser.expose_function("session", session)
        await self.browser.goto(f"{origin}/")

    def button(self, name: str) -> Any:
        """A button in the frame."""
        return self.frame.get_by_role("button", name=re.compile(name))

    async def reads(self, text: str) -> None:
        """Wait until the frame says so."""
        await self.frame.get_by_text(re.compile(text)).first.wait_for()

    async def heard(self) -> list[str]:
        """What the page was told, by name."""
        names: list[str] = await self.browser.evaluate("heard.map(([name]) => name)")
        return names

    async def drawn(self) -> list[dict[str, Any]]:
        """Every drawdown of the shop but the first, which others tell of."""
        page_ = await self.shop.partner.seen(f"/v1/merchants/{self.shop.id}/drawdowns")
        found: list[dict[str, Any]] = page_["data"][1:]
        return found


@asynccontextmanager
async def opened(folder: Path, bank_url: str, browser: Page) -> AsyncIterator[Counter]:
    """A shop whose owner allowed clicks within limits after a first loan, at a page of another origin."""
    async with Outbound() as outbound, served.gateway(folder, bank_url=bank_url) as gateway, hosted() as site:
        controls = MockBankControls(bank_url, outbound)
        await controls.reset()
        await controls.set_balance("ACME", Money(10**12, "EUR"))
        shop = Shop(gateway, await gateway.partner("Ladle POS"), controls)
        await shop.open()
        owner = await signatories.of(gateway, shop.partner, shop.id)
        await signatories.with_contact(owner)
        await owner.step_up((await shop.propose(await shop.quote(AMOUNT)))["id"])
        await shop.work()
        await shop.pass_days(2)
        await owner.authorizes(per_draw_amount=400_000, per_24h_amount=800_000, per_30d_amount=900_000)
        site.html = HOST.format(gateway=gateway.world.settings.issuer)
        counter = Counter(shop, browser)
        await counter.open(site.origin)
        yield counter


@pytest.fixture
async def counter(tmp_path: Path, bank_url: str, page: Page) -> AsyncIterator[Counter]:  # noqa: F811
    async with opened(tmp_path, bank_url, page) as found:
        await found.button("^Confirm|^Apply").and_(found.frame.locator(":enabled")).wait_for()
        yield found


async def test_a_shop_borrows_by_clicks_once_and_sees_the_money_come(counter: Counter) -> None:
    offer = await counter.shop.offer()
    suggested = f"{offer['suggested_amount'] // 100:,}"
    assert await counter.frame.get_by_label("Sum to borrow").input_value() == suggested, "never the most"
    await counter.frame.get_by_label("Sum to borrow").fill("1234")
    await counter.frame.get_by_label("Sum to borrow").press("Enter")
    await counter.button("€1,230 from|for €1,230").dblclick()
    await counter.reads("Asked of Sandbox Bank")
    (drawn,) = await counter.drawn()
    assert (drawn["state"], drawn["amount"]) == ("requested", 123_000), "two clicks, one loan"
    await counter.shop.work()
    await counter.button("See today").wait_for()
    assert (await counter.drawn())[0]["state"] == "active"
    heard = await counter.heard()
    assert [name for name in ("ready", "offer-loaded", "quote", "confirmed", "paid") if name not in heard] == []
    shown = await counter.shop.partner.seen(f"/v1/offers/{offer['id']}")
    assert shown["delivered_at"] is not None
    await counter.button("See today").click()
    await counter.reads("Today you can borrow up to")


async def test_a_limit_that_fell_meanwhile_borrows_nothing_until_the_new_figures_are_confirmed(
    counter: Counter,
) -> None:
    await counter.button("^Most").click()
    before = (await counter.shop.offer())["available_amount"]
    most = f"€{before // 100:,}"
    await counter.button(f"{most} from|for {most}").and_(counter.frame.locator(":enabled")).wait_for()
    refused: list[int] = []

    async def late(route: Route) -> None:
        await (route.continue_() if refused else route.abort())

    async def hear(route: Route) -> None:
        answer = await route.fetch()
        refused.append(answer.status)
        await route.fulfill(response=answer)

    await counter.browser.route("**/summary", late)
    await counter.browser.route("**/v1/drawdowns", hear)
    await counter.shop.sell(150_000, "refund")
    await counter.button("^Confirm|^Apply").click()
    await counter.reads("The offer changed. Nothing was borrowed")
    assert (refused, await counter.drawn()) == ([409], [])
    await counter.button("Confirm the new figures").click()
    await counter.reads("Asked of Sandbox Bank")
    (drawn,) = await counter.drawn()
    assert 0 < drawn["amount"] < before


async def test_a_lost_answer_is_asked_for_again_under_the_same_key_and_borrows_once(counter: Counter) -> None:
    keys: list[str] = []

    async def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        answer = await route.fetch()
        await (route.fulfill(status=500, body="{}") if len(keys) == 1 else route.fulfill(response=answer))

    await counter.browser.route("**/v1/drawdowns", lose)
    await counter.button("^Confirm|^Apply").click()
    await counter.reads("It cannot be paid twice")
    await counter.reads("Asked of Sandbox Bank")
    (drawn,) = await counter.drawn()
    assert keys == [f"confirm-{drawn['quote_id']}"] * 2


async def test_a_session_that_ended_in_the_middle_is_renewed_and_the_sum_stays(counter: Counter) -> None:
    await counter.shop.partner.send("DELETE", f"/v1/widget/sessions/{counter.ids[0]}")
    await counter.frame.get_by_label("Sum to borrow").fill("500")
    await counter.frame.get_by_label("Sum to borrow").press("Enter")
    await counter.button("€500").wait_for()
    assert len(counter.ids) > 1
    assert await counter.frame.get_by_label("Sum to borrow").input_value() == "500"
