"""What a bank approved beforehand: lent without asking it, within its bounds, and counted against its total."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import approvals, programme_files
from gateway.domain.bank_decisions import BankOutcome
from gateway.domain.programme_files import BadProgramme
from gateway.domain.programmes import INVENTORY, ApprovalRule
from gateway.domain.programmes import Programme as Lends
from tests.gateways import NOW
from tests.lenders import Lender

if TYPE_CHECKING:
    from tests.shops import Shop

TODAY = NOW.date()
RULE = ApprovalRule(max_amount_major=50_000, total_major=80_000, worst_grade="D", valid_until="2027-12-31")


def under(**other: object) -> Lends:
    """The programme with an approval."""
    return msgspec.structs.replace(INVENTORY, approval=msgspec.structs.replace(RULE, **other))


async def lend(shop: Shop, **other: object) -> Lender:
    """The shop's bank has approved some beforehand; what it is asked all the same it rejects."""
    shop.world.programme = under(**other)
    shop.lender.decision = lender = Lender(BankOutcome.rejected)
    await shop.sell(200_000, kind="refund")  # a cut: another offer is made at once
    return lender


@given(owed=st.integers(0, 10**7), used=st.integers(0, 10**7), grade=st.sampled_from(["A", "B", "C", "D", None]))
def test_nothing_is_covered_beyond_any_bound(owed: int, used: int, grade: str | None) -> None:
    covered = approvals.covers(under(), "EUR", grade=grade, owed_amount=owed, used_amount=used, through_on=TODAY)
    assert covered == (grade is not None and owed <= 5_000_000 and used <= 8_000_000)


def test_a_programme_without_one_covers_nothing() -> None:
    assert not approvals.covers(INVENTORY, "EUR", grade="A", owed_amount=1, through_on=TODAY)
    assert not approvals.covers(under(worst_grade="B"), "EUR", grade="C", owed_amount=1, through_on=TODAY)
    assert not approvals.covers(under(valid_until="2026-03-01"), "EUR", grade="A", owed_amount=1, through_on=TODAY)


def test_the_file_keeps_it_and_refuses_one_that_cannot_be() -> None:
    assert programme_files.read(programme_files.write(under())) == under()
    spoiled: list[dict[str, object]] = [
        {"valid_until": "soon"},
        {"worst_grade": "Z"},
        {"max_amount_major": 90_000},
        {"best_grade": "C", "worst_grade": "B"},
    ]
    for other in spoiled:
        with pytest.raises(BadProgramme, match="approval"):
            programme_files.read(programme_files.write(under(**other)))


@pytest.mark.anyio
async def test_a_draw_within_it_is_lent_without_asking_the_bank(shop_on_both: Shop) -> None:
    shop = shop_on_both
    lender = await lend(shop)
    assert (await shop.offer())["commitment"] == "bank_approved"
    drawdown_id = await shop.draw()
    await shop.work()
    said = (await shop.drawdown(drawdown_id))["bank_decision"]
    assert (said["outcome"], said["source"], said["reason"]) == ("approved", "approval", "within_approval")
    assert lender.asked == []
    assert await shop.states(drawdown_id) != []
    assert (await shop.verify()).problems == ()


@pytest.mark.anyio
async def test_beyond_its_bounds_the_bank_decides(shop: Shop) -> None:
    lender = await lend(shop, max_amount_major=100, total_major=100)
    assert (await shop.offer())["commitment"] == "indicative"
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["bank_decision"]["source"] == "bank"
    assert len(lender.asked) == 1


@pytest.mark.anyio
async def test_what_was_approved_counts_against_the_total(shop_on_both: Shop) -> None:
    shop = shop_on_both
    lender = await lend(shop, max_amount_major=2_000, total_major=2_000)
    first, second = await shop.draw(120_000), await shop.draw(70_000)
    third = await shop.draw(20_000)
    await shop.work()
    sources = [(await shop.drawdown(one))["bank_decision"]["source"] for one in (first, second, third)]
    assert sorted(sources) == ["approval", "approval", "bank"]
    assert len(lender.asked) == 1
    assert (await shop.verify()).problems == ()
