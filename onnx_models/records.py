"""What bank, suppliers, tax office, utility and stock count saw of simulated lives: derived from the cash process.

The cash process knows what a shop has after everything it owes. Here bills fall due in batches, are put off when
cash is short (or out of habit), part of the money lies elsewhere, and payouts come in lumps: what is seen is a noisy
picture, as it is of real shops. It draws from a generator of its own, so that sales do not depend on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import evidence as e
from onnx_models import parameters as p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from onnx_models.simulator import Lives, Shops

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Records(NamedTuple):
    """(days, n) each: what is written down at the end of a day."""

    seen_net: Ints  # sales as they reach us: daily, or in payouts
    outflow: Ints
    balance: Ints
    cost: Floats  # what the goods sold cost, smoothed over a month
    goods: Floats  # cumulative, what suppliers delivered: sales, smoothed over a month
    supplier_paid: Floats  # cumulative
    fixed: Floats  # cumulative
    supplier_overdue: Floats  # days
    tax_arrears: Floats  # days
    utility_late: Floats  # cumulative count
    missed: Floats  # cumulative count
    stock: Floats
    usual_cover: Floats  # (n,)
    instalment: Floats  # (n,) within 30 days


class _Habits(NamedTuple):
    """How n shops pay."""

    terms: Ints
    batch: Ints
    phase: Ints
    tax: Floats
    utility: Floats
    reserve: Floats
    habit: Floats
    split: Floats  # (n, 3): of what is put off, the suppliers', the tax office's and the utility's part
    sweep: Floats
    seen: Floats
    payout: Ints


def records(rng: Generator, shops: Shops, net: Ints, lives: Lives, names: Sequence[str]) -> Records:
    """The records of n shops; `net` (days, n) whole minor units sold, `names` the sectors' names by number."""
    closed, books = lives.closed, lives.books
    days, count = net.shape
    habits = _habits(rng, count)
    open_now = np.arange(days)[:, None] < closed
    cash, usual, fixed = (np.stack([getattr(one, key) for one in books]) for key in ("cash", "usual", "fixed"))
    fixed = np.where(open_now, fixed, 0)
    goods = np.maximum(net * (1 - shops.margin), 0)
    waiting = _waiting(habits, goods, fixed, net)
    put_off = _put_off(habits, shops, cash, usual) * open_now
    own = cash + waiting + put_off
    balance = np.where(own > 0, np.minimum(own * habits.seen, habits.sweep * usual), own)
    seen_net = _payouts(habits, net)
    outflow = np.maximum(seen_net - np.diff(balance, axis=0, prepend=balance[:1]), 0) * open_now
    late = put_off * habits.split.T[:, None, :]
    paid = np.cumsum(goods, axis=0) - late[0] - _trade_credit(habits, goods)
    cost = _mean(goods, 30)
    cover = np.array([p.STOCK_COVER[names[kind]] for kind in shops.sector], np.float64)
    own_cover = cover * np.exp(p.STOCK_SPREAD * rng.standard_normal(count))
    return Records(
        seen_net,
        np.rint(outflow).astype(np.int64),
        np.rint(balance).astype(np.int64),
        cost,
        np.cumsum(cost, axis=0),
        paid,
        np.cumsum(fixed, axis=0),
        np.rint(late[0] / np.maximum(usual * (1 - shops.margin), 1)),
        _running_days(late[1] > 0.4 * usual),
        _late_bills(rng, habits, late[2], usual),
        _missed(rng, shops, cash, usual),
        own_cover * _mean(goods, p.STOCK_MEMORY),
        cover,
        shops.debt * 30,
    )


def evidence(one: Records, day: Ints, length: Ints, which: Ints, width: int) -> e.Evidence:
    """All evidence of the shops `which` at the start of each one's own `day` (n,), `width` days of it."""
    at, back = day[which], day[which] + np.arange(-width, 0)[:, None]
    known = (back >= 0) & (back >= at - length[which])
    flows = [np.where(known, item[np.maximum(back, 0), which], 0).T for item in (one.outflow, one.balance)]

    def now(item: Floats) -> Floats:
        return np.asarray(item[at - 1, which])

    def since(item: Floats, days: int) -> Floats:
        return np.asarray(now(item) - item[np.maximum(at - 1 - days, 0), which])

    facts = {
        "supplier_paid_90_amount": since(one.supplier_paid, 90),
        "supplier_overdue_days": now(one.supplier_overdue),
        "tax_arrears_days": now(one.tax_arrears),
        "late_utility_180_count": since(one.utility_late, 180),
        "fixed_cost_90_amount": since(one.fixed, 90),
        "stock_amount": now(one.stock),
        "daily_cost_amount": now(one.cost),
        "usual_stock_cover_days": one.usual_cover[which],
        "instalment_30_amount": one.instalment[which],
        "missed_count": since(one.missed, 365),
    }
    yes = np.ones(len(which), bool)
    table = np.rint(np.stack([facts[name] for name in e.FACTS], axis=1))
    return e.Evidence(np.ascontiguousarray(flows[0]), np.ascontiguousarray(flows[1]), yes, yes, table)


def consented(rng: Generator, whole: e.Evidence, kind: str | None = None) -> e.Evidence:
    """What is left of the evidence after each merchant's consent: drawn from CONSENTS, or one `kind` for all."""
    count = len(whole.facts)
    kinds = list(p.CONSENTS)
    drawn = rng.choice(len(kinds), count, p=list(p.CONSENTS.values()))
    level = drawn if kind is None else np.full(count, kinds.index(kind))
    facts = np.where((level == kinds.index("all"))[:, None], whole.facts, np.nan)
    owed = e.FACTS.index("instalment_30_amount")
    told = (rng.random(count) < p.INSTALMENT_SEEN) & (kind is None) | (level == kinds.index("all"))
    facts[:, owed] = np.where(told, whole.facts[:, owed], np.nan)
    return whole._replace(
        facts=facts, flows_known=level >= kinds.index("flows"), balance_known=level >= kinds.index("balances")
    )


def _habits(rng: Generator, count: int) -> _Habits:
    return _Habits(
        rng.integers(*p.TERMS, count),
        rng.integers(*p.BATCH, count),
        rng.integers(0, p.QUARTER, count),
        rng.uniform(*p.TAX, count),
        rng.uniform(*p.UTILITY, count),
        rng.uniform(*p.RESERVE, count),
        rng.uniform(*p.HABIT_DAYS, count) * (rng.random(count) < p.HABIT),
        rng.dirichlet((4, 1.5, 0.5), count),
        rng.uniform(*p.SWEEP, count),
        rng.uniform(*p.SEEN, count),
        np.where(rng.random(count) < p.PAYOUTS, rng.choice([7, 14, 30], count), 1),
    )


def _since(total: Floats, marks: Ints) -> Floats:
    """Cumulative `total` (days, n) less what it was at the end of the day before `marks` (days, n)."""
    before = np.vstack([np.zeros_like(total[:1]), total])
    return np.asarray(total - np.take_along_axis(before, np.maximum(marks, 0), 0))


def _last_run(days: int, gap: Ints | int, phase: Ints) -> Ints:
    """(days, n) the last day on or before each that is a payment day of `gap` days."""
    day = np.arange(days)[:, None]
    return np.asarray(day - (day + phase) % gap)


def _trade_credit(habits: _Habits, goods: Floats) -> Floats:
    """Goods received and not due yet, or due since the last payment run."""
    return _since(np.cumsum(goods, axis=0), _last_run(len(goods), habits.batch, habits.phase) - habits.terms)


def _waiting(habits: _Habits, goods: Floats, fixed: Floats, net: Ints) -> Floats:
    """Everything owed in the normal course of things: goods, rent and wages, taxes."""
    days = len(goods)
    rent = _since(np.cumsum(fixed, axis=0), _last_run(days, p.PAYDAY, habits.phase))
    tax = _since(np.cumsum(habits.tax * np.maximum(net, 0), axis=0), _last_run(days, p.QUARTER, habits.phase))
    return _trade_credit(habits, goods) + rent + tax


def _put_off(habits: _Habits, shops: Shops, cash: Floats, usual: Floats) -> Floats:
    """Bills put off beyond their day: what is missing to the shop's reserve, and what is put off out of habit."""
    short = np.clip(habits.reserve * usual - cash, 0, 1.5 * shops.credit_days * usual)
    return np.asarray(np.maximum(short, habits.habit * usual))


def _payouts(habits: _Habits, net: Ints) -> Ints:
    """Sales as they reach us: each day's own, or everything since the last payout."""
    total = np.vstack([np.zeros_like(net[:1]), np.cumsum(net, axis=0)])
    last = _last_run(len(net), habits.payout, habits.phase) + 1
    marks = np.vstack([total[:1], np.take_along_axis(total, np.maximum(last, 0), 0)])
    return np.asarray(np.diff(marks, axis=0))


def _mean(values: Floats, days: int) -> Floats:
    """The mean of the last `days` days."""
    total = np.vstack([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    low = np.maximum(np.arange(1, len(total)) - days, 0)
    return np.asarray((total[1:] - total[low]) / (np.arange(1, len(total)) - low)[:, None])


def _running_days(owed: NDArray[np.bool_]) -> Floats:
    """How many days in a row up to each day something has been owed."""
    day = np.arange(len(owed))[:, None]
    return np.asarray(day - np.maximum.accumulate(np.where(owed, -1, day), axis=0), np.float64)


def _late_bills(rng: Generator, habits: _Habits, late: Floats, usual: Floats) -> Floats:
    """Utility bills paid late so far: cash was short on the day, or somebody forgot."""
    due = _last_run(len(late), p.PAYDAY, habits.phase + 9) == np.arange(len(late))[:, None]
    short = late > 0.3 * habits.utility * usual
    return np.cumsum(due & (short | (rng.random(late.shape) < p.CARELESS)), axis=0).astype(np.float64)


def _missed(rng: Generator, shops: Shops, cash: Floats, usual: Floats) -> Floats:
    """Instalments of other loans missed so far: months begun with little cash left."""
    due = (np.arange(len(cash)) % p.PAYDAY == 0)[:, None] & (shops.debt > 0)
    short = cash < -0.4 * shops.credit_days * usual
    return np.cumsum(due & short & (rng.random(cash.shape) < 0.5), axis=0).astype(np.float64)
