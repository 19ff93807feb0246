"""A shop borrows and looks after its loan without a pointer: the keys Tab, arrows, Enter and Space alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.widget.stage import Stage

pytestmark = pytest.mark.anyio
MOST_TABS = 40
FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const ring = at && at !== document.body ? getComputedStyle(at) : null;
  const seen = ring && (ring.outlineStyle !== "none" || at.matches("input"));
  return at && { tag: at.localName, type: at.type ?? "", said: (at.ariaLabel ?? at.innerText ?? "").trim(), seen };
}"""


async def focused(stage: Stage) -> dict[str, object]:
    """What has the focus in the frame: its tag, its words, and whether one can see that it has it."""
    found: dict[str, object] = await stage.frame().evaluate(FOCUSED)
    return found


async def tab_to(stage: Stage, tag: str, said: str = "", kind: str = "") -> dict[str, object]:
    """Press Tab until this has the focus; everything on the way shows that it has it."""
    for _ in range(MOST_TABS):
        await stage.browser.keyboard.press("Tab")
        at = await focused(stage)
        if at["tag"] in {"button", "a", "summary"}:
            assert at["seen"], f"no ring around {at}"
        if at["tag"] == tag and at["type"] == (kind or at["type"]) and said in str(at["said"]):
            return at
    raise AssertionError(f"{tag} {said} was not reached by Tab")


async def test_a_sum_is_chosen_and_borrowed_by_keys_alone(own_stage: Stage) -> None:
    stage = own_stage
    await stage.shows("offer")
    before = await stage.borrowed()
    await stage.hears("quote")
    await tab_to(stage, "input", kind="range")
    slider = stage.frame().locator("input[type=range]")
    least = int(await slider.get_attribute("min") or 0)
    for key in ("Home", "ArrowRight"):
        await stage.browser.keyboard.press(key)
    chosen = int(await slider.input_value())
    assert chosen > least
    assert await slider.get_attribute("aria-valuetext"), "the sum is spoken, not a number of minor units"
    await stage.hears("quote", 2)
    await stage.frame().get_by_role("button", name="Sandbox Bank").and_(stage.frame().locator(":enabled")).wait_for()
    await tab_to(stage, "button", "Sandbox Bank")
    await stage.browser.keyboard.press("Enter")
    await stage.hears("confirmed")
    assert await stage.borrowed() == before + 1


async def test_a_loans_numbers_and_its_payoff_are_reached_by_keys_alone(own_stage: Stage) -> None:
    stage = own_stage
    await stage.shows("manage")
    await stage.frame().locator("summary").first.wait_for()
    await tab_to(stage, "summary")
    await stage.browser.keyboard.press("Enter")
    await stage.frame().get_by_role("table").first.wait_for()
    await tab_to(stage, "button", "Pay off now")
    await stage.browser.keyboard.press("Space")
    await expect(stage.frame().get_by_role("heading", name=re.compile("^Pay off"))).to_be_visible()
