"""A seeded merchant simulator: sales, costs, cash and loans of shops that never existed.

A merchant's state (level, swing, trend, cash) moves day by day as a Markov process, so that its future can be drawn
again from any day: that is how the oracle's risk is found. A default comes out of the cash process, never from a
formula of the models' features. Time runs along the first axis here; amounts are floats of minor units until
`ledger` rounds them. It must not know the models.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from onnx_models import parameters as p

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Shops(NamedTuple):
    """What stays the same in n shops: one array an item, n long (or n rows)."""

    sector: Ints
    ticket: Floats
    ticket_cv: Floats
    tickets: Floats
    day_noise: Floats
    week_noise: Floats
    walk: Floats
    restless: Floats
    drift: Floats
    weekday: Floats
    wave: Floats
    december: Floats
    payday: Floats
    promoted: Bools
    alternates: Bools
    lift: Floats
    flip: Floats
    promotion_days: Ints
    holidays: Ints
    keeps_holidays: Bools
    vacation: Ints
    opened: Ints
    ramp: Floats
    known: Ints
    refunds: Floats
    margin: Floats
    net_margin: Floats
    buffer: Floats
    cost_days: Floats
    draw_rate: Floats
    enough: Floats
    credit_days: Floats
    patience: Floats
    stock_use: Floats
    start: Ints
    debt: Floats  # a day's instalments on loans of others, minor units


class Sales(NamedTuple):
    """What n shops sell if they stay open: (days, n) each; `level`, `swing` and `trend` are the hidden state."""

    gross: Floats
    refunds: Floats
    tickets: Floats
    level: Floats
    swing: Floats
    trend: Floats


class Books(NamedTuple):
    """The money side of n shops at one moment."""

    cash: Floats
    fixed: Floats
    usual: Floats
    broke: Floats


class Lives(NamedTuple):
    """How the cash process went: the first closed day (or the last day + 1), defaults, and the books day by day."""

    closed: Ints
    defaulted: Bools
    books: list[Books]


def open_shops(rng: Generator, count: int, sectors: Mapping[str, p.Sector]) -> Shops:
    """Draw `count` shops from `sectors` by their weights."""
    kinds = list(sectors.values())
    weights = np.array([kind.weight for kind in kinds])
    sector = rng.choice(len(kinds), count, p=weights / weights.sum())

    def of(name: str) -> Floats:
        table: Floats = np.array([getattr(kind, name) for kind in kinds], np.float64)
        return np.asarray(table[sector])

    def between(name: str) -> Floats:
        low, high = of(name).T
        return np.asarray(low + (high - low) * rng.random(count))

    def lognormal(name: str) -> Floats:
        median, spread = of(name).T
        return np.asarray(median * np.exp(spread * rng.standard_normal(count)))

    young = rng.random(count) < p.YOUNG
    opened = np.where(young, rng.integers(0, p.DAYS - 60, count), -rng.integers(0, 4000, count))
    noise = between("day_noise")
    start = [date(year, 1, 1).toordinal() for year in p.YEARS]
    low, high = p.BURDEN
    burden = (low + (high - low) * rng.random(count) ** 2) * (rng.random(count) < p.DEBT)
    shops = Shops(
        sector=sector, ticket=lognormal("ticket") * 100, ticket_cv=of("ticket_cv"), tickets=lognormal("tickets"),
        day_noise=noise, week_noise=between("week_noise"), walk=p.WALK * noise * _uniform(rng, (p.STEADY, 1), count),
        restless=p.SWING[0] * noise * np.exp(p.SWING[1] * rng.standard_normal(count)),
        drift=of("drift"), weekday=_weekdays(rng, of("weekday"), of("closed")),
        wave=of("season")[:, None] * rng.standard_normal((count, 4)) * (.6, .6, .3, .3), december=between("december"),
        payday=.1 * rng.standard_normal(count) * (rng.random(count) < .3), promoted=rng.random(count) < of("promotion"),
        alternates=rng.random(count) < p.PROMOTION_ALTERNATES, lift=between("lift"),
        flip=_uniform(rng, p.PROMOTION_FLIP, count),
        promotion_days=rng.integers(p.PROMOTION_WEEKDAYS[0], p.PROMOTION_WEEKDAYS[1] + 1, count),
        holidays=rng.integers(0, 365, (count, p.HOLIDAYS)),
        keeps_holidays=rng.random(count) < p.HOLIDAY_CLOSED, vacation=_vacations(rng, count), opened=opened,
        ramp=_uniform(rng, p.RAMP_DAYS, count), known=np.maximum(opened, _first_known(rng, count)),
        refunds=of("refunds") * rng.gamma(2, .5, count), margin=between("margin"),
        net_margin=p.NET_MARGIN[0] + p.NET_MARGIN[1] * rng.standard_normal(count),
        buffer=of("buffer") * np.exp(p.BUFFER_LOG_SD * rng.standard_normal(count)),
        cost_days=_uniform(rng, p.COST_DAYS, count), draw_rate=_uniform(rng, p.DRAW_RATE, count),
        enough=_uniform(rng, p.ENOUGH, count), credit_days=_uniform(rng, p.CREDIT_DAYS, count),
        patience=_uniform(rng, p.PATIENCE_DAYS, count), stock_use=_uniform(rng, p.STOCK_USE, count),
        start=rng.integers(start[0], start[1], count), debt=np.zeros(count),
    )  # fmt: skip
    return shops._replace(net_margin=shops.net_margin + p.BURDEN_PLANNED * burden, debt=burden * normal_sales(shops))


def normal_sales(shops: Shops) -> Floats:
    """(n,) a day's sales at the shops' first level, closed weekdays counted in."""
    return np.asarray(shops.tickets * shops.ticket * (shops.weekday > 0).mean(axis=1))


def take(shops: Shops, which: Ints) -> Shops:
    """The shops at `which`, repeated where an index repeats."""
    return Shops._make(item[which] for item in shops)


def sell(
    rng: Generator, shops: Shops, days: int = p.DAYS, since: Ints | None = None, state: Floats | None = None
) -> Sales:
    """Sales of `days` days from day `since` (n,) on, continuing the hidden `state` (3, n): level, swing, trend."""
    count = len(shops.ticket)
    since = np.zeros(count, np.int64) if since is None else since
    level, swing, trend = _walk(rng, shops, days, state)
    day = since + np.arange(days)[:, None]
    ordinal = shops.start + day
    busy = level + swing + _calendar(shops, day, ordinal) + _noise(rng, shops, ordinal)
    busy = busy + _promotions(rng, shops, ordinal)
    rate = shops.tickets * np.exp(busy) * _trading(rng, shops, day, ordinal)
    tickets = rng.poisson(np.minimum(rate, 1e6)).astype(np.float64)
    shape = np.maximum(tickets / shops.ticket_cv**2, 1e-9)
    gross = np.where(tickets > 0, rng.standard_gamma(shape) * shops.ticket_cv**2 * shops.ticket, 0.0)
    return Sales(gross, _refund(rng, shops, gross, trend), tickets, level, swing, trend)


def first_books(shops: Shops, sales: Sales) -> Books:
    """The books on the first day: cash of so many days of costs, fixed costs that leave the shop its net margin."""
    usual = np.maximum(shops.tickets * shops.ticket * np.exp(sales.level[0]), 1.0) * (shops.weekday > 0).mean(axis=1)
    fixed = (shops.margin - shops.net_margin) * usual
    return Books(shops.buffer * usual * 0.9, fixed, usual, np.zeros_like(usual))


def live(
    rng: Generator,
    shops: Shops,
    sales: Sales,
    books: Books,
    *,
    since: Ints,
    loan: Floats | None = None,
    keep: bool = False,
) -> Lives:
    """Run the cash process over `sales`; a shop whose cash stays too low for too long closes.

    `loan`: (n,) minor units drawn on the first day and spent on stock; repaid by a share of sales. A loan defaults
    when it is PAST_DUE_DAYS late within the days given, or when the shop closes and cannot pay the rest.
    """
    days, count = sales.gross.shape
    owed = np.zeros(count) if loan is None else loan * (1 + p.LOAN_COST)
    debt, borrowed = owed.copy(), np.zeros(count) if loan is None else loan
    late, closed, defaulted = np.zeros(count), np.full(count, days), np.zeros(count, bool)
    shocks = _bills(rng, days, count)
    history = []
    for day in range(days):
        age = since + day - shops.opened
        running = (closed > day) & (age >= 0)
        net = sales.gross[day] - sales.refunds[day]
        stock = borrowed if day < p.STOCK_DAYS else None
        books = _earn(shops, books, running, net, bill=shocks[day], stock=stock)
        pay = np.minimum(debt, p.WITHHOLD * np.maximum(net, 0)) * (running & (books.broke == 0))
        due = owed * p.MINIMUM * min(day / p.LOAN_DAYS, 1.0) if day < p.LOAN_DAYS else owed
        debt = debt - pay
        late = np.where(owed - debt < due - 1, late + 1, 0)
        books = books._replace(cash=books.cash - pay)
        quits = rng.random(count) < np.where(age < 365, p.YOUNG_QUIT_YEARLY, p.QUIT_YEARLY) / 365
        ruined = running & (books.broke > shops.patience)
        saved = ruined & (rng.random(count) < p.RESCUE)
        books = _rescued(rng, books, saved)
        closing = (ruined & ~saved) | (running & quits)
        closed = np.where(closing, day, closed)
        unpaid = closing & (debt > np.maximum(books.cash, 0))
        debt = np.where(closing & ~unpaid, 0.0, debt)
        defaulted |= (debt > 1) & (unpaid | (late >= p.PAST_DUE_DAYS))
        if keep:
            history.append(books)
    return Lives(closed, defaulted, history)


def ledger(sales: Sales, closed: Ints) -> tuple[Ints, Ints, Ints]:
    """What a till would have recorded: net, refunds and tickets in whole minor units, 0 from the closed day on."""
    trading = np.arange(len(sales.gross))[:, None] < closed
    gross, refunds = (np.rint(np.where(trading, item, 0)).astype(np.int64) for item in (sales.gross, sales.refunds))
    return gross - refunds, refunds, np.where(trading, sales.tickets, 0).astype(np.int64)


def _uniform(rng: Generator, bounds: tuple[float, float], count: int) -> Floats:
    return rng.uniform(*bounds, count)


def _first_known(rng: Generator, count: int) -> Ints:
    """The day a merchant's data begins: half know everything, the rest joined later."""
    return np.where(rng.random(count) < 0.5, 0, rng.integers(0, p.DAYS - 100, count))


def _vacations(rng: Generator, count: int) -> Ints:
    """(n, 2): first day of the year and length of the yearly closure; length 0 = none."""
    length = rng.integers(*p.VACATION_DAYS, count) * (rng.random(count) < p.VACATION)
    return np.stack([rng.integers(0, 340, count), length], axis=1)


def _weekdays(rng: Generator, spread: Floats, closed: Floats) -> Floats:
    """(n, 7) factors, Monday first, 0 on weekly closed days: mostly Sunday, else any."""
    count = len(spread)
    profile = np.exp(spread[:, None] * rng.standard_normal((count, 7)))
    rank = rng.random((count, 7)) - (np.arange(7) == 6) * 0.7
    shut = (rng.random(count)[:, None] > np.cumsum(closed, axis=1)).sum(axis=1)
    profile[np.argsort(np.argsort(rank, axis=1), axis=1) < shut[:, None]] = 0
    return np.asarray(profile / profile.mean(axis=1, keepdims=True))


def _walk(rng: Generator, shops: Shops, days: int, state: Floats | None) -> tuple[Floats, Floats, Floats]:
    """The hidden state day by day, as three (days, n) arrays: lasting level, fading swing, yearly trend."""
    count = len(shops.ticket)
    out = np.empty((3, days, count))
    first = (np.zeros(count), np.zeros(count), shops.drift * rng.standard_normal(count))
    level, swing, trend = first if state is None else state
    for day in range(days):
        chance = rng.random((3, count)) < np.array([[1 / p.TREND_DAYS], [1 / p.JUMP_DAYS], [1 / p.SHOCK_DAYS]])
        normal = rng.standard_normal((4, count))
        trend = np.where(chance[0], shops.drift * normal[0], trend)
        level = level + trend / 365 + shops.walk * normal[1] + chance[1] * p.JUMP * shops.drift * normal[1]
        shock = np.where(chance[2], -np.sign(normal[3] + 0.5) * rng.uniform(*p.SHOCK, count) * shops.day_noise * 2, 0)
        swing = p.SWING_PERSISTENCE * swing + shops.restless * normal[2] + shock
        out[:, day] = level, swing, trend
    return out[0], out[1], out[2]


def _calendar(shops: Shops, day: Ints, ordinal: Ints) -> Floats:
    """The log-effects of season, December, payday and a new shop's first months."""
    of_month, of_year = _dates(ordinal)
    angle = 2 * np.pi * of_year / 365.25
    wave = shops.wave.T
    season = wave[0] * np.sin(angle) + wave[1] * np.cos(angle)
    season = season + wave[2] * np.sin(2 * angle) + wave[3] * np.cos(2 * angle)
    advent = np.where((of_year > 325) & (of_year < 358), (of_year - 320) / 30, np.where(of_year >= 358, -0.4, 0))
    payday = shops.payday * ((of_month < 6) | (of_month > 27))
    ramp = np.log1p(-0.85 * np.exp(-np.maximum(day - shops.opened, 0) / shops.ramp))
    return np.asarray(season + shops.december * advent + payday + ramp)


def _dates(ordinal: Ints) -> tuple[Ints, Ints]:
    """Day of the month and day of the year, both from 0."""
    days = (ordinal - date(1970, 1, 1).toordinal()).astype("datetime64[D]")
    month = days - days.astype("datetime64[M]").astype("datetime64[D]")
    year = days - days.astype("datetime64[Y]").astype("datetime64[D]")
    return month.astype(np.int64), year.astype(np.int64)


def _week(ordinal: Ints) -> Ints:
    """The calendar week, counted from the one of each shop's first row."""
    return np.asarray((ordinal - 1) // 7 - (ordinal[0] - 1) // 7)


def _noise(rng: Generator, shops: Shops, ordinal: Ints) -> Floats:
    """A day's own and its week's shared log-noise, without a shift of the mean."""
    days, count = ordinal.shape
    weekly = rng.standard_normal((days // 7 + 2, count)) * shops.week_noise
    daily = rng.standard_normal((days, count)) * shops.day_noise
    return np.take_along_axis(weekly, _week(ordinal), 0) + daily - (shops.day_noise**2 + shops.week_noise**2) / 2


def _promotions(rng: Generator, shops: Shops, ordinal: Ints) -> Floats:
    """The log-lift of promotion weeks, from Monday on: every other week with slips, or weeks by chance."""
    days, count = ordinal.shape
    weeks = days // 7 + 2
    slips = np.cumsum(rng.random((weeks, count)) < shops.flip, axis=0)
    parity = (((ordinal[0] - 1) // 7 + np.arange(weeks)[:, None] + slips + shops.sector) % 2) == 0
    on = np.where(shops.alternates, parity, rng.random((weeks, count)) < 0.3)
    lifted = np.take_along_axis(on, _week(ordinal), 0) & ((ordinal - 1) % 7 < shops.promotion_days)
    return np.where(shops.promoted & lifted, shops.lift, 0)


def _trading(rng: Generator, shops: Shops, day: Ints, ordinal: Ints) -> Floats:
    """The weekday's factor, 0 on days the shop is shut: not yet open, weekly, holidays, vacation, works."""
    count = len(shops.ticket)
    _, of_year = _dates(ordinal)
    factor = shops.weekday[np.arange(count), (ordinal - 1) % 7]
    for holiday in shops.holidays.T:
        factor = np.where(shops.keeps_holidays & (of_year == holiday), 0, factor)
        factor = np.where(shops.keeps_holidays & (of_year == holiday - 1), factor * (1 + p.HOLIDAY_EVE), factor)
    first, length = shops.vacation.T
    works = rng.integers(0, p.DAYS, count)
    ends = works + rng.integers(*p.REFURBISHED, count) * (rng.random(count) < p.REFURBISHMENT)
    shut = (day < shops.opened) | ((of_year >= first) & (of_year < first + length)) | ((day >= works) & (day < ends))
    return np.where(shut, 0.0, factor)


def _refund(rng: Generator, shops: Shops, gross: Floats, trend: Floats) -> Floats:
    """Refunds of earlier days' sales, a lumpy share of them; shops in decline give back more [guess]."""
    lag = int(rng.integers(1, 9))
    earlier = np.vstack([np.zeros_like(gross[:lag]), gross[:-lag]])
    lumps = rng.standard_gamma(0.35, gross.shape) / 0.35
    return np.minimum(earlier, earlier * shops.refunds * lumps * np.exp(-0.8 * np.clip(trend, -1, 1)))


def _bills(rng: Generator, days: int, count: int) -> Floats:
    """(days, n) bills out of the blue, in days of sales."""
    hit = rng.random((days, count)) < 1 / p.COST_SHOCK_DAYS
    return np.where(hit, rng.uniform(*p.COST_SHOCK, (days, count)), 0)


def _rescued(rng: Generator, books: Books, saved: Bools) -> Books:
    """The owner's own money in, enough for some days of sales."""
    cash = np.where(saved, _uniform(rng, p.RESCUED, len(saved)) * books.usual, books.cash)
    return books._replace(cash=cash, broke=np.where(saved, 0, books.broke))


def _earn(shops: Shops, books: Books, running: Bools, net: Floats, *, bill: Floats, stock: Floats | None) -> Books:
    """One day of money: margin in, fixed costs, bills and owner's draws out, savings from stock bought with a loan."""
    usual = np.where(running, books.usual + (net - books.usual) / 60, books.usual)
    target = (shops.margin - shops.net_margin) * usual
    fixed = books.fixed + (target - books.fixed) / shops.cost_days
    cash = books.cash + net * shops.margin - fixed - bill * usual - shops.debt
    if stock is not None:
        cash = cash + stock * shops.stock_use / p.STOCK_DAYS
    spare = cash - shops.enough * np.maximum(shops.buffer, 5) * usual
    cash = cash - np.maximum(spare, 0) * shops.draw_rate
    broke = np.where(cash < -shops.credit_days * usual, books.broke + 1, 0)
    moved = Books(cash, fixed, usual, broke)
    return Books(*(np.where(running, new, old) for new, old in zip(moved, books, strict=True)))
