"""Notices to a merchant's contact: written with the unit that tells, handed to the messenger by the worker afterwards.

So none is lost in a crash, and none is sent for a unit that was rolled back. A crash while one is handed over sends it
again. One-time codes do not come this way: they are no use later. `notices.toml` has the words, both languages.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from gateway.ports import Notice, Undelivered
from gateway.store import sql
from gateway.usecases import contacts, jobs

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World

DELIVER = "notice.deliver"
SHOWN_COUNT = 50
_READS_CHINESE = {"CN", "HK", "MO", "TW"}


class _Addressee(msgspec.Struct, frozen=True):
    legal_name: str
    country: str
    contact: bytes | None


@cache
def texts() -> dict[str, dict[str, list[str]]]:
    """Kind → language → subject and text."""
    return tomllib.loads(files(__package__).joinpath("notices.toml").read_text(encoding="utf-8"))


async def send(tx: Tx, world: World, merchant_id: str, kind: str, *, to: str | None = None, **facts: str) -> bool:
    """Have the merchant told, once this unit stands; False when it has no contact and nobody can be.

    `kind` names the words, whose places `facts` fill; `{shop}` is always known. `to` replaces the contact in force.
    """
    found = await tx.one(sql.notices.addressee, _Addressee, merchant_id=merchant_id)
    if found is None or (found.contact is None and to is None):
        return False
    contact = to or contacts.unseal(world, merchant_id, found.contact or b"")
    language = "zh" if found.country in _READS_CHINESE else "en"
    subject, text = texts()[kind][language]
    notice = Notice(
        id=world.ids.new("notice"),
        merchant_id=merchant_id,
        kind=kind,
        contact=contact,
        locale="zh-CN" if language == "zh" else "en",
        subject=subject.format(shop=found.legal_name, **facts),
        text=text.format(shop=found.legal_name, **facts),
        created_at=world.system_clock.now(),
    )
    await tx.run(sql.notices.hand_in, id=notice.id, body=_sealed(world, notice), created_at=notice.created_at)
    await jobs.enqueue(tx, world, DELIVER, notice.id)
    return True


async def deliver(world: World, notice_id: str) -> None:
    """Hand a waiting notice to the messenger. Raises Undelivered; then it waits for the next try."""
    row = await world.store.one(sql.notices.waiting, id=notice_id)
    if row is None:
        return
    if world.notifier is None:
        raise Undelivered("No messenger is set up")
    await world.notifier.send(_unsealed(world, notice_id, row[0]))
    await world.store.write(lambda tx: tx.run(sql.notices.delivered, id=notice_id))


async def keep(world: World, notice: Notice) -> None:
    """The sandbox's messenger: store a notice for the outbox page, once."""
    await world.store.write(
        lambda tx: tx.run(
            sql.notices.add,
            id=notice.id,
            merchant_id=notice.merchant_id,
            kind=notice.kind,
            body=_sealed(world, notice),
            created_at=notice.created_at,
        )
    )


async def latest(world: World) -> list[Notice]:
    """What the outbox holds, newest first."""
    rows = await world.store.all(sql.notices.latest, limit=SHOWN_COUNT)
    return [_unsealed(world, notice_id, body) for notice_id, body in rows]


def _sealed(world: World, notice: Notice) -> bytes:
    return world.vault.seal(msgspec.json.encode(notice), notice.id)


def _unsealed(world: World, notice_id: str, body: bytes) -> Notice:
    return msgspec.json.decode(world.vault.unseal(bytes(body), notice_id), type=Notice)
