"""A partner with endpoints, something that happens, and a courier that brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.usecases import events
from gateway.usecases.courier import Courier

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

MERCHANT = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "Europe/Amsterdam"}


async def endpoint(partner: Partner, url: str, *types: str) -> dict[str, Any]:
    """A webhook for these types, for everything where none are named."""
    return await partner.done("/v1/webhooks", {"url": url, "types": list(types or ("*",))})


async def happen(gateway: Gateway, partner: Partner, count: int = 1) -> None:
    """`count` shops are brought: three events each, one of them `merchant.created`."""
    for _ in range(count):
        await partner.done("/v1/merchants", MERCHANT)
    await events.place(gateway.world)


async def settle(gateway: Gateway) -> None:
    """A courier brings what is due now."""
    await Courier(gateway.world).settle()


async def log(partner: Partner, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """The deliveries to a webhook, newest first."""
    found: list[dict[str, Any]] = (await partner.seen(f"/v1/webhooks/{webhook['id']}/deliveries", limit=100))["data"]
    return found


async def shown(partner: Partner, webhook: dict[str, Any]) -> dict[str, Any]:
    """A webhook as it is now."""
    return await partner.seen(f"/v1/webhooks/{webhook['id']}")
