from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.usecases import rates as rates_
from gateway.usecases.rates import Rates, TooManyRequests
from tests.gateways import StillClock


def test_a_minutes_share_may_be_spent_at_once_and_comes_back_evenly() -> None:
    clock = StillClock()
    rates = Rates(clock, 60)
    for _ in range(60):
        rates.take("cli_a")
    with pytest.raises(TooManyRequests) as refused:
        rates.take("cli_a")
    assert refused.value.facts["retry_after"] == 1
    rates.take("cli_b")
    clock.at += 2 * timedelta(seconds=1)
    rates.take("cli_a")
    rates.take("cli_a")
    with pytest.raises(TooManyRequests):
        rates.take("cli_a")


@given(st.lists(st.integers(min_value=0, max_value=90), max_size=60), st.integers(min_value=1, max_value=20))
def test_no_minute_holds_more_than_two_shares(pauses: list[int], per_minute: int) -> None:
    clock = StillClock()
    rates, taken = Rates(clock, per_minute), []
    for pause in pauses:
        clock.at += timedelta(seconds=pause)
        try:
            rates.take("cli_a")
        except TooManyRequests:
            continue
        taken.append(clock.at)
    minute = timedelta(minutes=1)
    assert all(sum(start <= at < start + minute for at in taken) <= 2 * per_minute for start in taken)


def test_only_so_many_clients_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_, "KNOWN_COUNT", 2)
    rates = Rates(StillClock(), 1)
    for client in ("cli_a", "cli_b", "cli_c"):
        rates.take(client)
    assert list(rates._due) == ["cli_b", "cli_c"]
