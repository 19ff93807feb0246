from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import gateways
from tests.oauth import relying_party
from tests.oauth.scene import Scene, open_scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateways import Gateway
    from tests.oauth.relying_party import RelyingParty


@pytest.fixture
async def scene(database_url: str, anyio_backend: str) -> AsyncIterator[Scene]:
    async with open_scene(database_url) as scene:
        yield scene


@pytest.fixture
async def gateway(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Gateway]:
    """The whole application, on SQLite."""
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path) as gateway:
        yield gateway


@pytest.fixture
async def party(gateway: Gateway) -> RelyingParty:
    """A client of it."""
    return await relying_party.register(gateway)


@pytest.fixture
async def either_gateway(database_url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Gateway]:
    """The whole application, once on each engine."""
    async with gateways.start(database_url, tmp_path) as gateway:
        yield gateway


@pytest.fixture
async def either_party(either_gateway: Gateway) -> RelyingParty:
    """A client of it."""
    return await relying_party.register(either_gateway)
