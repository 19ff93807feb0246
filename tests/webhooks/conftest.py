"""Gateways without a bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import gateways
from tests.standing import own_gateway, site  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateways import Gateway


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Gateway]:
    """Of the test's own, on SQLite: where a clock is moved and the engine does not matter."""
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path) as started:
        yield started
