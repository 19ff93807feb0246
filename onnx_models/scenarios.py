"""Populations kept out of training: what a bad year, a thin history or a liar looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from onnx_models import parameters as p

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    from onnx_models.simulator import Sales, Shops

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Scenario(NamedTuple):
    """What differs from the plain simulator: the shops, what they really sell, and what their till tells of it."""

    shops: Callable[[Generator, Shops], Shops]
    sales: Callable[[Generator, Sales], Sales]
    told: Callable[[Generator, Ints], Ints]


def _same_shops(_: Generator, shops: Shops) -> Shops:
    return shops


def _same_sales(_: Generator, sales: Sales) -> Sales:
    return sales


def _honest(_: Generator, net: Ints) -> Ints:
    return net


def _from(rng: Generator, shape: tuple[int, ...]) -> Ints:
    """(days, n) days since the change began, negative before."""
    return np.asarray(np.arange(shape[0])[:, None] - rng.integers(*p.SCENARIO_FROM, shape[1]))


def _scaled(sales: Sales, factor: Floats) -> Sales:
    return sales._replace(
        gross=sales.gross * factor, refunds=sales.refunds * factor, tickets=np.rint(sales.tickets * factor)
    )


def _decline(rng: Generator, sales: Sales) -> Sales:
    since = np.maximum(_from(rng, sales.gross.shape), 0)
    return _scaled(sales, np.exp(-p.DECLINE * since / 365))


def _shock(rng: Generator, sales: Sales) -> Sales:
    since = _from(rng, sales.gross.shape)
    count = sales.gross.shape[1]
    hit = (since >= 0) & (since < rng.integers(*p.SHOCK_LASTS, count))
    return _scaled(sales, np.where(hit, rng.uniform(*p.SHOCK_FACTOR, count), 1.0))


def _inflated(rng: Generator, net: Ints) -> Ints:
    lies = np.where(_from(rng, net.shape) >= 0, rng.uniform(*p.INFLATION, net.shape[1]), 1.0)
    return np.rint(np.where(net > 0, net * lies, net)).astype(np.int64)


def _newcomers(rng: Generator, shops: Shops) -> Shops:
    """Data begins late: few of the loan days after it have a year of history, many have two months."""
    late = rng.integers(400, p.DAYS - p.OUTCOME_DAYS - 60, len(shops.known))
    return shops._replace(known=np.maximum(shops.known, late))


PLAIN = Scenario(_same_shops, _same_sales, _honest)
SCENARIOS = {
    "declining": Scenario(_same_shops, _decline, _honest),
    "shock": Scenario(_same_shops, _shock, _honest),
    "fraud": Scenario(_same_shops, _same_sales, _inflated),
    "thin": Scenario(_newcomers, _same_sales, _honest),
}
