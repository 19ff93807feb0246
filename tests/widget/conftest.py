from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browsers import chromium, page  # noqa: F401 - fixtures
from tests.widget import stage as stages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

    from tests.shops import Shop
    from tests.widget.stage import Stage


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, bank_url: str) -> AsyncIterator[Shop]:
    """One for a module's tests."""
    async with stages.shop_at(tmp_path_factory.mktemp("shop"), bank_url) as opened:
        yield opened


@pytest.fixture
async def stage(shop: Shop, page: Page) -> AsyncIterator[Stage]:  # noqa: F811
    async with stages.set_up(shop, page) as ready:
        yield ready
