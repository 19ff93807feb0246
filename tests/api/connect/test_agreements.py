"""The pages of what was signed: read before and after, and a mandate ended by one click."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import mandates
from tests.api.connect.test_confirm import scene

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def test_it_is_read_before_and_after_signing_in_the_language_it_was_signed_in(shop: Shop) -> None:
    async with scene(shop) as at:
        page = (await at.see("zh")).text
        assert f"{at.there}/agreement" in page
        draft = (await at.browser.see(f"{at.there}/agreement?lang=zh")).text
        assert "存货借款协议" in draft
        await at.see("zh")
        fields = {"do": "confirm", "response": at.mine.device.on(at.browser.page)}
        assert (await at.browser.send(f"{at.there}?lang=zh", fields)).status_code == 303
        assert await at.state() == "requested"
        overview = (await at.browser.see("/connect/agreements?lang=en")).text
        assert "Sandbox Bank" in overview
        found = re.search(r"/connect/agreements/agr_\w+", overview)
        assert found is not None
        kept = (await at.browser.see(f"{found[0]}?lang=en")).text
    assert "存货借款协议" in kept
    hashes = [re.findall(r"\b[0-9a-f]{64}\b", text) for text in (draft, kept)]
    assert hashes[0] == hashes[1] != []


async def test_one_click_ends_a_mandate_and_pressing_again_does_no_harm(shop: Shop) -> None:
    async with scene(shop) as at:
        await at.see()
        await at.press()
        await shop.work()
        overview = (await at.browser.see("/connect/agreements?lang=en")).text
        assert "End this mandate" in overview
        found = re.search(r"mdt_\w+", overview)
        assert found is not None
        for _ in range(2):
            sent = await at.browser.send("/connect/agreements", {"do": "revoke", "id": found[0]})
            assert sent.status_code == 303
        after = (await at.browser.see("/connect/agreements?lang=en&done=revoked")).text
    assert "The mandate has ended" in after
    assert "End this mandate" not in after
    assert await mandates.usable(shop.world.store, shop.world, shop.id, shop.lender.id) is None


async def test_what_is_not_ones_own_is_not_there(shop: Shop) -> None:
    async with scene(shop) as at:
        for there in ("agr_01jc0000000000000000000000", "nonsense"):
            assert (await at.browser.see(f"/connect/agreements/{there}")).status_code == 404
        await at.browser.see("/connect/consents")
        sent = await at.browser.send("/connect/agreements", {"do": "revoke", "id": "mdt_01jc0000000000000000000000"})
        assert sent.status_code == 404
