"""Fixtures: a real bank for the whole run, and a shop at it, on SQLite or on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.demo.bank_process import start_mock_bank
from tests import shops
from tests.banks import CLOCK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.shops import Shop


@pytest.fixture(scope="session")
def bank_url() -> Iterator[str]:
    """One bank process; `tests.shops.opened` makes a new bank of it for each test."""
    with start_mock_bank(CLOCK) as process:
        yield process.base_url


@pytest.fixture
async def shop(tmp_path: Path, bank_url: str) -> AsyncIterator[Shop]:
    """On SQLite: for what the bank says."""
    async with shops.opened(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path, bank_url) as opened:
        yield opened


@pytest.fixture
async def shop_on_both(database_url: str, tmp_path: Path, bank_url: str) -> AsyncIterator[Shop]:
    """On both engines: for what the database must guard."""
    async with shops.opened(database_url, tmp_path, bank_url) as opened:
        yield opened
