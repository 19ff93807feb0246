"""The composition root: settings → ports → application. The sole importer of adapters."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.banks.iso20022.sandbox import MockBankControls
from gateway import scorer, vault
from gateway.api import drawdowns, events, merchants, metrics, oauth, offers, sales
from gateway.api import sandbox as sandbox_routes
from gateway.api.app import create_app
from gateway.domain.programmes import INVENTORY
from gateway.outbound import Outbound
from gateway.store import open_store, sql
from gateway.store.open import SQLITE
from gateway.usecases import days, sales as intake
from gateway.usecases.access import AccessTokens
from gateway.usecases.world import BusinessClock, RandomIds, SystemClock, World
from gateway.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Litestar
    from litestar.types import ControllerRouterHandler

    from gateway.domain.money import Money
    from gateway.ports import Clock
    from gateway.settings import Settings

ROUTES: tuple[ControllerRouterHandler, ...] = (
    *oauth.ROUTES, *merchants.ROUTES, *sales.ROUTES, *offers.ROUTES, *drawdowns.ROUTES, *events.ROUTES
)  # fmt: skip
SANDBOX_ROUTES: tuple[ControllerRouterHandler, ...] = (*drawdowns.SANDBOX_ROUTES, *sandbox_routes.ROUTES)


class SandboxLoanDecision:
    """The sandbox bank's own credit decision by rule: it lends what it was asked for."""

    async def decide(self, drawdown_id: str, amount: Money) -> bool:
        """Approve any positive amount."""
        return bool(drawdown_id) and amount.amount > 0


@asynccontextmanager
async def open_world(settings: Settings, *, system_clock: Clock | None = None) -> AsyncIterator[World]:
    """Everything the use cases need, open; closed again at the end."""
    clock = system_clock or SystemClock()
    models = scorer.load(settings.models_dir)
    keys = vault.load(settings)
    store = await open_store(settings.database_url, pool_count=settings.postgres_pool_count)
    outbound = Outbound()
    try:
        business = BusinessClock(clock)
        world = World(
            settings=settings,
            store=store,
            clock=business,
            system_clock=clock,
            ids=RandomIds(clock),
            scorer=models,
            vault=keys,
            programme=INVENTORY,
            loan_decision=SandboxLoanDecision(),
            bank=Iso20022Bank(Iso20022Settings(settings.bank_url), outbound) if settings.bank_url else None,
            bank_clock=MockBankControls(settings.bank_url, outbound) if settings.bank_url and settings.sandbox else None,
            tokens=AccessTokens(store, clock, kept=settings.database_url.startswith(SQLITE)),
        )
        world.intake, world.closing = intake.lane(world), days.lane(world)
        await _start_clock(world)
        yield world
    finally:
        await outbound.aclose()
        await store.close()


async def _start_clock(world: World) -> None:
    """Take over the stored business clock; a fresh sandbox starts it where the settings say."""
    starts_at = world.settings.clock_starts_at
    if starts_at is not None and await world.store.one(sql.clock.ahead) is None:
        await world.clock.set(world.store, starts_at)
    await world.clock.load(world.store)


def application(world: World) -> Litestar:
    """The HTTP application of an open world; on SQLite its worker runs inside."""
    registry = metrics.Registry()
    registry.gauge("restock_writes_waiting", "Writes waiting for a commit.", world.store.waiting_count)

    @asynccontextmanager
    async def working(_app: Litestar) -> AsyncIterator[None]:
        if not world.settings.database_url.startswith(SQLITE):
            yield
            return
        worker = Worker(world)
        task = asyncio.create_task(worker.run(), name="worker")
        try:
            yield
        finally:
            worker.stop()
            await task

    routes = [*ROUTES, *SANDBOX_ROUTES] if world.settings.sandbox else list(ROUTES)
    return create_app(
        world, routes, lifespan=[working], checks={"database": lambda: world.store.one(sql.clock.ahead)},
        registry=registry,
    )  # fmt: skip
