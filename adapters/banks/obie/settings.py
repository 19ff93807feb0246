"""What an operator chooses for a UK bank, and what the adapter needs of the world besides the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from adapters.banks.obie.wire.orders import VrpKind

if TYPE_CHECKING:
    from datetime import datetime


class ObieSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the bank is, who we are to it, and by which keys both sides sign.

    Addresses end without a slash: `payments_url` in `…/open-banking/v4.0/pisp`, `events_url` in `…/open-banking/v4.0`,
    None where the bank offers no events to be fetched. `signing_key` is our private key (PEM, a secret), `bank_keys`
    the bank's public ones by `kid`. `encoded` False signs as version 3.1.3 and older did. `vrp` None = it only pays
    out; `most_amounts` is the most that one debit may take, in minor units by currency, where the contract says so.
    """

    payments_url: str
    client_id: str
    issuer: str
    kid: str
    signing_key: str
    bank_issuer: str
    bank_keys: dict[str, str]
    events_url: str | None = None
    trust_anchor: str = "openbanking.org.uk"
    encoded: bool = True
    local_instrument: str | None = None
    vrp: VrpKind | None = None
    currencies: frozenset[str] = frozenset({"GBP"})
    most_amounts: dict[str, int] = {}


class Access(Protocol):
    """How we are let in; where tokens come from and how long they last is not the adapter's to know.

    Both raise `Unreachable` when whoever gives tokens cannot be asked.
    """

    async def client_token(self, refused: str | None = None) -> str:
        """An access token of the client-credentials grant, scope `payments`; never `refused`, which was turned away."""

    async def authorise(self, consent_id: str) -> str | None:
        """The access token that the account's holder gave by agreeing to a consent.

        None = not given: nobody agreed yet, or somebody refused; the consent's status says which.
        """


class Taken(Protocol):
    """Counts what was collected already, so that a limit is kept before the bank has to refuse."""

    async def __call__(self, consent_id: str, start: datetime, end: datetime, but: str) -> int:
        """Minor units ordered under a standing consent in [start, end) and not refused, without the order `but`."""
