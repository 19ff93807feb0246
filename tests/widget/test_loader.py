"""The elements on a partner's page, whatever the page does with them and whatever its server answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Route

    from tests.widget.stage import Stage

pytestmark = pytest.mark.anyio
CANNOT = "Cannot connect right now. Your till is not affected. Trying again"
PATIENCE_MS = 31_000
FRAME = re.compile(r"/widget/v1/frame\?")


async def sizes(stage: Stage) -> list[float]:
    """How high each element stands."""
    found: list[float] = await stage.browser.evaluate(
        "[...document.querySelectorAll(':is(restock-tile, restock-offer)')].map((one) => one.offsetHeight)"
    )
    return found


async def test_two_elements_share_one_load_and_take_a_new_look_while_they_stand(stage: Stage) -> None:
    await stage.shows("tile", "offer")
    assert await stage.hears("ready", 2) == [{"merchant_id": stage.shop.id}] * 2
    tile = stage.browser.locator("restock-tile iframe")
    await expect(tile).to_have_attribute("title", "Restock loan: what you can borrow")
    assert (await sizes(stage))[0] == await stage.frame().evaluate("document.querySelector('restock-app').offsetHeight")
    await stage.browser.evaluate(
        "restock.then((one) => one.update({ locale: 'zh-Hans-CN', theme: { scheme: 'dark' } }))"
    )
    await expect(tile).to_have_attribute("title", "进货借款：今天可借")
    await stage.frame().locator("restock-app[dark][lang=zh-CN]").wait_for()
    await stage.browser.evaluate("restock.then((one) => one.update({ theme: { radius: 4 } }))")
    await stage.frame().locator("restock-app[dark][style*='--radius: 4px']").wait_for()
    assert len(stage.made) == 2, "one session each, and none for a look"


async def test_an_element_that_is_moved_removed_and_put_back_opens_again(stage: Stage) -> None:
    await stage.shows("tile", more="<main></main>")
    await stage.browser.evaluate("document.querySelector('main').append(document.querySelector('restock-tile'))")
    await stage.hears("ready", 2)
    await stage.browser.evaluate("window.kept = document.querySelector('restock-tile'); kept.remove()")
    assert await stage.browser.evaluate("frames.length + kept.shadowRoot.querySelectorAll('iframe').length") == 0
    await stage.browser.evaluate(
        "document.body.append(kept); kept.addEventListener('step', (event) => { window.to = event.detail.name })"
    )
    await stage.hears("ready", 3)
    await stage.frame().get_by_role("button").click()
    await stage.hears("step")
    assert await stage.browser.evaluate("to") in {"offer", "manage"}
    assert len(stage.made) == 3


async def test_load_called_again_changes_the_options_and_not_what_stands(stage: Stage) -> None:
    await stage.shows("tile")
    again = "Restock.load({{ gateway: '{}', fetchSession: () => {}, locale: 'zh' }})"
    await stage.browser.evaluate(again.format(stage.issuer, "Promise.reject()"))
    await stage.frame().locator("restock-app[lang=zh-CN]").wait_for()
    assert len(stage.made) == 1
    await stage.browser.evaluate("document.body.append(document.createElement('restock-tile'))")
    assert await stage.hears("error") == [{"code": "session_unavailable"}]
    await stage.browser.evaluate(again.format(stage.issuer, "fetchSession()"))
    await stage.hears("ready", 2)


@pytest.mark.parametrize(
    "answer",
    [
        "Promise.reject(new Error('503'))", "Promise.resolve('nonsense')", "Promise.resolve({ client_secret: 5 })",
        "fetchSession().then((one) => ({ ...one, frame_url: 'https://evil.example/widget/v1/frame' }))",
        "fetchSession().then((one) => ({ ...one, frame_url: 'javascript:alert(1)' }))",
    ],
    ids=["rejected", "text", "no secret", "another origin", "a script"],
)  # fmt: skip
async def test_a_session_that_is_none_leaves_a_line_in_the_box_until_there_is_one(stage: Stage, answer: str) -> None:
    await stage.browser.clock.install()
    await stage.shows(until="")
    await stage.browser.evaluate(
        f"Restock.load({{ gateway: '{stage.issuer}', fetchSession: () => window.well ? fetchSession() : {answer} }});"
        "document.body.append(document.createElement('restock-tile'))"
    )
    assert (await stage.hears("error"))[0] == {"code": "session_unavailable"}
    await expect(stage.browser.locator("restock-tile").get_by_text(CANNOT)).to_be_visible()
    assert await sizes(stage) == [68]
    await stage.browser.evaluate("window.well = true")
    await stage.browser.clock.fast_forward(PATIENCE_MS)
    await stage.hears("ready")
    await expect(stage.browser.get_by_text(CANNOT)).to_be_hidden()


async def test_a_partners_server_that_never_answers_is_asked_again(stage: Stage) -> None:
    await stage.browser.clock.install()
    await stage.shows(until="")
    await stage.browser.evaluate(
        f"""window.aborted = 0; Restock.load({{ gateway: '{stage.issuer}', fetchSession: (component, signal) =>
        {{ signal.addEventListener('abort', () => aborted++);
           return aborted ? fetchSession() : new Promise(() => 0) }} }});
        document.body.append(document.createElement('restock-offer'))"""
    )
    await stage.browser.clock.fast_forward(PATIENCE_MS)
    assert await stage.hears("error") == [{"code": "session_unavailable"}]
    await stage.browser.clock.fast_forward(PATIENCE_MS)
    await stage.hears("ready")
    assert await stage.browser.evaluate("aborted") == 1


async def test_a_shop_without_a_session_is_empty_until_it_is_loaded_again(stage: Stage) -> None:
    await stage.shows(
        "tile", more="<script>addEventListener('empty', ({ target }) => { target.hidden = true })</script>", until=""
    )
    await stage.browser.evaluate("window.ready = fetchSession; fetchSession = () => Promise.resolve(null)")
    await stage.browser.evaluate("document.body.append(document.createElement('restock-offer'))")
    await stage.hears("empty")
    await expect(stage.browser.locator("restock-offer")).to_be_hidden()
    await stage.browser.evaluate(f"Restock.load({{ gateway: '{stage.issuer}', fetchSession: ready }})")
    await stage.hears("ready", 2)


async def test_a_frame_that_never_greets_is_given_up_and_another_one_opens(stage: Stage) -> None:
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        await (route.fulfill(status=502, body="bad gateway") if lost == 1 else route.continue_())

    await stage.browser.clock.install()
    await stage.browser.route(FRAME, lose)
    async with stage.browser.expect_response(FRAME):
        await stage.shows("tile", until="")
    await expect(stage.browser.locator("restock-tile iframe")).to_be_hidden()
    await stage.browser.clock.fast_forward(PATIENCE_MS)
    assert await stage.hears("error") == [{"code": "frame_silent"}]
    await expect(stage.browser.get_by_text(CANNOT)).to_be_visible()
    await stage.browser.evaluate("dispatchEvent(new Event('online'))")
    await stage.hears("ready")
    assert len(stage.made) == 2, "a secret is never used twice"
