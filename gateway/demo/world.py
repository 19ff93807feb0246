"""Everything the demo needs to happen in: an independent bank, a gateway with a fresh database, a partner's client."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

from gateway.demo import bank_process, gateway_process, steps
from gateway.demo.keys import SigningKey
from gateway.demo.partner import Partner
from gateway.domain.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime

_TIMEOUT_SECONDS = 60
_FUNDING_ACCOUNT = "ACME"
"""The mock bank's own id of its first account, NL41MOCK0000000001: what the gateway pays drawdowns from by default."""
_FUNDS_AMOUNT = 10**14


class FolderInUse(Conflict):
    """The folder to keep the demo in is there already; a demo never writes over anything."""

    code = "folder_in_use"
    title = "The folder exists already"


class World(NamedTuple):
    """Where the gateway lives, and the one client that is registered there, with its key."""

    place: gateway_process.Place
    client_id: str
    key: SigningKey

    @contextlib.asynccontextmanager
    async def partner(self) -> AsyncIterator[Partner]:
        """That client, calling."""
        base_url = self.place.base_url
        async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=_TIMEOUT_SECONDS) as http:
            yield Partner(http, self.client_id, self.key, base_url)


@contextlib.asynccontextmanager
async def start(
    keep: Path | None, starts_at: datetime, currency: str, name: str, say: Callable[[steps.Step], None]
) -> AsyncIterator[World]:
    """Start the bank, its money in `currency`, and the gateway, both clocks at `starts_at`; both stopped on leaving.

    `name` is whose client is registered.

    The database lives in the new folder `keep`, or in one that is removed on leaving. Raises FolderInUse,
    BankDidNotStart, GatewayDidNotStart or CommandFailed.
    """
    with _folder(keep) as folder, bank_process.start_mock_bank(f"{starts_at:%Y-%m-%dT%H:%M}") as bank:
        await _fund(bank.base_url, currency)
        place = gateway_process.choose_place(folder, bank.base_url, starts_at)
        key = SigningKey()
        client_id = await gateway_process.create_client(place, name, key.jwks())
        async with gateway_process.serve(place) as started_ms:
            docs_url = f"{place.base_url}/docs/api"
            ready = steps.Ready(
                gateway_url=place.base_url, docs_url=docs_url, bank_url=bank.base_url, started_ms=started_ms
            )
            say(ready)
            yield World(place, client_id, key)


async def _fund(bank_url: str, currency: str) -> None:
    """Keep the bank's funding account in the shop's currency, with more in it than any shop may draw."""
    path = f"{bank_url}/_mock/accounts/{_FUNDING_ACCOUNT}"
    async with httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS) as http:
        answer = await http.patch(path, json={"currency": currency, "balance": _FUNDS_AMOUNT})
    if not answer.is_success:
        raise bank_process.BankDidNotStart(f"the sandbox bank keeps no account in {currency}: {answer.text[:200]}")


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="restock-demo-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise FolderInUse(f"--keep {keep}: {error.strerror or 'cannot be made'}") from None
    yield keep.resolve()
