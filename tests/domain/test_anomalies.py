"""Oddities: an honest shop has none, each lie shows in its own number, what cannot be told is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway.domain import anomalies as a
from gateway.domain import features as f
from tests.domain.test_features import histories

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS = f.HISTORY_DAYS


def shop(seed: int = 0, length: int = 400) -> tuple[f.Histories, a.Witness]:
    """A shop shut on every seventh day, with all witnesses."""
    rng = np.random.default_rng(seed)
    open_on = np.arange(DAYS) % 7 != 3
    known = np.arange(DAYS, 0, -1) <= length
    tickets = rng.poisson(40, (1, DAYS)) * open_on * known
    net = np.rint(tickets * 2500 * np.exp(0.1 * rng.standard_normal((1, DAYS)))).astype(np.int64)
    past = f.Histories(net, np.zeros_like(net), tickets, np.array([length]), np.array([738_000]))
    return past, a.Witness(rng.binomial(tickets, 0.1), np.ones(1, bool), np.full((1, len(a.FACTS)), 1000.0))


def odd(past: f.Histories, witness: a.Witness, name: str) -> float:
    return float(a.anomaly_features(past, witness)[0, a.ANOMALY_FEATURES.index(name)])


def test_an_honest_shop_is_not_odd() -> None:
    rows = a.anomaly_features(*shop())
    assert rows.shape == (1, 8)
    assert rows.dtype == np.float32
    assert (rows < 4).all()


@pytest.mark.parametrize(
    ("name", "lie"),
    [
        ("ticket_shift", lambda p: p._replace(net=np.where(np.arange(DAYS) >= DAYS - 14, p.net * 2, p.net))),
        ("day_spike", lambda p: p._replace(net=np.where(np.arange(DAYS) == DAYS - 3, p.net * 9, p.net))),
        ("level_shift", lambda p: p._replace(net=np.where(np.arange(DAYS) >= DAYS - 14, p.net * 3, p.net))),
    ],
)
def test_each_lie_shows_in_its_own_number(name: str, lie: Callable[[f.Histories], f.Histories]) -> None:
    past, witness = shop()
    assert odd(lie(past), witness, name) > odd(past, witness, name) + 3


def test_round_tickets_show() -> None:
    past, witness = shop()
    rounds = np.where(np.arange(DAYS) >= DAYS - 14, past.tickets * 7 // 10, witness.round_tickets)
    assert odd(past, witness._replace(round_tickets=rounds), "round_share_shift") > 5


def test_sales_on_closed_days_show_as_their_share() -> None:
    past, witness = shop()
    shut = (np.arange(DAYS) % 7 == 3) & (np.arange(DAYS) >= DAYS - 14)
    assert odd(past, witness, "closed_day_share") == 0
    assert odd(past._replace(net=np.where(shut, 100_000, past.net)), witness, "closed_day_share") > 0.1


def test_sales_that_outgrow_what_was_bought_and_taxed_show() -> None:
    past, witness = shop()
    grown = past._replace(net=np.where(np.arange(DAYS) >= DAYS - 90, past.net * 2, past.net))
    for name in ("sales_to_purchases", "sales_to_tax", "sales_to_utility"):
        assert odd(grown, witness, name) > odd(past, witness, name) + 0.5


def test_what_cannot_be_told_is_missing() -> None:
    past, witness = shop(length=60)
    assert np.isnan(odd(past, witness, "ticket_shift"))
    long, _ = shop()
    assert np.isnan(odd(long, a.unheard(1, DAYS), "round_share_shift"))
    assert np.isnan(odd(long, a.unheard(1, DAYS), "sales_to_tax"))
    rare = long._replace(net=np.where(np.arange(DAYS) % 40 == 0, long.net, 0))
    assert np.isnan(odd(rare, witness, "closed_day_share"))


def test_any_history_gives_defined_numbers() -> None:
    rows = a.anomaly_features(histories(300), a.unheard(300, DAYS))
    assert not np.isinf(rows).any()
    assert (np.nan_to_num(rows) >= 0).all()
    assert (np.nan_to_num(rows) <= a.CEILING).all()


def test_a_row_does_not_depend_on_its_batch() -> None:
    past = histories(60, 6)
    whole = a.anomaly_features(past, a.unheard(60, DAYS))
    for i in (0, 31, 59):
        own = f.Histories(*(item[i : i + 1] for item in past))
        assert a.anomaly_features(own, a.unheard(1, DAYS)).tobytes() == whole[i : i + 1].tobytes()
