from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.bank_ports import Account, BankEvent, BankEventKind
from gateway.domain.accounts import sandbox_iban
from gateway.domain.alerts import Severity
from gateway.domain.bank_statements import Explanation, NotThatPayment, NotUnmatched
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.four_eyes import NothingProposed, SamePerson
from gateway.domain.money import Money
from gateway.domain.programmes import INVENTORY
from gateway.store import sql
from gateway.usecases import alerts, explaining, jobs, reconciliation, work
from gateway.usecases.reconciling import Told, take
from tests import shops
from tests.shops import RAIL

if TYPE_CHECKING:
    from gateway.domain.bank_statements import DayReport
    from gateway.usecases.reconciliation import Gap
    from gateway.usecases.statuses import Problem
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def gaps(shop: Shop) -> list[Gap]:
    return await reconciliation.gaps(shop.world.store, shop.world.clock.now())


async def kinds(shop: Shop) -> list[str]:
    return [gap.kind for gap in await gaps(shop)]


async def day(shop: Shop, on: date) -> DayReport:
    (found,) = await reconciliation.report(shop.world.store, INVENTORY.bank_id, on)
    return found


async def active(shop: Shop) -> str:
    drawdown_id = await shop.draw()
    await shop.work()
    return drawdown_id


async def entries(shop: Shop) -> list[tuple[str, str | None, str]]:
    query = "SELECT state, matched_by, kind FROM statement_entries ORDER BY id"
    return await shops.rows(shop.world.settings.database_url, query)


async def submitted(shop: Shop, amount: int) -> str:
    """A payout that the bank has and we have heard nothing of yet."""
    drawdown_id = await shop.draw(amount)
    await jobs.run_due(shop.world, work.HANDLERS)
    assert (await shop.drawdown(drawdown_id))["state"] == "submitted"
    return drawdown_id


async def account_of(shop: Shop) -> str:
    row = await shop.world.store.one(sql.merchants.payee, merchant_id=shop.id)
    assert row is not None
    return shop.world.vault.unseal(bytes(row[1]), shop.id).decode()


def dropped(shop: Shop, amount: int, counterparty: str | None) -> BankEvent:
    """The booking of a payout as a bank tells it that drops the reference."""
    return BankEvent(
        BankEventKind.booked, "camt.053.001.08", None, amount=Money(amount, "EUR"), credit=False,
        booked_on=shop.world.clock.now().date(), account=shop.lender.account,
        counterparty=None if counterparty is None else Account(iban=counterparty), entry_reference="X-1",
    )  # fmt: skip


async def test_each_day_of_a_loans_life_adds_up_from_the_banks_own_balances(shop_on_both: Shop) -> None:
    shop, first_on = shop_on_both, shop_on_both.world.clock.now().date()
    drawdown_id = await active(shop)
    await shop.live(4)
    amount = (await shop.drawdown(drawdown_id))["amount"]
    days = [await day(shop, first_on + timedelta(days=n)) for n in range(4)]
    assert [one.difference_amount for one in days] == [0] * 4
    assert (days[0].instructed_payouts_amount, days[0].paid_out_amount) == (amount, -amount)
    repaid = (await shop.drawdown(drawdown_id))["repaid_amount"]
    assert sum(one.repaid_amount for one in days) <= repaid
    assert days[-1].closing_amount == (days[0].opening_amount or 0) + sum(
        one.paid_out_amount + one.repaid_amount for one in days
    )
    assert await gaps(shop) == []
    assert (await shop.verify()).problems == ()


async def test_an_entry_that_the_daily_statement_omits_is_found_though_its_notification_came(shop: Shop) -> None:
    await shop.bank.behave("ACME", "statement-gap")
    await active(shop)
    await shop.pass_days(2)
    assert "entry_not_stated" in await kinds(shop)
    assert {alert.kind for alert in await alerts.open_ones(shop.world.store)} >= {"entry_not_stated"}


async def test_an_entry_nobody_explains_waits_with_an_alert_that_grows_louder_and_moves_nothing(shop: Shop) -> None:
    told, said = Told(shop.lender, RAIL, "any"), dropped(shop, 100_000, None)
    assert await take(shop.world, told, said)
    assert await take(shop.world, told, said), "told again it is still unexplained, and kept once"
    assert await kinds(shop) == ["entry_unmatched"]
    severities = []
    for _ in range(5):
        await shop.pass_days(1)
        severities += [a.severity for a in await alerts.open_ones(shop.world.store) if a.kind == "entry_unmatched"]
    assert severities == sorted(severities, key=[Severity.warning, Severity.critical].index)
    assert {Severity.warning, Severity.critical} == set(severities)
    assert (await shop.verify()).problems == ()


async def test_a_payment_whose_reference_the_bank_drops_is_known_by_account_amount_and_day(shop: Shop) -> None:
    drawdown_id = await submitted(shop, 100_000)
    told, account = Told(shop.lender, RAIL, "any"), await account_of(shop)
    for other in (dropped(shop, 100_001, account), dropped(shop, 100_000, sandbox_iban("else")),
                  dropped(shop, 100_000, None)):  # fmt: skip
        assert "never sent" in sentence(await take(shop.world, told, other))
    assert (await shop.drawdown(drawdown_id))["state"] == "submitted"
    assert await take(shop.world, told, dropped(shop, 100_000, account)) is None
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert ("matched", "only_candidate", "booked") in await entries(shop)


async def test_of_two_payments_that_fit_none_is_chosen(shop: Shop) -> None:
    drawn = [await submitted(shop, 50_000) for _ in range(2)]
    said = dropped(shop, 50_000, await account_of(shop))
    assert "never sent" in sentence(await take(shop.world, Told(shop.lender, RAIL, "any"), said))
    assert {(await shop.drawdown(one))["state"] for one in drawn} == {"submitted"}


async def test_a_bank_that_goes_silent_is_told_after_a_long_week_end(shop: Shop) -> None:
    await shop.bank.behave("ACME", "silent")
    await submitted(shop, 100_000)
    shop.rail = None
    await shop.pass_days(3)
    assert "bank_silent" not in await kinds(shop)
    await shop.pass_days(2)
    assert "bank_silent" in await kinds(shop)


async def test_verify_sees_an_entry_that_was_made_up(shop: Shop) -> None:
    await active(shop)
    (entry,) = await entries(shop)
    assert entry == ("matched", "reference", "booked")
    await shop.world.store.write(
        lambda tx: tx.run(
            sql.bank_statements.add_entry, id="ste_x", bank_id=INVENTORY.bank_id, key="x", statement_key=None,
            kind="booked", state="matched", end_to_end_id=None, currency="EUR", amount=5, booked_on=date(2026, 3, 2),
            matched_by="reference", problem=None, told_at=shop.world.clock.now(),
        )
    )  # fmt: skip
    (problem,) = (await shop.verify()).problems
    assert re.search(r"bnk_sandbox in EUR moved by -\d+, the books say -\d+", problem)


def sentence(problem: Problem | None) -> str:
    return "" if problem is None else problem.sentence


async def unexplained(shop: Shop, amount: int) -> str:
    assert await take(shop.world, Told(shop.lender, RAIL, "any"), dropped(shop, amount, None))
    (gap,) = [gap for gap in await gaps(shop) if gap.kind == "entry_unmatched"]
    return gap.subject


async def test_two_officers_name_the_payment_of_an_entry_and_it_is_booked_as_the_banks_own_word(
    shop_on_both: Shop,
) -> None:
    shop = shop_on_both
    drawdown_id = await submitted(shop, 100_000)
    entry_id, reference = await unexplained(shop, 100_000), end_to_end_id(drawdown_id)
    said = await explaining.propose(shop.world, entry_id, reference, by="officer-1", reason="asked the bank")
    assert (said.explanation, said.approved_by) == (Explanation.payment, None)
    with pytest.raises(SamePerson):
        await explaining.approve(shop.world, entry_id, by="officer-1")
    assert (await shop.drawdown(drawdown_id))["state"] == "submitted"
    await explaining.approve(shop.world, entry_id, by="officer-2")
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    with pytest.raises(NotUnmatched):
        await explaining.approve(shop.world, entry_id, by="officer-2")
    assert "entry_unmatched" not in await kinds(shop)
    assert (await shop.verify()).problems == ()


async def test_an_entry_cannot_be_a_payment_of_another_amount_or_one_that_is_booked(shop: Shop) -> None:
    drawdown_id, entry_id = await active(shop), await unexplained(shop, 99_999)
    await explaining.propose(shop.world, entry_id, end_to_end_id(drawdown_id), by="officer-1", reason="a guess")
    with pytest.raises(NotThatPayment):
        await explaining.approve(shop.world, entry_id, by="officer-2")
    with pytest.raises(NothingProposed):
        await explaining.approve(shop.world, await other_entry(shop, entry_id), by="officer-2")
    assert "entry_unmatched" in await kinds(shop)
    assert (await shop.verify()).problems == ()


async def other_entry(shop: Shop, but: str) -> str:
    said = msgspec.structs.replace(dropped(shop, 77_777, None), entry_reference="X-2")
    assert await take(shop.world, Told(shop.lender, RAIL, "another"), said)
    return next(gap.subject for gap in await gaps(shop) if gap.kind == "entry_unmatched" and gap.subject != but)


async def test_what_is_no_loans_is_set_aside_and_moves_no_book(shop: Shop) -> None:
    entry_id = await unexplained(shop, 350)
    await explaining.propose(shop.world, entry_id, None, by="officer-1", reason="the bank's monthly charge")
    await explaining.approve(shop.world, entry_id, by="officer-2")
    assert await kinds(shop) == []
    assert ("resolved", None, "booked") in await entries(shop)
    assert (await shop.verify()).problems == ()
