from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain import (
    agreements,
    alerts,
    arrangements,
    authorities,
    bank_statements,
    changes,
    connections,
    consents,
    deliveries,
    drawdowns,
    erasures,
    governance,
    mandates,
    merchants,
    notices,
    offers,
    passkeys,
    remittances,
    repayments,
    reviews,
    schedules,
    states,
    webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

TABLES: list[tuple[Any, Any]] = [
    (drawdowns.DrawdownState, drawdowns.MOVES),
    (remittances.RemittanceState, remittances.MOVES),
    (repayments.RepaymentState, repayments.MOVES),
    (bank_statements.EntryState, bank_statements.MOVES),
    (offers.OfferState, offers.MOVES),
    (agreements.AgreementState, agreements.MOVES),
    (alerts.AlertState, alerts.MOVES),
    (arrangements.ArrangementState, arrangements.MOVES),
    (schedules.Health, schedules.MOVES),
    (authorities.AuthorityState, authorities.MOVES),
    (changes.ChangeState, changes.MOVES),
    (connections.ConnectionState, connections.MOVES),
    (consents.ConsentState, consents.MOVES),
    (mandates.MandateState, mandates.MOVES),
    (notices.NoticeState, notices.MOVES),
    (reviews.ReviewState, reviews.MOVES),
    (webhooks.WebhookState, webhooks.MOVES),
    (deliveries.DeliveryState, deliveries.MOVES),
    (merchants.MerchantState, merchants.MOVES),
    (erasures.ErasureState, erasures.MOVES),
    (governance.Step, governance.MOVES),
    (passkeys.PasskeyState, passkeys.MOVES),
]
D = drawdowns.DrawdownState
CAN_STILL_BORROW = {D.awaiting_confirmation, D.requested, D.reviewing, D.approved}


@pytest.mark.parametrize(("kind", "moves"), TABLES)
def test_every_state_has_its_row_and_every_move_leads_to_a_state(
    kind: type[StrEnum], moves: Mapping[Any, frozenset[Any]]
) -> None:
    assert set(moves) == set(kind)
    assert all(target in moves for targets in moves.values() for target in targets)


@pytest.mark.parametrize(("kind", "moves"), TABLES)
def test_only_the_moves_of_the_table_pass(kind: type[StrEnum], moves: Mapping[Any, frozenset[Any]]) -> None:
    for source in kind:
        for target in kind:
            if target in moves[source]:
                states.check(moves, source, target)
            else:
                with pytest.raises(states.IllegalMove):
                    states.check(moves, source, target)


@pytest.mark.parametrize("state", [D.approved, D.submitted, D.pending, D.in_doubt, D.active])
def test_after_the_click_no_way_leads_back_to_a_state_from_which_money_would_go_again(state: D) -> None:
    reached: set[D] = set()
    waiting = [state]
    while waiting:
        for target in drawdowns.MOVES[waiting.pop()] - reached:
            reached.add(target)
            waiting.append(target)
    assert not reached & CAN_STILL_BORROW


def test_a_doubt_ends_by_the_banks_word_alone() -> None:
    assert drawdowns.MOVES[D.in_doubt] == {D.pending, D.active, D.failed}


def test_a_debit_that_may_be_with_the_bank_is_never_canceled_nor_scheduled_again() -> None:
    r = repayments.RepaymentState
    begun = {r.initiated, r.pending, r.in_doubt}
    reached = set().union(*(repayments.MOVES[state] for state in begun))
    assert not reached & {r.scheduled, r.canceled}
    assert repayments.MOVES[r.in_doubt] >= {r.settled, r.failed}
    assert begun < repayments.OPEN
