from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.domain import ledger
from gateway.usecases import ledger as books
from gateway.usecases import verification
from tests import shops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateways import Gateway
    from tests.postgres import Server
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

TAMPERINGS = {
    "one posting": "UPDATE postings SET amount = amount + 1 WHERE account LIKE 'drawdown:%:principal' AND amount > 0",
    "which account": "UPDATE postings SET account = 'bank:bnk_sandbox:losses' WHERE account LIKE '%funding'",
    "an entry's lines": "DELETE FROM postings WHERE entry_id = (SELECT MIN(id) FROM entries)",
    "a settlement, lines and all": (
        "DELETE FROM postings WHERE entry_id IN (SELECT id FROM entries WHERE kind = 'repayment_settled')"
    ),
    "whose entry it is": "UPDATE entries SET drawdown_id = 'drw_nobody' WHERE kind = 'disbursed'",
    "an entry's currency": "UPDATE entries SET currency = 'USD' WHERE kind = 'fee_charged'",
    "an exposure": "UPDATE positions SET exposure_amount = exposure_amount - 100",
    "the programme's exposure": "UPDATE exposures SET amount = amount - 100",
    "a state": "UPDATE drawdowns SET state = 'repaid' WHERE state = 'active'",
    "a state without money": "UPDATE drawdowns SET state = 'canceled' WHERE state = 'awaiting_confirmation'",
    "a repayment's state": "UPDATE repayments SET state = 'settled' WHERE state <> 'settled'",
    "a repayment's amount": "UPDATE repayments SET amount = amount + 1 WHERE state = 'settled'",
    "the amount drawn": "UPDATE drawdowns SET amount = amount + 100, fee_amount = fee_amount - 100",
    "the evidence": "UPDATE drawdowns SET evidence_json = NULL WHERE state = 'active'",
    "the quote": "UPDATE quotes SET fee_amount = fee_amount - 1",
    "the instruction": "UPDATE instructions SET amount = amount - 1 WHERE kind = 'payout'",
    "a debit's instruction": "UPDATE instructions SET amount = amount - 1 WHERE kind = 'collection'",
    "which way money came": "UPDATE repayments SET channel = 'transfer' WHERE state = 'settled'",
    "the last day": "UPDATE drawdowns SET final_due_on = '2027-12-31'",
    "the cap on all costs": "UPDATE drawdowns SET all_in_cap_bps = 9000",
    "the bank's decision": "UPDATE bank_decisions SET outcome = 'rejected'",
}


async def lived(shop: Shop) -> None:
    """One drawdown paid out and partly repaid, one repayment on its way, and one proposal."""
    await shop.draw()
    await shop.work()
    await shop.live(4)
    await shop.sell()
    await shop.close()
    await shop.work()
    await shop.propose()


async def test_every_tampering_is_caught_on_both_engines(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, bank_url: str
) -> None:
    async with shops.opened(database_url, tmp_path, bank_url) as shop:
        await lived(shop)
    assert (await shops.verified(database_url)).problems == ()
    for tampering, statement in TAMPERINGS.items():
        with copied(request, database_url) as copy_url:
            await shops.execute(copy_url, statement)
            found = await shops.verified(copy_url)
        assert found.problems, f"nobody saw the change of {tampering}"
        assert not found.balanced


@contextmanager
def copied(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """A copy of a database that nobody has open."""
    if database_url.startswith("sqlite:///"):
        original = Path(database_url.removeprefix("sqlite:///"))
        copy = original.with_name("copy.db")
        copy.write_bytes(original.read_bytes())
        yield f"sqlite:///{copy}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    name = server.create(database_url.rpartition("/")[2])
    yield server.url(name)
    server.drop(name)


async def test_the_same_business_event_is_booked_once(shop_on_both: Shop) -> None:
    world = shop_on_both.world
    loan = ledger.Loan("drw_1", "bnk_1", "EUR")
    await world.store.write(lambda tx: books.book(tx, world, ledger.disbursed(loan, 100)))
    with pytest.raises(books.AlreadyBooked):
        await world.store.write(lambda tx: books.book(tx, world, ledger.disbursed(loan, 100)))
    assert await books.owed(world.store, "drw_1") == (100, 0)


async def test_a_fee_of_nothing_is_nothing_to_book(own_gateway: Gateway) -> None:
    world = own_gateway.world
    loan = ledger.Loan("drw_1", "bnk_1", "EUR")
    await world.store.write(lambda tx: books.book(tx, world, ledger.fee_charged(loan, 0)))
    assert await shops.rows(world.settings.database_url, "SELECT id FROM entries") == []
    assert (await verification.verify(world.store)).problems == ()
