"""What others saw of simulated lives: it adds up, leaks nothing of the future, and respects consent."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.domain import evidence as e
from gateway.domain import features as f
from onnx_models import parameters as p
from onnx_models import records, samples, scenarios
from onnx_models.parameters import SECTORS


@pytest.fixture(scope="module")
def one() -> samples.Chunk:
    return samples.chunk(97, 8, SECTORS, 200)


def at(one: samples.Chunk, day: int = 700) -> e.Evidence:
    days = np.full(200, day)
    return records.evidence(one.records, days, np.full(200, 650), np.arange(200), f.HISTORY_DAYS)


def test_nothing_from_the_day_on_reaches_the_evidence(one: samples.Chunk) -> None:
    before = at(one)
    changed = {
        name: np.concatenate([item[:700], np.full_like(item[700:], 10**6)])
        for name, item in zip(one.records._fields, one.records, strict=True)
        if item.ndim == 2
    }
    after = at(one._replace(records=one.records._replace(**changed)))
    assert all(np.array_equal(old, new) for old, new in zip(before, after, strict=True))


def test_money_in_less_money_out_is_the_change_of_the_balance_where_nothing_is_hidden(one: samples.Chunk) -> None:
    seen = one.records
    change = np.diff(seen.balance, axis=0)
    left = seen.seen_net[1:] - seen.outflow[1:]
    spent = seen.outflow[1:] > 0
    assert np.abs(change - left)[spent].max() <= 2


def test_payouts_carry_all_sales_late(one: samples.Chunk) -> None:
    told, sold = one.records.seen_net.sum(axis=0), one.net.sum(axis=0)
    waiting = sold - told
    assert (np.abs(waiting) <= np.abs(one.net[-30:]).sum(axis=0)).all()
    assert (np.count_nonzero(one.records.seen_net, axis=0) < np.count_nonzero(one.net, axis=0)).any()


def test_consent_hides_what_it_does_not_name(one: samples.Chunk) -> None:
    whole, rng = at(one), np.random.default_rng(1)
    sales = records.consented(rng, whole, "sales")
    assert not sales.flows_known.any()
    assert np.isnan(sales.facts).all()
    flows = records.consented(rng, whole, "flows")
    assert flows.flows_known.all()
    assert not flows.balance_known.any()
    everything = records.consented(rng, whole, "all")
    assert everything.balance_known.all()
    assert np.array_equal(everything.facts, whole.facts)
    mixed = records.consented(rng, whole)
    assert 0 < mixed.flows_known.mean() < 1


def test_seeing_records_does_not_change_sales() -> None:
    plain = samples.chunk(97, 9, SECTORS, 50)
    liar = samples.chunk(97, 9, SECTORS, 50, scenarios.SCENARIOS["fraud"])
    assert np.array_equal(plain.lives.closed, liar.lives.closed)
    assert (liar.net >= plain.net)[plain.net > 0].all()
    assert liar.net.sum() > plain.net.sum()


@pytest.mark.parametrize(("name", "low", "high"), [("declining", 0.05, 0.6), ("shock", 0.5, 0.9999)])
def test_a_scenario_takes_sales_away(name: str, low: float, high: float) -> None:
    plain = samples.chunk(97, 10, SECTORS, 100).sales.gross[900:].sum()
    changed = samples.chunk(97, 10, SECTORS, 100, scenarios.SCENARIOS[name]).sales.gross[900:].sum()
    assert low < changed / plain < high


def test_every_sector_has_a_usual_stock() -> None:
    assert set(p.SECTORS) | set(p.UNSEEN) == set(p.STOCK_COVER)
    assert sum(p.CONSENTS.values()) == pytest.approx(1)
