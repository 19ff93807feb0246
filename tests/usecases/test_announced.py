"""Returns a bank announces apart from its bookings, and the accounts it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.bank_ports import Account, BankEvent, BankEventKind
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.money import Money
from gateway.usecases import facts, instructions, jobs, work
from gateway.usecases.reconciling import Told, take
from tests.rails import Lossy
from tests.shops import RAIL

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


def announced(about: str, reason: str = "AC04", amount: int | None = None) -> BankEvent:
    money = None if amount is None else Money(amount, "EUR")
    return BankEvent(BankEventKind.returned, "announcement", end_to_end_id(about), reason=reason, amount=money)


def taken_back(shop: Shop, repayment: dict[str, Any]) -> BankEvent:
    """The booked entry of a returned debit, which does not say why."""
    return BankEvent(
        BankEventKind.returned, "booking", end_to_end_id(repayment["id"]), amount=Money(repayment["amount"], "EUR"),
        credit=False, booked_on=shop.world.clock.now().date(), account=shop.lender.account, entry_reference="back",
    )  # fmt: skip


async def told(shop: Shop, fact: BankEvent) -> str | None:
    problem = await take(shop.world, Told(shop.lender, RAIL, "any"), fact)
    return None if problem is None else problem.sentence


async def settled(shop: Shop) -> tuple[str, dict[str, Any]]:
    """A drawdown and its first repayment, which has settled."""
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.live(4)
    first = (await shop.repayments(drawdown_id))[0]
    assert first["state"] == "settled"
    return drawdown_id, first


async def test_where_nothing_is_booked_of_it_an_announced_return_fails_what_is_under_way(shop: Shop) -> None:
    assert shop.rail is not None
    line = Lossy(shop.rail, returns_unbooked=True)
    shop.rail = line
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    await shop.sell()
    await shop.close()
    line.deaf = True
    await jobs.run_due(shop.world, work.HANDLERS)
    (share,) = await shop.repayments(drawdown_id)
    assert share["state"] == "initiated"
    assert "instructed" in (await told(shop, announced(share["id"], amount=share["amount"] + 1)) or "")
    assert await told(shop, announced(share["id"], amount=share["amount"])) is None
    (share,) = await shop.repayments(drawdown_id)
    assert (share["state"], share["reason"]) == ("failed", "AC04")
    other = await shop.draw()
    await jobs.run_due(shop.world, work.HANDLERS)
    assert await told(shop, announced(other)) is None
    assert ((await shop.drawdown(other))["state"], (await shop.drawdown(other))["reason"]) == ("failed", "AC04")
    assert await told(shop, announced(drawdown_id)) is None
    assert (await shop.drawdown(drawdown_id))["state"] == "active", "that one was booked: an entry must take it back"
    assert (await shop.verify()).problems == ()


@pytest.mark.parametrize("first", ["announced", "booked"])
async def test_a_booked_return_without_a_reason_has_the_announced_one(shop: Shop, first: str) -> None:
    drawdown_id, repayment = await settled(shop)
    said = [announced(repayment["id"], "MD06"), taken_back(shop, repayment)]
    for fact in said if first == "announced" else said[::-1]:
        assert await told(shop, fact) is None
    repayment = (await shop.repayments(drawdown_id))[0]
    assert (repayment["state"], repayment["reason"]) == ("returned", "MD06")
    assert (await shop.verify()).problems == ()


def test_an_account_is_ours_unless_a_number_that_both_have_differs() -> None:
    ours = Account(iban="NL41MOCK0000000001", other_id="0001", clearing_id="021000021")
    assert facts.is_ours(ours, Account(iban="NL41MOCK0000000001"))
    assert facts.is_ours(ours, Account(other_id="0001", clearing_id="021000021"))
    assert not facts.is_ours(ours, Account(iban="NL41MOCK0000000001", other_id="0002"))
    assert not facts.is_ours(ours, Account(other_id="0001", clearing_id="121042882"))
    assert not facts.is_ours(ours, Account(iban="NL84MOCK0000000003", other_id="0001"))


async def test_a_us_account_is_paid_by_its_banks_routing_number(shop: Shop) -> None:
    for written, account in (
        ("021000021/S/12345678", Account(other_id="12345678", clearing_id="021000021", savings=True)),
        ("021000021/12345678", Account(other_id="12345678", clearing_id="021000021")),
        ("12345678", Account(other_id="12345678")),
    ):
        await shop.pay_to(written)
        assert (await instructions.payee(shop.world, shop.id)).account == account
