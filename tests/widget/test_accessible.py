"""Every state of the widget by axe in every look in `make soak`; in the suite every other one, looks taking turns."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browsers import chromium, opened
from tests.widget import stage as stages
from tests.widget.states import LOOKS, STATES, shown

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.shops import Shop

__all__ = ("chromium",)
pytestmark = pytest.mark.anyio
AXE = Path(__file__).parents[2] / "sdk_js" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
NOT_A_PAGE = ("page-has-heading-one",)
"""The frame is a part of a page, whose own headings stand around it."""
TURNS = [(state, LOOKS[number % len(LOOKS)]) for number, state in enumerate(STATES[::2])]


async def faults(shop: Shop, browser: Browser, turns: list[Any]) -> list[str]:
    """What axe finds, and what does not fit into the width."""
    found = []
    async with opened(browser) as page, stages.set_up(shop, page) as stage:
        for state, look in turns:
            at = f"{state.component} {state.name} {' '.join(map(str, look))}"
            try:
                frame = await shown(stage, state, look)
            except TimeoutError:
                found.append(f"{at}: never shown")
                continue
            await frame.evaluate(AXE.read_text(encoding="utf-8"))
            rules = json.dumps(RULES | {"rules": {rule: {"enabled": False} for rule in NOT_A_PAGE}})
            result = await frame.evaluate(f"axe.run(document, {rules})")
            found += [
                f"{at}: {fault['id']} {node['target']} {node['failureSummary']}"
                for fault in result["violations"]
                for node in fault["nodes"]
            ]
            wide = await frame.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            found += [f"{at}: {wide[0]} px in {wide[1]}"] if wide[0] > wide[1] else []
    return found


async def test_axe_finds_nothing_in_every_other_state(shop: Shop, chromium: Browser) -> None:
    assert await faults(shop, chromium, TURNS) == []


@pytest.mark.soak
async def test_axe_finds_nothing_in_any_state_in_any_look(shop: Shop, chromium: Browser) -> None:
    assert await faults(shop, chromium, list(product(STATES, LOOKS))) == []
