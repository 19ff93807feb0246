"""A shop's signatory with a passkey in software, and clicks at its till: for tests of authority and confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import authorities, confirmations, drawdowns, passkeys
from gateway.usecases.authorities import Signed
from tests import authenticators
from tests.authenticators import Authenticator

if TYPE_CHECKING:
    from gateway.domain.authorities import Authority
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.intents import Intent
    from gateway.store import Tx
    from tests.gateways import Gateway, Partner

ADDRESS = "192.0.2.7"
ANNE = {"id": "anne", "name": "Anne", "role": "owner"}
BO = {"id": "bo", "name": "Bo", "role": "cashier"}
CAPS = {"per_draw_amount": 500_000, "per_24h_amount": 1_000_000, "per_30d_amount": 2_000_000, "currency": "EUR"}


class Signatory:
    """Who may sign for one merchant: a browser of ours, and a device."""

    def __init__(self, gateway: Gateway, partner: Partner, merchant_id: str, device: Authenticator) -> None:
        self.world, self.partner, self.merchant_id, self.device = gateway.world, partner, merchant_id, device
        self.session_hash = tokens.digest(tokens.mint())

    async def proposal(self, **caps: int) -> dict[str, Any]:
        """The partner proposes Anne and Bo."""
        body = {"users": [ANNE, BO], "caps": CAPS | caps}
        return await self.partner.done(f"/v1/merchants/{self.merchant_id}/authority", body)

    async def signs(self, intent: Intent) -> str:
        """The device's answer to a question of ours."""
        asked = await passkeys.ask(self.world.store, self.world, self.session_hash, self.merchant_id, intent)
        return self.device.answer(asked.options)

    async def signs_authority(self, authority_id: str) -> str:
        """Its answer to an authority as it stands now."""
        found = await authorities.find(self.world.store, authority_id, self.merchant_id)
        return await self.signs(await authorities.intent(self.world.store, self.world, found))

    async def approve(self, authority_id: str, response: str | None = None) -> Authority:
        """Approve, as the page does."""
        response = await self.signs_authority(authority_id) if response is None else response
        signed = Signed(self.session_hash, response, ADDRESS, "en", "test-1")

        async def unit(tx: Tx) -> Authority:
            return await authorities.approve(tx, self.world, authority_id, self.merchant_id, signed)

        return await passkeys.attempt(self.world, self.session_hash, ADDRESS, unit)

    async def authorizes(self, **caps: int) -> Authority:
        """Propose and approve."""
        return await self.approve((await self.proposal(**caps))["id"])

    async def revoke(self, authority_id: str) -> None:
        """Revoke, as the page does."""
        await self.world.store.write(lambda tx: authorities.revoke(tx, self.world, authority_id, self.merchant_id))

    async def signs_draw(self, drawdown_id: str) -> str:
        """Its answer to a draw as it stands now."""
        return self.device.answer(await self.asked(drawdown_id))

    async def asked(self, drawdown_id: str) -> str:
        """What the page would have the browser ask of a passkey."""
        world = self.world
        intent = await confirmations.intent(world.store, world, await drawdowns.find(world.store, drawdown_id))
        return (await passkeys.ask(world.store, world, self.session_hash, self.merchant_id, intent)).options

    async def step_up(self, drawdown_id: str, response: str | None = None) -> Drawdown:
        """Confirm with the passkey, as the page does."""
        response = await self.signs_draw(drawdown_id) if response is None else response

        async def unit(tx: Tx) -> Drawdown:
            return await confirmations.step_up(
                tx, self.world, drawdown_id, self.session_hash, response, remote_address=ADDRESS
            )

        return await passkeys.attempt(self.world, self.session_hash, ADDRESS, unit)

    async def click(self, drawdown: dict[str, Any], user: str = "bo", **other: str) -> Drawdown:
        """One click at the till."""
        partner_id = other.get("partner_id", self.partner.partner_id)
        terms_hash = other.get("terms_hash", drawdown["terms_hash"])

        async def unit(tx: Tx) -> Drawdown:
            return await confirmations.click(
                tx, self.world, drawdown["id"], partner_id, terms_hash, user=user, remote_address=ADDRESS
            )

        return await self.world.store.write(unit)

    async def loses_passkey(self) -> None:
        """The passkey is gone, as after a removal that nobody told the authority about."""
        (held,) = await passkeys.held(self.world.store, self.merchant_id)
        row = {"id": held.id, "before": "active", "state": "removed", "state_at": self.world.system_clock.now()}
        await self.world.store.write(lambda tx: tx.run(sql.passkeys.end, **row))


async def of(gateway: Gateway, partner: Partner, merchant_id: str) -> Signatory:
    """A merchant's signatory, who has a passkey from now on."""
    return Signatory(gateway, partner, merchant_id, await authenticators.given_to(gateway, merchant_id))


def till(gateway: Gateway, partner: Partner, merchant_id: str) -> Signatory:
    """The same without a passkey: who only proposes and clicks."""
    return Signatory(gateway, partner, merchant_id, Authenticator(gateway.world.settings.issuer))


async def with_contact(mine: Signatory) -> None:
    """Give the shop an address for its codes: the first one takes effect at once."""
    path, key = f"/v1/merchants/{mine.merchant_id}/contact", {"idempotency-key": tokens.mint()}
    answer = await mine.partner.send("PUT", path, json={"email": "anne@shop.example"}, headers=key)
    assert answer.is_success, answer.text
