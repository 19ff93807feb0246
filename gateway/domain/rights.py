"""Rights: what a token lets its bearer do. A right's name is its OAuth scope value (RFC 6749 section 3.3).

A client on its own behalf has rights that are about no merchant's data (`OWN`); the others come with a merchant's
consent, each opened by an action of its authorization details (`gateway.domain.grants.OPENED_BY`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from gateway.domain import versions


class Right(StrEnum):
    """One right a route can need. `public` needs no token and is never granted."""

    public = "public"
    merchants_read = "merchants:read"
    merchants_write = "merchants:write"
    sales_write = "sales:write"
    data_write = "data:write"
    offers_read = "offers:read"
    quotes_write = "quotes:write"
    drawdowns_read = "drawdowns:read"
    drawdowns_write = "drawdowns:write"
    events_read = "events:read"
    grants_read = "grants:read"
    grants_write = "grants:write"
    sessions_write = "sessions:write"
    remittances_read = "remittances:read"
    remittances_write = "remittances:write"
    webhooks_read = "webhooks:read"
    webhooks_write = "webhooks:write"
    sandbox_write = "sandbox:write"


GRANTABLE = tuple(right for right in Right if right is not Right.public)
"""The rights a client may ask for, in the order they are documented."""
OWN = frozenset(
    {
        Right.merchants_read,
        Right.merchants_write,
        Right.events_read,
        Right.grants_read,
        Right.grants_write,
        Right.sessions_write,
        Right.remittances_read,
        Right.remittances_write,
        Right.webhooks_read,
        Right.webhooks_write,
        Right.sandbox_write,
    }
)
"""What a client may do on its own behalf; everything else needs a merchant's consent."""


class Caller(msgspec.Struct, frozen=True):
    """Who is asking: the client of a partner and the rights of its token. Carries no name and no secret."""

    client_id: str
    partner_id: str
    rights: frozenset[Right]
    grant_id: str | None = None
    """The consent the token stands on; None for a client on its own behalf."""
    merchant_id: str | None = None
    """Whose consent: the only shop such a token may be used for."""
    jkt: str | None = None
    """Thumbprint of the key the token is bound to (RFC 9449)."""
    user: str | None = None
    """The person at the till for whom a widget session vouches; None for a partner's server."""

    version: str = versions.CURRENT
    """The version of the API that the client was registered with."""
    page_origin: str | None = None
    """The page that exchanged a widget session's secret, where it is not our own frame: nothing of its is a click."""

    def reaches(self, merchant_id: str) -> bool:
        """Whether the token may be used for this merchant, given that it is one of the partner's."""
        return self.merchant_id is None or self.merchant_id == merchant_id


class Tokens(Protocol):
    """Knows whose token a string is."""

    async def identify(self, token: str) -> Caller:
        """The caller behind an access token. Raises Unauthenticated when it is unknown or expired."""

    async def prove(self, proof: bytes | None, method: str, path: str, token: str, jkt: str) -> str | None:
        """Check that whoever sent `token` holds the key it is bound to; a nonce to hand out, if it is time for one.

        Raises Unauthenticated.
        """
