"""The composition root: settings → ports → application. The sole importer of adapters."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from adapters.calendars import BankingCalendars
from adapters.notifiers.outbox import Outbox
from adapters.sources.shopify.client import Shopify
from adapters.sources.shopify.simulated import SimulatedShopify
from adapters.sources.square.client import Square
from adapters.sources.square.simulated import SimulatedSquare
from adapters.sources.stripe.client import Stripe
from adapters.sources.stripe.simulated import SimulatedStripe
from gateway import connections, scorer, vault
from gateway.api import (
    agreements,
    arrangements,
    authorities,
    authorization,
    changes,
    connect,
    consents,
    data,
    drawdowns,
    events,
    fast_lane,
    grants,
    inbound,
    loan_statements,
    mandates,
    merchants,
    metrics,
    oauth,
    offers,
    parties,
    peers,
    progress,
    remittances,
    repayments,
    reviews,
    sales,
    schedules,
    sources,
    streams,
    summaries,
    webhooks,
    widget,
)
from gateway.api import connections as connection_routes
from gateway.api import notices as notice_routes
from gateway.api import sandbox as sandbox_routes
from gateway.api.app import Application, create_app
from gateway.connections.rails import Surroundings
from gateway.domain.banks import Health
from gateway.domain.programmes import INVENTORY
from gateway.outbound.guarded import Guarded
from gateway.store import open_store, sql
from gateway.usecases import days, messages, openness, programmes, proofs, sandbox_banks, standing
from gateway.usecases import models as governing
from gateway.usecases import sales as intake
from gateway.usecases.access import AccessTokens
from gateway.usecases.page_origins import PageOrigins
from gateway.usecases.world import BusinessClock, RandomIds, SystemClock, World
from gateway.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from gateway.ports import Clock
    from gateway.scorer import OnnxScorer
    from gateway.settings import Settings
    from gateway.source_ports import Platform, SimulatedPlatform

ROUTES = (
    *oauth.ROUTES, *merchants.ROUTES, *authorities.ROUTES, *sales.ROUTES, *data.ROUTES, *parties.ROUTES,
    *offers.ROUTES, *reviews.ROUTES,
    *notice_routes.ROUTES, *peers.ROUTES, *drawdowns.ROUTES, *repayments.ROUTES, *remittances.ROUTES, *mandates.ROUTES,
    *agreements.ROUTES, *schedules.ROUTES, *progress.ROUTES, *arrangements.ROUTES,
    *loan_statements.ROUTES, *events.ROUTES, *webhooks.ROUTES,
    *authorization.ROUTES, *grants.ROUTES, *changes.ROUTES, *connect.ROUTES, *widget.ROUTES, *streams.ROUTES,
    *consents.ROUTES,
    *inbound.ROUTES, *connection_routes.ROUTES, *sources.ROUTES, *summaries.ROUTES,
)  # fmt: skip
PLATFORMS: tuple[Platform, ...] = (Square(), Shopify(), Stripe())
SIMULATED: tuple[SimulatedPlatform, ...] = (SimulatedSquare(), SimulatedShopify(), SimulatedStripe())
SANDBOX_ROUTES = (*drawdowns.SANDBOX_ROUTES, *sandbox_routes.ROUTES, *connect.SANDBOX_ROUTES)


@asynccontextmanager
async def open_world(
    settings: Settings, *, system_clock: Clock | None = None, models: Awaitable[OnnxScorer] | None = None
) -> AsyncIterator[World]:
    """Everything the use cases need, open; closed again at the end. `models` may be on their way already."""
    clock = system_clock or SystemClock()
    loaded = scorer.load(settings.models_dir) if models is None else await models
    governing.tell(loaded)
    keys = vault.load(settings)
    store = await open_store(settings.database_url, pool_count=settings.postgres_pool_count)
    business, calendars = BusinessClock(clock), BankingCalendars()
    around = Surroundings(
        business, clock, calendars, partial(standing.taken, store),
        desk=partial(sandbox_banks.Desk, store), decides=partial(sandbox_banks.decides, store),
    )  # fmt: skip
    async with AsyncExitStack() as after:
        after.push_async_callback(store.close)
        banks = await after.enter_async_context(connections.connected(settings, around))
        world = World(
            settings=settings,
            store=store,
            clock=business,
            system_clock=clock,
            ids=RandomIds(clock),
            scorer=loaded,
            vault=keys,
            programme=INVENTORY,
            banks=banks,
            calendars=calendars,
            tokens=AccessTokens(
                store, clock, kept=not settings.shared_database, proofs=proofs.at(settings, store, clock, keys.derive)
            ),
        )
        world.intake, world.closing = intake.lane(world), days.lane(world)
        world.verification = await after.enter_async_context(connections.verification(settings, business))
        strangers = Guarded(sandbox=settings.sandbox)
        after.callback(strangers.close)
        world.strangers = strangers
        world.platforms = {platform.name: platform for platform in PLATFORMS}
        world.simulated = {platform.name: platform for platform in SIMULATED} if settings.sandbox else {}
        world.notifier = Outbox(partial(messages.keep, world)) if settings.sandbox else None
        await _start_clock(world)
        world.follows += [governing.follow, programmes.follow, openness.follow]
        await world.keep_up()
        yield world


async def _start_clock(world: World) -> None:
    """Take over the stored business clock; a fresh sandbox starts it where the settings say."""
    starts_at = world.settings.clock_starts_at
    if starts_at is not None and await world.store.one(sql.clock.ahead) is None:
        await world.clock.set(world.store, starts_at)
    await world.clock.load(world.store)


def _banks_open(world: World) -> dict[tuple[tuple[str, str], ...], float]:
    return {(("bank", bank_id),): health == Health.open for bank_id, health in openness.standing(world).items()}


def application(world: World) -> Application:
    """The HTTP application of an open world; on SQLite its worker runs inside."""
    connections.check(world.banks, world.programmes)
    registry = metrics.Registry()
    registry.gauge("restock_writes_waiting", "Writes waiting for a commit.", world.store.waiting_count)

    registry.gauge("restock_streams_open", "Streams of events to widgets.", world.streams.count)
    registry.gauge("restock_bank_open", "Whether a bank answers and nobody stopped it.", partial(_banks_open, world))

    @asynccontextmanager
    async def working(_app: Application) -> AsyncIterator[None]:
        if world.settings.shared_database:
            yield
            return
        worker = Worker(world)
        task = asyncio.create_task(worker.run(), name="worker")
        try:
            yield
        finally:
            worker.stop()
            await task

    async def database() -> None:
        await world.store.one(sql.clock.ahead)

    routes = [*ROUTES, *SANDBOX_ROUTES] if world.settings.sandbox else list(ROUTES)
    return create_app(
        world, routes, lifespan=[working], checks={"database": database}, registry=registry,
        banks=partial(openness.healths, world), front=lambda app: fast_lane.FastLane(app, world),
        on_drain=world.streams.drain, may_call=PageOrigins(world).may_call,
    )  # fmt: skip
