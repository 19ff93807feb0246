"""Fixtures for everybody: the event loop, fresh databases on both engines, the shared test material."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import databases, postgres
from tests.shop_fixtures import bank_url, shop, shop_on_both  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator

# Two slow cores must not turn a good example into a failure: no deadlines.
_SLOW_IS_FINE = [HealthCheck.too_slow]
settings.register_profile("dev", deadline=None, suppress_health_check=_SLOW_IS_FINE)
# The same examples in every run: a submission never fails for what another one broke.
settings.register_profile("ci", deadline=None, suppress_health_check=_SLOW_IS_FINE, derandomize=True, print_blob=True)
settings.register_profile("soak", deadline=None, suppress_health_check=_SLOW_IS_FINE, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


_LONG = {"demo", "journeys", "onnx_models", "simulation"}
"""Folders whose files hold few tests that take long."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the files (see the Makefile), long ones come first: none is begun when all else is done."""
    if hasattr(config, "workerinput"):
        counts = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path.parent.name not in _LONG, -counts[item.path]))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of the tests marked anyio."""
    return "asyncio"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Files nobody here wrote: published schemas, banks' samples, real receipts."""
    folder = os.environ.get("RESTOCK_SHARED")
    if not folder:
        pytest.skip("RESTOCK_SHARED is not set: the shared test material is not here")
    return Path(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One PostgreSQL for the whole run."""
    with postgres.serve() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: postgres.Server) -> str:
    """The server's own database, for tests that only need somebody to answer."""
    return postgres_server.url("postgres")


@pytest.fixture(scope="session")
def postgres_schema(postgres_server: postgres.Server) -> str:
    """The name of a database with this version's schema and nothing in it, to be copied."""
    name = postgres_server.create()
    databases.migrate(postgres_server.url(name))
    return name


@pytest.fixture
def fresh_postgres_url(postgres_server: postgres.Server, postgres_schema: str) -> Iterator[str]:
    """A database of the test's own, with this version's schema."""
    name = postgres_server.create(postgres_schema)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def empty_postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """An empty database of the test's own."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own, with this version's schema, once on each engine."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'restock.db'}"
        databases.lay(url)
        return url
    return str(request.getfixturevalue("fresh_postgres_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the test's own, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'restock.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))
