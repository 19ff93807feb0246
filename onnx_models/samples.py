"""Rows to learn from, cut out of simulated lives: features strictly before a day, outcomes strictly from it on.

Merchants are drawn in chunks, each from its own seed, so that any chunk can be made again alone. Amounts become
integers before any feature sees them, as in the gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from gateway.domain import features as f
from gateway.domain import paths
from onnx_models import parameters as p
from onnx_models import records, scenarios
from onnx_models import simulator as s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from onnx_models.simulator import Floats, Ints

    Features = NDArray[np.float32]

CHUNK = 1000
LEAST_ACTIVE = 2  # of the last 28 days, for a forecast to mean anything


class Forecasts(NamedTuple):
    """Forecast rows: `features` (n, 24), `ratio` (n,) = what was sold over `horizon` days at the 28-day mean."""

    features: Features
    ratio: Floats


class Loans(NamedTuple):
    """Loan rows: `features` (n, k), `defaulted` (n,), and the oracle's own risk where it was asked for (else NaN)."""

    features: Features
    defaulted: NDArray[np.bool_]
    oracle: Floats


class Paths(NamedTuple):
    """Year-ahead rows: `features` (n, k), `ratio` (n, len(KNOTS)) = the average week until each knot at that mean."""

    features: Features
    ratio: Floats


Rows = TypeVar("Rows", Forecasts, Loans, Paths)


class Chunk(NamedTuple):
    """CHUNK merchants who lived once without a loan."""

    rng: np.random.Generator
    shops: s.Shops
    sales: s.Sales
    lives: s.Lives
    net: Ints
    refunds: Ints
    tickets: Ints
    records: records.Records
    consents: np.random.Generator  # of its own, so that who lets us see what changes nothing else


def chunk(
    seed: int,
    number: int,
    sectors: Mapping[str, p.Sector] = p.SECTORS,
    count: int = CHUNK,
    scenario: scenarios.Scenario = scenarios.PLAIN,
) -> Chunk:
    """The `number`-th chunk of merchants of `seed`; their tills' rows as (days, n) integers."""
    rng, side = np.random.default_rng([seed, number]), np.random.default_rng([seed, number, 1])
    shops = scenario.shops(side, s.open_shops(rng, count, sectors))
    sales = scenario.sales(side, s.sell(rng, shops))
    lives = s.live(rng, shops, sales, s.first_books(shops, sales), since=np.zeros(count, np.int64), keep=True)
    net, refunds, tickets = s.ledger(sales, lives.closed)
    seen = records.records(side, shops, net, lives, list(sectors))
    told = scenario.told(side, net)
    seen = seen._replace(seen_net=seen.seen_net + told - net)
    return Chunk(rng, shops, sales, lives, told, refunds, tickets, seen, side)


def forecasts(one: Chunk, horizon: int, origins: int, *, young: bool = False) -> Forecasts:
    """`origins` random days of each merchant; `young` ones have 10 to 55 known days, others at least 56."""
    count = len(one.shops.ticket)
    sums = np.vstack([np.zeros((1, count), np.int64), np.cumsum(one.net, axis=0)])
    found = []
    for _ in range(origins):
        day = one.rng.integers(400, p.DAYS - horizon + 1, count)
        day = np.where(one.rng.random(count) < 0.6, day, one.rng.integers(100, p.DAYS - horizon + 1, count))
        length = day - one.shops.known
        length = one.rng.integers(10, f.FORECAST_MIN_DAYS, count) if young else length
        keep = (length <= day) & (length > 0) & (young | (length >= f.FORECAST_MIN_DAYS))
        past = _histories(one, day, np.maximum(length, 1))
        level = past.net[:, -28:].sum(axis=1) / np.clip(length, 1, 28)
        ahead = (sums[day + horizon, np.arange(count)] - sums[day, np.arange(count)]) / horizon
        which = np.flatnonzero(keep & (level > 0) & ((past.net[:, -28:] > 0).sum(axis=1) >= LEAST_ACTIVE))
        found.append(Forecasts(f.forecast_features(_pick(past, which), horizon), ahead[which] / level[which]))
    return joined(found)


def year_paths(one: Chunk, origins: int, *, young: bool = False) -> Paths:
    """As `forecasts`, for days whose next 52 weeks are known: shops that close sell nothing more."""
    count = len(one.shops.ticket)
    sums = np.vstack([np.zeros((1, count), np.int64), np.cumsum(one.net, axis=0)])
    found = []
    for _ in range(origins):
        day = one.rng.integers(100, p.DAYS - 7 * paths.WEEKS + 1, count)
        length = one.rng.integers(10, f.FORECAST_MIN_DAYS, count) if young else day - one.shops.known
        past = _histories(one, day, np.maximum(length, 1))
        level = past.net[:, -28:].sum(axis=1) / np.clip(length, 1, 28)
        busy = (past.net[:, -28:] > 0).sum(axis=1) >= LEAST_ACTIVE
        which = np.flatnonzero((young | (length >= f.FORECAST_MIN_DAYS)) & (level > 0) & busy)
        start = sums[day, np.arange(count)]
        ahead = np.stack([sums[day + 7 * k, np.arange(count)] - start for k in paths.KNOTS], axis=1)
        ratio = ahead[which] / (level[which, None] * 7 * np.array(paths.KNOTS))
        found.append(Paths(paths.path_features(_pick(past, which)), ratio))
    return joined(found)


def loans(one: Chunk, draws: int, *, replays: int = 0, consent: str | None = None) -> Loans:
    """`draws` loans of each merchant, each drawn alone; with `replays`, the oracle lives each future that often.

    `consent`: what every merchant lets us see, one of parameters.CONSENTS; None = each its own.
    """
    books = s.Books(*(np.stack(column) for column in zip(*one.lives.books, strict=True)))
    return joined([_loan(one, books, replays, consent) for _ in range(draws)])


def joined(parts: list[Rows]) -> Rows:
    """The rows of all `parts`, in their order."""
    return type(parts[0])(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _loan(one: Chunk, books: s.Books, replays: int, consent: str | None) -> Loans:
    """A loan of random size on a random day to every merchant who trades on it."""
    count = len(one.shops.ticket)
    day = one.rng.integers(100, p.DAYS - p.OUTCOME_DAYS, count)
    length = day - one.shops.known
    past = _histories(one._replace(net=one.records.seen_net), day, np.maximum(length, 1))
    rev30 = past.net[:, -30:].sum(axis=1)
    active = (past.tickets[:, -30:] > 0).sum(axis=1)
    which = np.flatnonzero((one.lives.closed > day) & (length >= 60) & (rev30 > 0) & (active >= 2 * LEAST_ACTIVE))
    amount = np.floor(rev30[which] * one.rng.uniform(*p.LOAN_RATIO, len(which))).astype(np.int64)
    start = s.Books(*(item[day[which] - 1, which] for item in books))
    sales = s.Sales(*(_ahead(item, day[which], which) for item in one.sales))
    shops = s.take(one.shops, which)
    lives = s.live(one.rng, shops, sales, start, since=day[which], loan=amount.astype(np.float64))
    unknown = np.full(len(which), np.nan)
    oracle = _oracle(one, day, which, start, amount, replays=replays) if replays else unknown
    seen = records.evidence(one.records, day, np.maximum(length, 1), which, f.HISTORY_DAYS)
    seen = records.consented(one.consents, seen, consent)
    return Loans(f.pd_features(_pick(past, which), amount, seen), lives.defaulted, oracle)


def _oracle(one: Chunk, day: Ints, which: Ints, books: s.Books, amount: Ints, *, replays: int) -> Floats:
    """The simulator's own risk: the share of replayed futures, from the true hidden state, that end in default."""
    since = day[which]
    state = np.stack([item[since - 1, which] for item in (one.sales.level, one.sales.swing, one.sales.trend)])
    shops = s.take(one.shops, which)
    defaults = np.zeros(len(which))
    for _ in range(replays):
        sales = s.sell(one.rng, shops, p.OUTCOME_DAYS, since, state)
        defaults += s.live(one.rng, shops, sales, books, since=since, loan=amount.astype(np.float64)).defaulted
    return defaults / replays


def _histories(one: Chunk, day: Ints, length: Ints) -> f.Histories:
    """What was known of each merchant at the start of its `day`."""
    back = day + np.arange(-f.HISTORY_DAYS, 0)[:, None]
    known = (back >= 0) & (back >= day - length)
    columns = np.arange(len(day))
    cut = [np.where(known, item[np.maximum(back, 0), columns], 0).T for item in (one.net, one.refunds, one.tickets)]
    net, refunds, tickets = (np.ascontiguousarray(item) for item in cut)
    return f.Histories(net, refunds, tickets, length, one.shops.start + day)


def _pick(past: f.Histories, which: Ints) -> f.Histories:
    return f.Histories(*(item[which] for item in past))


def _ahead(item: Floats, day: Ints, which: Ints) -> Floats:
    """(OUTCOME_DAYS, n): the days from each merchant's own `day` on."""
    return np.asarray(item[day + np.arange(p.OUTCOME_DAYS)[:, None], which])
