from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import banks
from gateway.domain.banks import Breaker, Health, Standing, Stopped, Switch, Way

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEW = Breaker("bnk_one", "iso20022", Way.send)


def test_it_opens_at_the_fifth_failure_in_a_row_and_a_success_in_between_starts_the_count_again() -> None:
    breaker = NEW
    for _ in range(banks.FAILURES_COUNT - 1):
        breaker = banks.failed(breaker, START)
    assert banks.may_try(breaker, START)
    assert banks.failed(breaker, START).retry_at == START + banks.PAUSES[0]
    breaker = banks.failed(banks.succeeded(breaker), START)
    assert (breaker.failures_count, breaker.retry_at) == (1, None)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 700)), max_size=60))
def test_while_it_is_open_each_pause_lets_one_attempt_through_and_pauses_only_grow(
    attempts: list[tuple[bool, int]],
) -> None:
    breaker, now, opened_pauses = NEW, START, 0
    for fails, seconds in attempts:
        now += timedelta(seconds=seconds)
        if not banks.may_try(breaker, now):
            assert breaker.retry_at is not None
            assert breaker.retry_at > now
            continue
        trying = banks.tried(breaker, now)
        if breaker.retry_at is not None:
            assert not banks.may_try(trying, now)
            assert trying.pauses_count == breaker.pauses_count + 1
        breaker = banks.failed(trying, now) if fails else banks.succeeded(trying)
        assert (breaker.retry_at is not None) == (breaker.failures_count >= banks.FAILURES_COUNT)
        opened_pauses = max(opened_pauses, breaker.pauses_count)
        if not fails:
            assert breaker == NEW
    assert opened_pauses <= len(attempts)


@pytest.mark.parametrize(
    ("stopped", "payouts", "debits"),
    [(Stopped.nothing, True, True), (Stopped.lending, False, True), (Stopped.everything, False, False)],
    ids=list(Stopped),
)
def test_what_a_person_stopped_is_not_sent(stopped: Stopped, *, payouts: bool, debits: bool) -> None:
    assert banks.may_send(stopped, collects=False) is payouts
    assert banks.may_send(stopped, collects=True) is debits
    assert (banks.health(Standing(stopped), START) is Health.open) is payouts


def test_a_bank_is_unanswering_while_any_breaker_pauses() -> None:
    paused = Breaker("bnk_one", "obie", Way.fetch, 5, 1, START + timedelta(seconds=1))
    standing = Standing(breakers=(NEW, paused))
    assert banks.health(standing, START) is Health.unanswering
    assert banks.health(standing, START + timedelta(seconds=1)) is Health.open
    assert standing.breaker("bnk_one", "obie", Way.fetch) == paused
    assert standing.breaker("bnk_one", "obie", Way.send) == Breaker("bnk_one", "obie", Way.send)


def test_no_offer_is_made_on_a_bank_that_is_stopped_or_silent_for_long() -> None:
    def silent(pauses_count: int) -> Standing:
        return Standing(breakers=(NEW, Breaker("bnk_one", "obie", Way.fetch, 9, pauses_count, START)))

    assert banks.may_offer(silent(len(banks.PAUSES) - 1))
    assert not banks.may_offer(silent(len(banks.PAUSES)))
    assert not banks.may_offer(Standing(Stopped.lending))


@pytest.mark.parametrize(
    ("by", "reason"),
    [("A Name", "why"), ("officer-1", " "), ("officer-1", "x" * 501), ("officer-1", "a\nb")],
    ids=["a name", "no reason", "too long", "two lines"],
)
def test_a_switch_names_an_account_and_a_reason(by: str, reason: str) -> None:
    with pytest.raises(banks.BadSwitch):
        banks.checked(Switch("bnk_one", Stopped.lending, by, reason, START))
