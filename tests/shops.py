"""A shop with two months of sales behind it and an offer in hand, at a gateway with a real bank."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.bank_ports import InboundMessage
from gateway.domain.ids import PREFIXES
from gateway.domain.money import Money
from gateway.domain.programmes import INVENTORY
from gateway.outbound import Outbound
from gateway.store import reading
from gateway.usecases import mailbox, verification, work
from tests import gateways

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    import httpx

    from gateway.bank_ports import Rail
    from gateway.usecases.verification import Verification
    from gateway.usecases.world import Bank
    from tests.gateways import Gateway, Partner

RAIL = "iso20022"
DAYS = 60
TAKINGS_AMOUNT = 50_000
"""What the shop sells on each day, in minor units."""


class Shop:
    """One merchant and the calls its till and its owner make."""

    def __init__(self, gateway: Gateway, partner: Partner, controls: MockBankControls) -> None:
        self.gateway, self.partner, self.world, self.bank = gateway, partner, gateway.world, controls
        self.id = ""
        self._currency = ""
        self._count = 0

    @property
    def lender(self) -> Bank:
        """The bank of its programme, as the gateway is connected to it."""
        return self.world.banks[INVENTORY.bank_id]

    @property
    def rail(self) -> Rail | None:
        """The rail to that bank; None while the line is down."""
        return self.lender.rails.get(RAIL)

    @rail.setter
    def rail(self, rail: Rail | None) -> None:
        self.lender.rails = {} if rail is None else {RAIL: rail}

    async def open(self, currency: str = "EUR", takings_amount: int = TAKINGS_AMOUNT) -> None:
        """Found the shop in UTC, push its past and close its last day."""
        self._currency = currency
        shop = {"legal_name": "Corner Bakery", "country": "NL", "currency": currency, "timezone": "UTC"}
        self.id = (await self.partner.done("/v1/merchants", shop))["id"]
        now = self.world.clock.now()
        past = [self._row("sale", takings_amount, now - timedelta(days=back)) for back in range(DAYS, 0, -1)]
        await self.partner.done(f"/v1/merchants/{self.id}/sales", past)
        await self.close(1)

    def _row(self, kind: str, amount: int, at: datetime) -> dict[str, Any]:
        self._count += 1
        row = {"sale_id": f"{self.id}-{self._count}", "kind": kind, "occurred_at": at.isoformat()}
        return row | {"amount": amount, "currency": self._currency}

    async def sell(self, amount: int = TAKINGS_AMOUNT, kind: str = "sale", days_ago: int = 0) -> dict[str, Any]:
        """One sale (or refund) at this moment of the business clock, or so many days earlier."""
        at = self.world.clock.now() - timedelta(days=days_ago)
        return await self.partner.done(f"/v1/merchants/{self.id}/sales", [self._row(kind, amount, at)])

    async def close(self, days_ago: int = 0) -> dict[str, Any]:
        """Close the business day."""
        on = (self.world.clock.now() - timedelta(days=days_ago)).date()
        return await self.partner.done(f"/v1/merchants/{self.id}/days/{on}/close", {})

    async def offer(self) -> dict[str, Any]:
        """The current offer."""
        return await self.partner.seen(f"/v1/merchants/{self.id}/offer")

    async def quote(self, amount: int | None = None) -> dict[str, Any]:
        """A quote of `amount`, by default a quarter of what is available."""
        offer = await self.offer()
        if amount is None:
            amount = max(1, offer["available_amount"] // 4 // offer["step_amount"]) * offer["step_amount"]
        return await self.partner.done("/v1/quotes", {"offer_id": offer["id"], "amount": amount})

    async def propose(self, quote: dict[str, Any] | None = None) -> dict[str, Any]:
        """A drawdown that waits for the click."""
        quote = quote or await self.quote()
        body = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
        proposed = await self.partner.done("/v1/drawdowns", body)
        return proposed | {"terms_hash": quote["terms_hash"]}

    async def confirm(self, proposed: dict[str, Any]) -> httpx.Response:
        """The click."""
        path = f"/v1/sandbox/drawdowns/{proposed['id']}/confirm"
        return await self.partner.post(path, {"terms_hash": proposed["terms_hash"]})

    async def draw(self, amount: int | None = None) -> str:
        """Quote, propose and confirm; the drawdown's id. Nothing was sent yet: that is the worker's."""
        proposed = await self.propose(await self.quote(amount))
        assert (await self.confirm(proposed)).is_success
        drawdown_id: str = proposed["id"]
        return drawdown_id

    async def drawdown(self, drawdown_id: str) -> dict[str, Any]:
        """As the API shows it."""
        return await self.partner.seen(f"/v1/drawdowns/{drawdown_id}")

    async def reaches(self, drawdown_id: str, state: str) -> None:
        """Wait until somebody else's work has brought a drawdown to a state."""
        async with asyncio.timeout(60):
            for pause in itertools.repeat(0.01):
                if (await self.drawdown(drawdown_id))["state"] == state:
                    return
                await asyncio.sleep(pause)

    async def repayments(self, drawdown_id: str) -> list[dict[str, Any]]:
        """All of a drawdown's repayments."""
        page = await self.partner.seen(f"/v1/drawdowns/{drawdown_id}/repayments", limit=100)
        found: list[dict[str, Any]] = page["data"]
        return found

    async def work(self) -> None:
        """Do all that is due."""
        await work.drain(self.world)

    async def live(self, days: int = 1, amount: int = TAKINGS_AMOUNT) -> None:
        """Sell, close, and let the night pass, for so many days."""
        for _ in range(days):
            if amount:
                await self.sell(amount)
            await self.close()
            await self.pass_days(1)

    async def pass_days(self, days: int) -> None:
        """Move gateway and bank on."""
        await self.partner.done("/v1/sandbox/clock/advance", {"days": days})

    async def states(self, noun_id: str) -> list[str]:
        """Every state one noun's events tell, in the log's order."""
        found: list[str] = []
        after = 0
        while page := (await self.partner.seen("/v1/events", after=after, limit=100))["data"]:
            for event in page:
                noun, verb = event["type"].split(".")
                if event["data"]["id"] == noun_id and noun_id.startswith(PREFIXES.get(noun, "-")):
                    found.append(verb)
            after = page[-1]["position"]
        return found

    async def parked(self) -> list[str]:
        """The problems of messages that wait for a person."""
        return [row[2] for row in await self.messages() if row[1] == "parked"]

    async def messages(self) -> list[tuple[str, str, str]]:
        """(message id, state, problem) of every bank message."""
        return await rows(self.world.settings.database_url, "SELECT message_id, state, problem FROM bank_messages")

    async def hear(self, body: bytes, message_id: str) -> None:
        """Take in a message as if the bank had sent it, and work."""
        await mailbox.keep(self.world, self.lender, RAIL, [InboundMessage(message_id, body)])
        await self.work()

    async def heard(self, about: str, kind: str) -> list[bytes]:
        """The raw messages of a kind (`camt.054`) that name a payment, as they came."""
        bodies = []
        query = "SELECT message_id, body FROM bank_messages ORDER BY received_at, message_id"
        for message_id, sealed in await rows(self.world.settings.database_url, query):
            body = self.world.vault.unseal(sealed, message_id)
            if kind.encode() in body and about.encode() in body:
                bodies.append(body)
        return bodies

    async def verify(self) -> Verification:
        """What `gateway verify` says."""
        return await verification.verify(self.world.store)

    async def sent(self, drawdown_id: str) -> int:
        """How many payouts of a drawdown the bank took, by its own books."""
        reference = drawdown_id.replace("_", "").upper()
        return sum(payment.end_to_end_id == reference for payment in await self.bank.payments())

    async def pay_to(self, iban: str) -> None:
        """Give the merchant another payout account."""
        sealed = self.world.vault.seal(iban.encode(), self.id)
        statement = "UPDATE merchants SET payout_account = ?1 WHERE id = ?2"
        url = self.world.settings.database_url
        await execute(url, statement if url.startswith("sqlite") else statement.replace("?", "$"), sealed, self.id)


@asynccontextmanager
async def opened(
    database_url: str,
    folder: Path,
    bank_url: str | None,
    *,
    at: str | None = None,
    currency: str = "EUR",
    takings_amount: int = TAKINGS_AMOUNT,
) -> AsyncIterator[Shop]:
    """A shop at a fresh gateway and a fresh bank; `at` is the bank's address as the gateway sees it (a bad line)."""
    async with Outbound() as outbound:
        controls = MockBankControls(bank_url or "", outbound)
        if bank_url:
            await controls.reset()
            await controls.set_balance("ACME", Money(10**12, currency))
        async with gateways.start(database_url, folder, bank_url=at or bank_url) as gateway:
            if at is not None:
                gateway.world.banks[INVENTORY.bank_id].clock = controls
            shop = Shop(gateway, await gateway.partner(), controls)
            await shop.open(currency, takings_amount)
            yield shop


async def rows(database_url: str, query: str) -> list[Any]:
    """Look into a database from outside the gateway."""
    if database_url.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(query).fetchall()
    postgres = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await postgres.fetch(query)]
    finally:
        await postgres.close()


async def execute(database_url: str, statement: str, *values: Any) -> None:
    """Change a database behind the gateway's back."""
    if database_url.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute(statement, values)
        return
    postgres = await asyncpg.connect(database_url)
    try:
        await postgres.execute(statement, *values)
    finally:
        await postgres.close()


@asynccontextmanager
async def holding(database_url: str, query: str) -> AsyncIterator[None]:
    """Keep the rows of a query from being changed, on PostgreSQL; an SQLite file has no locks of rows."""
    if database_url.startswith("sqlite:///"):
        yield
        return
    postgres = await asyncpg.connect(database_url)
    try:
        async with postgres.transaction():
            await postgres.fetch(f"{query} FOR UPDATE")
            yield
    finally:
        await postgres.close()


async def verified(database_url: str) -> Verification:
    """What `gateway verify` says of a database nobody has open."""
    async with reading(database_url) as reader:
        return await verification.verify(reader)
