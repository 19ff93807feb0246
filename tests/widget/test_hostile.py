"""Pages that mean harm: what they can see, say and press, what the merchant sees then, and what became of the money."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Error, expect

from tests.widget.stage import HEARING

if TYPE_CHECKING:
    from tests.widget.stage import Site, Stage

pytestmark = pytest.mark.anyio
BORROWS = re.compile("(Apply to|Confirm) .*€")
RAW = """<!doctype html><title>Till</title><iframe id="frame" src="{frame}"></iframe>{more}<script>{hearing}
addEventListener("message", ({{ data, origin, source }}) => {{
  if (origin !== "{issuer}") return;
  if (data.type !== "size") hear("frame", data.name ?? data.type, data);
  if (data.type === "hello") source.postMessage({opens}, "{issuer}");
}});
</script>"""
"""A page that speaks to the frame by itself."""
INTRUDER = """<!doctype html><script>
window.spoken = 0;
setInterval(() => {{ parent.frames[0].postMessage({opens}, "*"); spoken += 1; }}, 20);
</script>"""
SPY = """<script>
window.caught = [];
const note = (what) => caught.push(String(what));
const own = fetch;
window.fetch = (...all) => { note(JSON.stringify(all)); return own(...all); };
for (const name of ["open", "send", "setRequestHeader"]) {
  const method = XMLHttpRequest.prototype[name];
  XMLHttpRequest.prototype[name] = function (...all) { note(JSON.stringify(all)); return method.apply(this, all); };
}
addEventListener("message", ({ data }) => note(JSON.stringify(data)));
navigator.serviceWorker.addEventListener("message", ({ data }) => note(data));
navigator.serviceWorker.startMessages();
const post = window.postMessage;
window.postMessage = (...all) => { note(JSON.stringify(all)); return post(...all); };
</script>"""
WORKER = """
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", ({ request }) => {
  const said = JSON.stringify([request.url, ...request.headers]);
  clients.matchAll().then((all) => all.forEach((one) => one.postMessage(said)));
});"""


def opens(secret: str, component: str = "tile") -> str:
    """The message that hands a secret over, as a script would write it."""
    return json.dumps({
        "restock": 1, "type": "open", "client_secret": secret, "component": component, "locale": "en", "theme": {},
    })  # fmt: skip


async def raw(stage: Stage, made: dict[str, Any], secret: str, *, at: Site | None = None, more: str = "") -> None:
    """A page without our script, which shows the frame and gives it a secret."""
    site = at or stage.till
    site.html = RAW.format(
        hearing=HEARING, frame=made["frame_url"], issuer=stage.issuer, opens=opens(secret), more=more
    )
    await stage.browser.goto(f"{site.origin}/")


async def names(stage: Stage) -> list[str]:
    """What the page heard, by name."""
    found: list[str] = await stage.browser.evaluate("heard.map(([, name]) => name)")
    return found


async def test_a_page_that_is_not_named_cannot_show_the_frame(stage: Stage) -> None:
    made = await stage.session()
    async with stage.browser.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await raw(stage, made, made["client_secret"], at=stage.evil)
    assert await names(stage) == []
    await raw(stage, made, made["client_secret"])
    await stage.hears("ready")


async def test_another_frame_cannot_speak_for_the_page(stage: Stage) -> None:
    made, other = await stage.session(), await stage.session()
    stage.evil.html = INTRUDER.format(opens=opens(other["client_secret"]))
    await raw(stage, made, "guess", more=f'<iframe src="{stage.evil.origin}/"></iframe>')
    await stage.hears("failed")
    await stage.browser.frames[2].wait_for_function("spoken > 9")
    assert "ready" not in await names(stage)
    await raw(stage, other, other["client_secret"])
    await stage.hears("ready")


async def test_a_page_cannot_reach_into_the_frame_or_hear_its_token(stage: Stage) -> None:
    stage.till.files["/worker.js"] = ("text/javascript", WORKER)
    await stage.shows("tile", until="", more=SPY)
    await stage.browser.evaluate(
        "navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready.then(() => 0))"
    )
    async with stage.browser.expect_response(lambda answer: answer.url.endswith("/token") and answer.ok) as exchanged:
        await stage.browser.reload()
    token = (await (await exchanged.value).json())["access_token"]
    await stage.hears("ready")
    inside = "document.querySelector('restock-tile').shadowRoot.querySelector('iframe').contentWindow"
    for reach in ("document", "restock", "localStorage", "fetch"):
        with pytest.raises(Error, match="cross-origin"):
            await stage.browser.evaluate(f"String({inside}.{reach})")
    await stage.browser.wait_for_function("caught.some((line) => line.includes(location.origin + '/restock-session'))")
    caught = " ".join(await stage.browser.evaluate("caught"))
    assert '"size"' in caught, "the spies do their work"
    assert token not in caught
    assert "/widget/v1/token" not in caught
    assert "/v1/merchants" not in caught
    assert await stage.browser.context.storage_state() == {"cookies": [], "origins": []}


async def test_nothing_a_page_says_or_does_to_the_frame_presses_anything(stage: Stage) -> None:
    before = await stage.borrowed()
    await stage.shows("tile", "offer")
    await stage.hears("ready", 2)
    await stage.browser.evaluate(
        """() => {
          for (const one of document.querySelectorAll("restock-tile, restock-offer")) {
            const frame = one.shadowRoot.querySelector("iframe");
            for (const target of [one, frame]) {
              for (const type of ["click", "pointerdown", "pointerup", "keydown", "submit"])
                target.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
              target.click();
            }
            const { contentWindow } = frame;
            let deep = {};
            for (let level = 0; level < 500; level += 1) deep = { deep };
            const looped = { restock: 1, type: "look" };
            looped.theme = looped;
            const open = { restock: 1, type: "open", component: "offer", locale: "en", theme: {} };
            for (const data of [
              null, 5, "confirm", [], deep, looped, { restock: 1 }, { restock: 1, type: "confirm" },
              { restock: 1, type: "click", selector: "button" }, { restock: 1, type: "event", name: "confirmed" },
              { restock: 1, type: "eval", code: "document.querySelector('button').click()" },
              { ...open, client_secret: "x".repeat(5_000_000) }, { ...open, client_secret: { toString: "x" } },
              { ...open, client_secret: "x", component: "constructor" },
              { restock: 1, type: "look", locale: deep, theme: { font: "x;}*{display:none}", radius: 1e9 } },
              new Uint8Array(5_000_000), new Map([["restock", 1]]),
            ]) contentWindow.postMessage(data, "*");
            contentWindow.postMessage({ restock: 1, type: "look", locale: "zh-CN", theme: {} }, "*");
          }
        }"""
    )
    await stage.frame(1).locator("restock-app[lang=zh-CN]").wait_for()
    await expect(stage.frame().get_by_role("button").first).to_be_visible()
    assert {"step", "confirmed", "error"}.isdisjoint(await names(stage))
    assert await stage.borrowed() == before


async def test_a_replayed_secret_opens_nothing_and_the_frame_goes_on_under_a_new_one(stage: Stage) -> None:
    await stage.shows("tile")
    (made,) = stage.made
    assert await stage.exchanged(made["client_secret"]) == "invalid_grant"
    await stage.frame().evaluate("document.querySelector('restock-app').refresh()")
    await expect(stage.frame().get_by_role("button")).to_be_visible()
    assert len(stage.made) == 2, "whoever replays a secret ends the token it brought"
    assert "error" not in await names(stage)


async def test_a_component_that_the_session_is_not_for_is_not_shown(stage: Stage) -> None:
    stage.components = ("tile",)
    await stage.shows("offer", until="error")
    assert (await stage.hears("error"))[0] == {"code": "component_not_in_session"}
    assert await stage.frame().get_by_role("button", name="Confirm").count() == 0


async def test_a_page_that_presses_for_the_merchant_borrows_nothing(stage: Stage) -> None:
    before = await stage.borrowed()
    await stage.shows("offer", until="quote")
    box = await stage.frame().get_by_role("button", name=BORROWS).bounding_box()
    assert box is not None
    await stage.browser.evaluate(
        """({ x, y }) => {
          const frame = document.querySelector("restock-offer").shadowRoot.querySelector("iframe");
          const at = { clientX: x, clientY: y, bubbles: true, composed: true, view: window };
          for (const target of [frame, document.elementFromPoint(x, y), frame.contentWindow.parent, window]) {
            if (!target) continue;
            for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"])
              target.dispatchEvent(new MouseEvent(type, at));
            for (const key of ["Enter", " "]) target.dispatchEvent(new KeyboardEvent("keydown", { ...at, key }));
          }
          frame.focus();
          frame.contentWindow.focus();
          frame.contentWindow.postMessage({ restock: 1, type: "confirm" }, "*");
        }""",
        {"x": box["x"] + 10, "y": box["y"] + 10},
    )
    await stage.browser.evaluate("restock.then((one) => one.update({ locale: 'zh-CN' }))")
    await stage.frame().locator("restock-app[lang=zh-CN]").wait_for()
    assert await stage.borrowed() == before
    assert await stage.browser.evaluate("heard.some(([, name]) => name === 'confirmed')") is False
