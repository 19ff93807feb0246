"""Fixtures: gateways that stand for a whole module, where tests leave the clock alone, and one of a test's own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests import gateways, postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateways import Gateway


@asynccontextmanager
async def _on_sqlite(folder: Path) -> AsyncIterator[Gateway]:
    async with gateways.start(f"sqlite:///{folder / 'restock.db'}", folder) as started:
        yield started


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """For a whole module, on SQLite: where the database does not matter."""
    async with _on_sqlite(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """For a whole module, once on each engine."""
    folder = tmp_path_factory.mktemp("gateway")
    if request.param == "sqlite":
        async with _on_sqlite(folder) as started:
            yield started
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = server.create(request.getfixturevalue("postgres_schema"))
    async with gateways.start(server.url(name), folder) as started:
        yield started
    server.drop(name)


@pytest.fixture
async def own_gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Of the test's own, once on each engine: its clock may be moved."""
    async with gateways.start(database_url, tmp_path) as started:
        yield started
