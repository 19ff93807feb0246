"""docs/connect-a-pos.md: its Python runs in order as it stands. And what it and its neighbour name is there."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from gateway.demo import owner
from gateway.domain.event_catalogue import EVENTS
from gateway.domain.tiers import Tier
from gateway.domain.widget_sessions import Component, NewSession
from gateway.usecases import clients
from restock import Key, Restock
from tests import served
from tests.house import files

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (files.ROOT / "docs" / "connect-a-pos.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.anyio
async def test_its_python_runs_as_it_stands(tmp_path: Path) -> None:
    key = Key.new()
    async with served.live(tmp_path) as world:
        made = await clients.create(world, name="Till", jwks=json.dumps(key.jwks()).encode(), tier=Tier.settled)
        with Restock(world.settings.issuer, made.id, key) as till:
            known: dict[str, Any] = {"till": till}
            for block in BLOCKS:
                if "redeem(" in block:
                    async with httpx.AsyncClient(base_url=world.settings.issuer, trust_env=False) as browser:
                        known["code"] = await owner.agree(browser, known["asked"].url)
                await asyncio.to_thread(exec, compile(block, "connect-a-pos.md", "exec"), known)
    assert known["granted"] == {"merchant_data", "offers", "drawdown", "repayment_collection"}
    assert known["offer"]["state"] == "open"
    assert known["offer"]["available_amount"] > 0


def test_it_names_events_that_there_are() -> None:
    section = PAGE.split("What to listen to:")[1].split("## ")[0]
    named = re.findall(r"`((?:offer|consent|sales|drawdown|repayment|health|webhook)\.[a-z_]+)`", section)
    assert len(named) >= 10
    assert set(named) <= {kind.name for kind in EVENTS.values()}


def test_the_widgets_guide_asks_for_a_session_as_it_is_asked_for_and_names_every_component() -> None:
    text = (files.ROOT / "docs" / "embed-the-widget.md").read_text(encoding="utf-8")
    body = text.split("POST /v1/widget/sessions")[1].split("```")[0]
    asked = msgspec.json.decode(body.replace("mer_…", "mer_1"), type=NewSession)
    assert asked.components == [Component.tile, Component.offer]
    assert re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE) == ["tile", "offer", "manage", "consents"]
    assert set(Component) == {"tile", "offer", "manage", "consents"}
