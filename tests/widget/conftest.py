from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browsers import chromium, page  # noqa: F401 - fixtures
from tests.widget import stage as stages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

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


@pytest.fixture
async def own_stage(tmp_path: Path, bank_url: str, page: Page) -> AsyncIterator[Stage]:  # noqa: F811
    """With a shop of the test's own: what it borrows, and what its bank does, no other test sees."""
    async with stages.shop_at(tmp_path, bank_url) as shop, stages.set_up(shop, page) as ready:
        yield ready
