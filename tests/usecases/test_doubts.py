"""Every doubt ends: by asking, by identical bytes, by the statement, or by two people; never by a second payment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.bank_ports import Ack, Unreachable
from gateway.domain import repayments as rules
from gateway.domain.doubts import NotInDoubt, UnknownPayment, Verdict
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.four_eyes import BadProposal, NothingProposed, SamePerson
from gateway.store import sql
from gateway.usecases import alerts, doubts, instructions, jobs, payments, work
from gateway.usecases.instructions import Instruction
from tests import shops
from tests.rails import Askable, Lossy

if TYPE_CHECKING:
    from typing import Any

    from tests.shops import Shop

pytestmark = pytest.mark.anyio
PAUSE = timedelta(seconds=5)
"""Longer than the wait before a second try."""
WHY = "asked on the telephone"


def over(shop: Shop, line: type[Lossy] = Lossy, **capabilities: Any) -> Any:
    """Put a bad line between the gateway and its bank."""
    assert shop.rail is not None
    shop.rail = line(shop.rail, **capabilities)
    return shop.rail


async def jobs_only(shop: Shop, after: timedelta = timedelta()) -> None:
    shop.gateway.clock.at += after
    await jobs.run_due(shop.world, work.HANDLERS)


async def open_alerts(shop: Shop) -> set[str]:
    return {alert.kind for alert in await alerts.open_ones(shop.world.store)}


async def test_a_bank_that_can_be_asked_is_asked_and_sent_nothing_again(shop_on_both: Shop) -> None:
    shop = shop_on_both
    line = over(shop, Askable, resend_hours=0)
    line.loses, line.deaf, line.known_as = "answers", True, "bank-7"
    drawdown_id = await shop.draw()
    await jobs_only(shop)
    assert (await shop.drawdown(drawdown_id))["state"] == "pending"
    line.deaf = False
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert (await shop.states(drawdown_id))[3:] == ["in_doubt", "pending", "active"]
    assert {asked.bank_reference for asked in line.asked} <= {None, "bank-7"}
    assert (len(line.sent), await shop.sent(drawdown_id)) == (1, 1)
    assert (await shop.verify()).problems == ()


async def test_bytes_the_bank_would_not_know_again_wait_for_two_people_and_a_late_booking_contradicts_them(
    shop: Shop,
) -> None:
    line = over(shop, resend_hours=0)
    line.loses, line.deaf = "answers", True
    drawdown_id = await shop.draw()
    reference = end_to_end_id(drawdown_id)
    for _ in range(3):
        await jobs_only(shop, PAUSE)
    assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
    assert len(line.sent) == 1, "the bank would take a copy for another payment"
    assert await open_alerts(shop) == set()
    await shop.pass_days(1)
    assert "payment_in_doubt" in await open_alerts(shop)
    await shop.pass_days(3)
    assert {"payment_in_doubt", "payment_undecided"} <= await open_alerts(shop)
    with pytest.raises(NothingProposed):
        await doubts.approve(shop.world, reference, by="officer-2")
    with pytest.raises(BadProposal):
        await doubts.propose(shop.world, reference, Verdict.unpaid, by="officer-1", reason=" ")
    await doubts.propose(shop.world, reference, Verdict.unpaid, by="officer-1", reason=WHY)
    with pytest.raises(SamePerson):
        await doubts.approve(shop.world, reference, by="officer-1")
    (listed,) = await doubts.listed(shop.world)
    assert (listed.reference, listed.proposed, listed.proposed_by, listed.reason) == (
        reference, Verdict.unpaid, "officer-1", WHY,
    )  # fmt: skip
    assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
    decided = await doubts.approve(shop.world, reference, by="officer-2")
    assert (decided.state, decided.approved_by) == ("failed", "officer-2")
    assert (await shop.offer())["exposure_amount"] == 0
    with pytest.raises(NotInDoubt):
        await doubts.propose(shop.world, reference, Verdict.paid, by="officer-1", reason=WHY)
    line.deaf = False  # the bank had it all along
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "failed"
    assert "bank_contradicts" in await open_alerts(shop)
    assert not {"payment_in_doubt", "payment_undecided"} & await open_alerts(shop)
    assert await shop.sent(drawdown_id) == 1


async def test_a_payment_found_paid_still_waits_for_its_statement_and_an_old_proposal_ends_no_new_doubt(
    shop: Shop,
) -> None:
    line = over(shop, resend_hours=0)
    line.loses, line.deaf = "answers", True
    drawdown_id = await shop.draw()
    reference = end_to_end_id(drawdown_id)
    await jobs_only(shop)
    with pytest.raises(UnknownPayment):
        await doubts.propose(shop.world, "DRWNOBODY", Verdict.paid, by="officer-1", reason=WHY)
    await doubts.propose(shop.world, reference, Verdict.paid, by="officer-1", reason=WHY)
    assert (await doubts.approve(shop.world, reference, by="officer-2")).state == "pending"
    await shop.pass_days(6)
    assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
    with pytest.raises(NothingProposed):
        await doubts.approve(shop.world, reference, by="officer-2")
    line.deaf = False
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert (await shop.verify()).problems == ()


@pytest.mark.parametrize("hours", [1, None])
async def test_identical_bytes_go_again_only_inside_the_banks_window(shop: Shop, hours: int | None) -> None:
    line = over(shop, resend_hours=hours)
    line.loses, line.deaf = "requests", True
    drawdown_id = await shop.draw()
    await jobs_only(shop)
    await jobs_only(shop, PAUSE)
    assert len(line.sent) == 2
    assert len(set(line.sent)) == 1
    line.loses = None
    await jobs_only(shop, timedelta(hours=2))
    await shop.work()
    again = 1 if hours is None else 0
    assert (len(line.sent), await shop.sent(drawdown_id)) == (2 + again, again)
    assert (await shop.drawdown(drawdown_id))["state"] == ("pending" if again else "in_doubt")


async def test_a_debit_whose_answer_is_lost_is_in_doubt_and_settles_once(shop_on_both: Shop) -> None:
    shop = shop_on_both
    line, drawdown_id = over(shop), await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    await shop.sell()
    await shop.close()
    line.loses, line.deaf = "answers", True
    await jobs_only(shop)
    (share,) = await shop.repayments(drawdown_id)
    assert (share["state"], share["reason"]) == ("in_doubt", "bank_unanswered")
    line.loses = None
    await jobs_only(shop, PAUSE)
    (share,) = await shop.repayments(drawdown_id)
    assert (share["state"], share["reason"]) == ("initiated", None)
    line.deaf = False
    await shop.pass_days(3)
    (share,) = await shop.repayments(drawdown_id)
    assert share["state"] == "settled"
    assert (await shop.states(share["id"])) == ["scheduled", "in_doubt", "initiated", "pending", "settled"]
    assert (await shop.verify()).problems == ()


async def test_a_debit_the_bank_never_answers_ends_by_two_people_and_is_owed_again(shop: Shop) -> None:
    line, drawdown_id = over(shop), await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    await shop.sell()
    await shop.close()
    line.deaf = True
    await jobs_only(shop)
    assert [one["state"] for one in await shop.repayments(drawdown_id)] == ["initiated"]
    await shop.pass_days(2)
    (share,) = await shop.repayments(drawdown_id)
    assert (share["state"], share["reason"]) == ("in_doubt", "bank_silent")
    await shop.pass_days(1)
    assert "payment_in_doubt" in await open_alerts(shop)
    reference = end_to_end_id(share["id"])
    await doubts.propose(shop.world, reference, Verdict.unpaid, by="officer-1", reason=WHY)
    await doubts.approve(shop.world, reference, by="officer-2")
    (share,) = [one for one in await shop.repayments(drawdown_id) if one["id"] == share["id"]]
    assert (share["state"], share["reason"]) == ("failed", "found_unpaid")
    await shop.work()
    assert "payment_in_doubt" not in await open_alerts(shop)
    assert (await shop.verify()).problems == ()


async def test_a_worker_that_lost_its_lease_sends_nothing(shop_on_both: Shop) -> None:
    shop = shop_on_both
    line, drawdown_id = over(shop), await shop.draw()
    line.deaf = True
    slow = None
    while slow is None or slow.kind != instructions.SEND:
        slow = await jobs.claim(shop.world)
        assert slow is not None
        if slow.kind != instructions.SEND:
            await jobs.run(shop.world, slow, work.HANDLERS)
    shop.gateway.clock.at += jobs.LEASE + PAUSE
    quick = await jobs.claim(shop.world)
    assert quick is not None
    assert quick.fence == slow.fence + 1
    await jobs.run(shop.world, slow, {slow.kind: payments.send})
    assert line.sent == []
    await jobs.run(shop.world, quick, {quick.kind: payments.send})
    assert (len(line.sent), await shop.sent(drawdown_id)) == (1, 1)


class Overtaken(Lossy):
    """Another worker takes the job over and reaches the bank while the first one's own sending comes to nothing."""

    shop: Shop
    says: Ack | Unreachable

    async def submit(self, message: bytes) -> Ack:
        if self.sent:
            return await super().submit(message)
        self.sent.append(message)
        self.shop.gateway.clock.at += jobs.LEASE + PAUSE
        quick = await jobs.claim(self.shop.world)
        assert quick is not None
        await jobs.run(self.shop.world, quick, {quick.kind: payments.send})
        if isinstance(self.says, Unreachable):
            raise self.says
        return self.says


@pytest.mark.parametrize(
    "says", [Ack(accepted=False, reason="FF01"), Unreachable("down")], ids=["refused", "unreached"]
)
async def test_what_a_worker_hears_that_was_overtaken_says_nothing_of_the_copy_that_got_through(
    shop: Shop, says: Ack | Unreachable
) -> None:
    line = over(shop, Overtaken)
    line.shop, line.says, line.deaf = shop, says, True
    drawdown_id = await shop.draw()
    await jobs_only(shop)
    (found,) = await shop.world.store.all(sql.instructions.find, Instruction, end_to_end_id=end_to_end_id(drawdown_id))
    assert found.sent_at is not None
    line.deaf = False
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert await shop.sent(drawdown_id) == 1


async def test_references_fit_the_rail_and_numbered_files_are_never_given_twice(shop_on_both: Shop) -> None:
    shop = shop_on_both
    over(shop, reference_length=15, files_per_day=2, timezone="Pacific/Auckland")
    step = (await shop.offer())["step_amount"]
    drawn = [await shop.draw(step) for _ in range(3)]
    await shop.work()
    url = shop.world.settings.database_url
    stored = await shops.rows(url, "SELECT end_to_end_id, message_id FROM instructions ORDER BY message_id")
    assert [message_id for _, message_id in stored] == ["20260302-000000", "20260302-000001"]
    assert {len(reference) for reference, _ in stored} == {15}
    states = {one: (await shop.drawdown(one))["state"] for one in drawn}
    assert sorted(states.values()) == ["active", "active", "approved"]
    shown = {(await shop.drawdown(one))["end_to_end_id"] for one in drawn}
    assert shown == {None, *(reference for reference, _ in stored)}
    await shop.pass_days(1)
    assert {(await shop.drawdown(one))["state"] for one in drawn} == {"active"}
    assert (await shop.verify()).problems == ()


async def test_a_payment_is_found_by_the_banks_own_reference(shop: Shop) -> None:
    line = over(shop, resend_hours=0)
    line.loses, line.deaf, line.known_as = "answers", True, "bank-7"
    drawdown_id = await shop.draw()
    await jobs_only(shop)
    found = await shop.world.store.all(
        sql.instructions.by_bank_reference, Instruction, bank_reference="bank-7", bank_id=shop.lender.id
    )
    assert [one.drawdown_id for one in found] == [drawdown_id]


async def test_a_debit_larger_than_the_rail_takes_is_several_and_sums_to_the_share(shop_on_both: Shop) -> None:
    shop = shop_on_both
    line, drawdown_id = over(shop), await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    share = shops.TAKINGS_AMOUNT * (await shop.drawdown(drawdown_id))["withhold_bps"] // 10_000
    most = share // 3 + 1
    line.capabilities = msgspec.structs.replace(line.capabilities, most_amounts={"EUR": most})
    await shop.sell()
    assert (await shop.close())["withheld_amount"] == share
    parts = await shop.repayments(drawdown_id)
    assert [one["amount"] for one in parts] == rules.split(share, most)
    assert len(parts) == 3
    await shop.pass_days(3)
    parts = await shop.repayments(drawdown_id)
    assert [one["state"] for one in parts[:3]] == ["settled"] * 3
    assert (await shop.drawdown(drawdown_id))["repaid_amount"] == share
    assert (await shop.verify()).problems == ()
