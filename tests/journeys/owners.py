"""A merchant who agrees to everything on the hosted pages of a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo import owner
from tests.gateways import everything

if TYPE_CHECKING:
    import httpx

    from gateway.demo.partner import Partner


async def agreed(partner: Partner, http: httpx.AsyncClient, merchant_id: str, currency: str) -> Partner:
    """The partner under the consent of one of its merchants, whose browser reaches the server by `http`."""
    asked = await partner.ask(everything(merchant_id, currency))
    http.cookies.clear()
    code = await owner.agree(http, asked.url.removeprefix(partner._issuer))
    return await partner.redeem(code, asked.verifier)
