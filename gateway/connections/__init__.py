"""The banks the settings connect: read from TOML, checked, put together. Beside `gateway.main` it alone knows adapters.

`entries` is the file's shape and what is wrong with one; `rails` makes the rails, `decisions` whoever decides loans.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from gateway import outbound
from gateway.connections import decisions, entries, rails
from gateway.connections.entries import BankEntry
from gateway.domain.programmes import INVENTORY
from gateway.outbound import Outbound
from gateway.settings import BadSettings
from gateway.usecases.world import Bank

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from gateway.connections.rails import Surroundings
    from gateway.domain.programmes import Programme
    from gateway.ports import Clock, Verification
    from gateway.settings import Settings

__all__ = ["check", "connected", "verification"]


@asynccontextmanager
async def connected(settings: Settings, around: Surroundings) -> AsyncIterator[dict[str, Bank]]:
    """Every bank by its id, its connections open; nothing is contacted yet. Raises BadSettings naming the key."""
    found = [_single(settings)] if settings.banks is None else entries.read(settings.banks)
    async with AsyncExitStack() as after:
        banks = {}
        for entry in found:
            if entry.id in banks:
                raise BadSettings(f"two banks have the id {entry.id}")
            client = await after.enter_async_context(_client(entry))
            with entries.naming(entry.id):
                banks[entry.id] = _bank(settings, entry, client, around)
        yield banks


@asynccontextmanager
async def verification(settings: Settings, clock: Clock) -> AsyncIterator[Verification | None]:
    """Who says who a merchant is: the KYB that is named, else the sandbox's rule; live, None without one."""
    from adapters.questions import Place  # noqa: PLC0415 - only what is connected is imported
    from adapters.verifications.http import HttpVerification  # noqa: PLC0415
    from adapters.verifications.sandbox import SandboxVerification  # noqa: PLC0415

    if settings.verification_url is None:
        yield SandboxVerification(clock) if settings.sandbox else None
        return
    async with Outbound() as client:
        yield HttpVerification(Place(settings.verification_url, settings.verification_bearer), client)


def check(banks: dict[str, Bank], programmes: Iterable[Programme]) -> None:
    """Raise BadSettings for a programme whose bank is not connected: nobody could lend by it, or collect."""
    for programme in programmes:
        if programme.bank_id not in banks:
            raise BadSettings(
                f"programme {programme.id} lends for {programme.bank_id}, which is not connected: add that bank to "
                f"GATEWAY_BANKS, or run `gateway programme withdraw {programme.id}`"
            )


def _bank(settings: Settings, entry: BankEntry, client: Outbound, around: Surroundings) -> Bank:
    made, polls = rails.connect(settings, entry, client, around)
    return Bank(
        entry.id,
        name=entry.name,
        account=entry.account,
        creditor_scheme_id=entry.creditor_scheme_id,
        rails=made,
        decision=decisions.connect(settings, entry.decision, client, around),
        clock=rails.clock(settings, entry, client),
        polls=polls,
    )


def _client(entry: BankEntry) -> Outbound:
    tls = entry.tls
    if tls is None:
        return Outbound()
    with entries.naming(f"{entry.id}, tls"):
        entries.check_private(tls.key_file)
        return Outbound(identity=outbound.identity(tls.certificate_file, tls.key_file, tls.authorities_file))


def _single(settings: Settings) -> BankEntry:
    """The bank that the single variables describe: ISO 20022 files over HTTP; without an address, the sandbox's own."""
    address = settings.bank_url
    rail: dict[str, Any] = {"kind": rails.BUILT_IN_BANK}
    if address is not None:
        rail = {"kind": "iso20022", "transport": {"kind": "http", "base_url": address}}
    return BankEntry(
        id=INVENTORY.bank_id,
        name=settings.bank_name,
        account=entries.AccountEntry(iban=settings.bank_account, bic=settings.bank_bic),
        creditor_scheme_id=settings.bank_creditor_id,
        decision={"kind": "sandbox"} if settings.sandbox else None,
        rails=[rail],
        clock_url=address if settings.sandbox else None,
    )
