"""The chain of hashes behind the ledger: laid after the commit, and it shows what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.store import sql
from gateway.store.queries import Query, Text
from gateway.usecases import jobs, ledger, verification, work

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def lent(shop: Shop) -> None:
    """A loan that is out, with everything that is due done."""
    await shop.draw()
    await shop.pass_days(1)


async def decided(shop: Shop) -> None:
    """The bank's word on what was drawn is booked, and nothing chained it yet."""
    await jobs.run_due(shop.world, work.HANDLERS)


def tampering(text: str) -> Query:
    return Query("test.tamper", *(Text(text, (), arrays=False) for _ in range(2)))


async def test_every_entry_of_a_drawn_loan_is_chained_once(shop: Shop) -> None:
    await lent(shop)
    counts = await shop.world.store.one(sql.ledger.counts)
    last = await shop.world.store.one(sql.ledger.last_link)
    assert counts is not None
    assert last is not None
    assert last[0] == counts[0] > 0
    assert await ledger.chain(shop.world) == 0
    assert await ledger.broken(shop.world.store) == []


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE postings SET amount = amount * 2 WHERE line IN (0, 1)",
        "UPDATE entries SET reference = reference || 'x'",
        "DELETE FROM unchained",
        "DELETE FROM ledger_chain WHERE position = 1",
    ],
    ids=["amounts", "references", "queue", "link"],
)
async def test_tampering_with_the_books_is_found_by_verify(shop: Shop, text: str) -> None:
    await lent(shop)
    if "unchained" in text:
        await shop.draw(1_000)
        await decided(shop)
    await shop.world.store.write(lambda tx: tx.run(tampering(text)))
    found = await verification.verify(shop.world.store)
    assert not found.balanced
    assert any("entry ent_" in problem for problem in found.problems)
