"""Messages to a merchant's contact: written with the unit that tells, handed to the messenger by the worker afterwards.

So none is lost in a crash, and none is sent for a unit that was rolled back. A crash while one is handed over sends it
again. One-time codes do not come this way: they are no use later. `messages.toml` has the words, both languages.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.money import Money
from gateway.ports import Message, Undelivered
from gateway.store import sql
from gateway.usecases import contacts, jobs

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World

DELIVER = "notice.deliver"  # as jobs that already wait name it
SHOWN_COUNT = 50
_READS_CHINESE = {"CN", "HK", "MO", "TW"}


class _Addressee(msgspec.Struct, frozen=True):
    legal_name: str
    country: str
    contact: bytes | None


@cache
def texts() -> dict[str, dict[str, list[str]]]:
    """Kind → language → subject and text."""
    return tomllib.loads(files(__package__).joinpath("messages.toml").read_text(encoding="utf-8"))


def language(country: str) -> str:
    """What its shops read: `zh` or `en`."""
    return "zh" if country in _READS_CHINESE else "en"


async def send(tx: Tx, world: World, merchant_id: str, kind: str, *, to: str | None = None, **facts: str) -> bool:
    """Have the merchant told, once this unit stands; False when it has no contact and nobody can be.

    `kind` names the words, whose places `facts` fill; `{shop}` is always known. `to` replaces the contact in force.
    """
    found = await tx.one(sql.messages.addressee, _Addressee, merchant_id=merchant_id)
    if found is None or (found.contact is None and to is None):
        return False
    contact = to or contacts.unseal(world, merchant_id, found.contact or b"")
    reads = language(found.country)
    subject, text = texts()[kind][reads]
    message = Message(
        id=world.ids.new("message"),
        merchant_id=merchant_id,
        kind=kind,
        contact=contact,
        locale="zh-CN" if reads == "zh" else "en",
        subject=subject.format(shop=found.legal_name, **facts),
        text=text.format(shop=found.legal_name, **facts),
        created_at=world.system_clock.now(),
    )
    await tx.run(sql.messages.hand_in, id=message.id, body=_sealed(world, message), created_at=message.created_at)
    await jobs.enqueue(tx, world, DELIVER, message.id)
    return True


def money(amount: int, currency: str) -> str:
    """Minor units as a message says them: `1,234.50 EUR`."""
    return f"{Money(amount, currency).decimal():,} {currency}"


async def deliver(world: World, message_id: str) -> None:
    """Hand a waiting message to the messenger. Raises Undelivered; then it waits for the next try."""
    row = await world.store.one(sql.messages.waiting, id=message_id)
    if row is None:
        return
    if world.notifier is None:
        raise Undelivered("No messenger is set up")
    await world.notifier.send(_unsealed(world, message_id, row[0]))
    await world.store.write(lambda tx: tx.run(sql.messages.delivered, id=message_id))


async def keep(world: World, message: Message) -> None:
    """The sandbox's messenger: store a message for the outbox page, once."""
    await world.store.write(
        lambda tx: tx.run(
            sql.messages.add,
            id=message.id,
            merchant_id=message.merchant_id,
            kind=message.kind,
            body=_sealed(world, message),
            created_at=message.created_at,
        )
    )


async def latest(world: World) -> list[Message]:
    """What the outbox holds, newest first."""
    rows = await world.store.all(sql.messages.latest, limit=SHOWN_COUNT)
    return [_unsealed(world, message_id, body) for message_id, body in rows]


def _sealed(world: World, message: Message) -> bytes:
    return world.vault.seal(msgspec.json.encode(message), message.id)


def _unsealed(world: World, message_id: str, body: bytes) -> Message:
    return msgspec.json.decode(world.vault.unseal(bytes(body), message_id), type=Message)
