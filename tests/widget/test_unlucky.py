"""Pages and networks that are only unlucky: what the merchant sees, and what became of the money."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Route

    from tests.widget.stage import Stage

pytestmark = pytest.mark.anyio
STRICT = (
    "default-src 'none'; script-src 'self' {gateway}; connect-src 'self'; frame-src {gateway}; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /complaint"
)
SUMMARY = re.compile(r"/v1/merchants/[^/]+/summary")


async def test_a_page_of_a_strict_policy_needs_two_lines_for_the_gateway(stage: Stage) -> None:
    stage.till.headers = {
        "Content-Security-Policy": STRICT.format(gateway=stage.issuer),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
    }
    await stage.shows("tile")
    await expect(stage.frame().get_by_role("button")).to_be_visible()
    assert stage.stopped() == []
    assert "/complaint" not in stage.till.asked


async def test_without_third_party_cookies_nothing_is_missing(stage: Stage) -> None:
    session = await stage.browser.context.new_cdp_session(stage.browser)
    await session.send("Network.enable")
    await session.send(
        "Network.setCookieControls",
        {"enableThirdPartyCookieRestriction": True, "disableThirdPartyCookieMetadata": True,
         "disableThirdPartyCookieHeuristics": True},
    )  # fmt: skip
    await stage.shows("tile", "offer")
    await stage.hears("ready", 2)
    assert await stage.browser.context.cookies() == []


@pytest.mark.parametrize("status", [500, 503])
async def test_a_gateway_that_fails_for_a_while_is_asked_again(stage: Stage, status: int) -> None:
    left = 2

    async def fail(route: Route) -> None:
        nonlocal left
        left -= 1
        await (
            route.fulfill(status=status, body="{}", content_type="application/json") if left >= 0 else route.continue_()
        )

    await stage.browser.route(SUMMARY, fail)
    await stage.shows("tile")
    await expect(stage.frame().get_by_role("button")).to_be_visible()
    assert len(stage.made) == 1


async def test_offline_the_till_works_on_and_the_widget_comes_back_by_itself(stage: Stage) -> None:
    await stage.browser.clock.install()
    await stage.shows("tile")
    await stage.browser.context.set_offline(True)
    await stage.browser.evaluate(
        "document.querySelector('restock-tile').replaceWith(document.createElement('restock-tile'))"
    )
    assert await stage.hears("error") == [{"code": "session_unavailable"}]
    await expect(stage.browser.get_by_text("Your till is not affected")).to_be_visible()
    await stage.browser.context.set_offline(False)
    await stage.hears("ready", 2)


async def test_on_a_slow_network_the_box_stands_from_the_first_moment(stage: Stage) -> None:
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await stage.browser.route(SUMMARY, hold)
    async with stage.browser.expect_request(SUMMARY):
        await stage.shows("offer", until="")
    await stage.browser.frame_locator("restock-offer iframe").get_by_role("status").first.wait_for()
    assert await stage.browser.evaluate("document.querySelector('restock-offer').offsetHeight") > 0
    for route in held:
        await route.continue_()
    await stage.hears("ready")
    assert len(stage.made) == 1
