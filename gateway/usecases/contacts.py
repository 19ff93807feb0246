"""A merchant's contact: sealed for its place in the merchant's row, opened, and shown masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.errors import Conflict

if TYPE_CHECKING:
    from gateway.usecases.world import World


class NoContact(Conflict):
    """The merchant has no verified contact, so nothing can be sent to it."""

    code = "no_verified_contact"
    title = "There is no verified contact to send a code to"


def seal(world: World, merchant_id: str, contact: str) -> bytes:
    """A contact as it is stored."""
    return world.vault.seal(contact.encode(), _place(merchant_id))


def unseal(world: World, merchant_id: str, sealed: bytes) -> str:
    """A stored contact in full: for sending only."""
    return world.vault.unseal(bytes(sealed), _place(merchant_id)).decode()


def masked(contact: str) -> str:
    """`zhen@shop.example` → `z•••@s•••.example`: enough to recognise one's own, too little to learn another's."""
    name, _, domain = contact.partition("@")
    host, _, top = domain.rpartition(".")
    return f"{name[:1]}•••@{host[:1]}•••.{top}"


def _place(merchant_id: str) -> str:
    return f"{merchant_id}:contact"
