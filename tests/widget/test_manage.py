"""What a merchant sees of its loans and does about them, by clicks in the gateway's own frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.outbound import Outbound
from tests import served
from tests.shops import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import FrameLocator, Route

    from tests.gateways import Gateway
    from tests.widget.stage import Stage

pytestmark = pytest.mark.anyio
AMOUNT = 400_000
AXE = Path("sdk_js/node_modules/axe-core/axe.min.js")
PICTURES = Path("build/screens")
RULES = """axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(({violations}) =>
  violations.map(({id, nodes}) => `${id}: ${nodes.map(({target}) => target).join(" ")}`))"""
LOOKS = (("zh-CN", "light", 320), ("en", "dark", 1280))


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """With the built-in bank, which does what it is told."""
    async with served.gateway(tmp_path_factory.mktemp("gateway")) as started:
        yield started


@pytest.fixture
async def shop(gateway: Gateway) -> AsyncIterator[Shop]:
    async with Outbound() as outbound:
        opened = Shop(gateway, await gateway.partner(), MockBankControls("", outbound))
        await opened.open("CNY")
        yield opened
        await behave(opened)


async def behave(shop: Shop, **behaviour: Any) -> None:
    """What the bank does with this shop from now on."""
    assert (await shop.partner.send("PUT", f"/v1/sandbox/merchants/{shop.id}/bank", json=behaviour)).is_success


async def lent(shop: Shop, amount: int = AMOUNT, days: int = 3) -> str:
    """A loan that is out, some days later."""
    drawdown_id = await shop.draw(amount)
    await shop.work()
    await shop.live(days)
    return drawdown_id


async def late(shop: Shop) -> str:
    """A loan whose first minimum was missed."""
    drawdown_id = await lent(shop)
    await behave(shop, debits="fail")
    await shop.live(31, 0)
    return drawdown_id


async def opened(stage: Stage, component: str = "manage") -> FrameLocator:
    """The frame, ready."""
    await stage.shows(component)
    return stage.browser.frame_locator(f"restock-{component} iframe")


def _axe() -> str:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return AXE.read_text(encoding="utf-8")


async def every_look(stage: Stage, name: str) -> None:
    """Nothing to complain of in either language, theme and width; a picture of each is left in build/screens."""
    axe = _axe()
    await stage.browser.emulate_media(reduced_motion="reduce")
    for locale, scheme, width in LOOKS:
        await stage.browser.set_viewport_size({"width": width, "height": 900})
        await stage.browser.evaluate(
            f"(async () => (await restock).update({{locale: '{locale}', theme: {{scheme: '{scheme}'}}}}))()"
        )
        frame = stage.frame()
        await expect(frame.locator("html")).to_have_attribute("lang", locale)
        await frame.evaluate(axe)
        assert await frame.evaluate(RULES) == [], f"{name} {locale} {scheme} {width}"
        assert await frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} at {width} px"
        await stage.browser.screenshot(
            path=PICTURES / f"widget-{name}-{locale[:2]}-{scheme}-{width}.png", full_page=True
        )


async def pressed(frame: FrameLocator, name: str) -> None:
    await frame.get_by_role("button", name=name).click()


async def test_a_loan_shows_what_is_left_how_it_comes_back_and_every_day(stage: Stage) -> None:
    drawdown_id = await lent(stage.shop, days=8)
    loan = await stage.shop.drawdown(drawdown_id)
    frame = await opened(stage)
    await expect(frame.get_by_text("Left to repay")).to_be_visible()
    shown = f"{loan['outstanding_amount'] / 100:,.2f}"
    await expect(frame.locator(".figure.large")).to_have_text(f"¥{shown}")
    await expect(frame.get_by_role("img", name="Likely paid off")).to_be_visible()
    await frame.get_by_text("Show numbers").click()
    assert await frame.get_by_role("table").first.get_by_role("row").count() > 3
    days = frame.locator(".days tbody tr")
    assert await days.count() == 5
    await pressed(frame, "Show all")
    assert await days.count() == 7
    await expect(days.last.get_by_text("Settled")).to_be_visible()
    await every_look(stage, "manage")


async def test_paying_off_asks_once_more_and_pays_once_whatever_is_lost(stage: Stage) -> None:
    drawdown_id = await lent(stage.shop)
    payoff = await stage.shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/payoff")
    keys: list[str] = []

    async def lose(route: Route) -> None:
        """The gateway takes it; its answers get lost."""
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 5:
            await route.continue_()
        else:
            await route.fetch()
            await route.abort()

    frame = await opened(stage)
    await pressed(frame, "Pay off now")
    assert len(await stage.shop.repayments(drawdown_id)) == 2, "nothing before it was asked for once more"
    await expect(frame.get_by_role("heading", name="Pay off now")).to_be_focused()
    exact = f"¥{payoff['amount'] / 100:,.2f}"
    await expect(frame.locator(".total dd")).to_have_text(exact)
    await every_look(stage, "manage-pay-off")
    await stage.browser.route("**/repayments", lose)
    await frame.get_by_role("button", name=f"Pay {exact}", exact=True).dblclick()
    await expect(frame.get_by_role("alert")).to_contain_text("No answer yet")
    await pressed(frame, "Try again")
    await expect(frame.get_by_text(f"{exact} will be debited")).to_be_visible()
    assert len(set(keys)) == 1
    early = [one for one in await stage.shop.repayments(drawdown_id) if one["kind"] == "early"]
    assert [(one["amount"], one["channel"]) for one in early] == [(payoff["amount"], "debit")]
    await pressed(frame, "Done")
    await stage.shop.live(2)
    await expect(frame.get_by_text("Nothing to repay")).to_be_visible()
    await every_look(stage, "manage-empty")


async def test_a_part_is_paid_by_transfer_with_the_reference_it_must_carry(stage: Stage) -> None:
    drawdown_id = await lent(stage.shop)
    frame = await opened(stage)
    await pressed(frame, "Pay a part early")
    pay = frame.get_by_role("button", name="Pay ¥")
    field = frame.get_by_label("Amount")
    await field.fill("9,999,999")
    await pay.click()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill("１００．５")
    await frame.get_by_label("I transfer it").check()
    await pay.click()
    await expect(frame.get_by_text("Transfer ¥100.50")).to_be_visible()
    early = (await stage.shop.repayments(drawdown_id))[-1]
    assert (early["kind"], early["channel"], early["amount"]) == ("early", "transfer", 10_050)
    await expect(frame.locator("code")).to_have_text(early["transfer_reference"])
    await every_look(stage, "manage-transfer")


async def test_figures_that_change_meanwhile_are_shown_before_anything_is_taken(stage: Stage) -> None:
    drawdown_id = await lent(stage.shop)
    frame = await opened(stage)
    await pressed(frame, "Pay off now")
    before = await frame.locator(".total dd").inner_text()
    await stage.shop.live(1)
    await pressed(frame, f"Pay {before}")
    await expect(frame.get_by_role("alert")).to_contain_text("Nothing was taken")
    assert await frame.locator(".total dd").inner_text() != before
    assert "early" not in {one["kind"] for one in await stage.shop.repayments(drawdown_id)}


async def test_a_late_loan_is_paid_or_paused_by_buttons_of_the_same_width(stage: Stage) -> None:
    loan = await stage.shop.drawdown(await late(stage.shop))
    assert loan["health"] == "late"
    frame = await opened(stage)
    await expect(frame.get_by_role("alert")).to_contain_text("overdue by")
    exact = f"¥{loan['past_due_amount'] / 100:,.2f}"
    ways = [frame.get_by_role("button", name=f"Pay {exact}"), frame.get_by_role("button", name="Ask for a pause")]
    boxes = [await way.bounding_box() for way in ways]
    assert len({box["width"] for box in boxes if box}) == 1
    await every_look(stage, "manage-late")
    await ways[0].click()
    await expect(frame.get_by_label("Amount")).to_have_value(exact[1:])
    await pressed(frame, "Not now")
    await expect(ways[0]).to_be_focused()
    await ways[1].dblclick()
    await expect(frame.get_by_text("You asked for a pause")).to_be_visible()
    await expect(ways[1]).to_have_count(0)
    await every_look(stage, "manage-pause-asked")


async def test_the_statement_is_a_file_that_needs_nothing_else(stage: Stage) -> None:
    drawdown_id = await lent(stage.shop)
    frame = await opened(stage)
    texts: list[str] = []
    for button in ("Statement", "CSV"):
        async with stage.browser.expect_download() as downloading:
            await pressed(frame, button)
        download = await downloading.value
        assert download.suggested_filename.startswith(drawdown_id)
        texts.append((await download.path()).read_text(encoding="utf-8"))
    assert "<script" not in texts[0]
    assert "¥4,000.00" in texts[0]
    assert texts[1].startswith("on,kind,text")
    assert stage.stopped() == []


async def test_of_several_loans_each_is_opened_and_left_again(stage: Stage) -> None:
    first = await lent(stage.shop, 200_000)
    await lent(stage.shop, 100_000)
    frame = await opened(stage)
    rows = frame.get_by_role("listitem")
    assert await rows.count() == 2
    await every_look(stage, "manage-several")
    await rows.last.get_by_role("button").click()
    loan = await stage.shop.drawdown(first)
    await expect(frame.locator(".figure.large")).to_have_text(f"¥{loan['outstanding_amount'] / 100:,.2f}")
    await pressed(frame, "Back")
    assert await rows.count() == 2


async def test_what_was_agreed_to_is_said_line_by_line_with_the_page_where_it_ends(stage: Stage) -> None:
    frame = await opened(stage)
    await pressed(frame, "Permissions")
    for what in ("Read my sales and refunds", "Share these with", "Repay from daily sales"):
        await expect(frame.get_by_role("heading", name=what).first).to_be_visible()
    await expect(frame.get_by_text("How far back").first).to_be_visible()
    there = frame.get_by_role("link", name="Change or take back")
    assert await there.get_attribute("href") == f"{stage.issuer}/connect/consents?merchant_id={stage.shop.id}"
    await every_look(stage, "consents")
    async with stage.browser.expect_popup() as popping:
        await there.click()
    page = await popping.value
    assert page.url.startswith(stage.issuer)
    await page.close()
    await pressed(frame, "Back")
    await expect(frame.get_by_text("Nothing to repay")).to_be_visible()
