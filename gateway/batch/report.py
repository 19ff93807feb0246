"""A backtest as one HTML file to keep: figures, charts with their numbers as tables, and what it cannot know.

No script, nothing fetched; every text is escaped by the writer of the markup.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from lxml import etree
from lxml.builder import E

from gateway.batch import figures, numerals, tables
from gateway.batch.estimates import LEAST_OUTCOMES
from gateway.batch.numerals import Writer
from gateway.batch.vintages import OUTCOME_DAYS, Book, Month
from gateway.domain import reasons
from gateway.domain.money import BPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lxml.etree import _Element as Element

LIMITS = (
    (
        "None of these loans was made. Nobody knows how a shop would have sold with the goods, or behaved with the "
        "debt: the sales after each draw are those of a shop that did not borrow."
    ),
    (
        "A loan is repaid by its share of sales alone. A shop that stops selling pays nothing more here, though it "
        "might have paid from savings; one that sells and keeps the money pays here, though it would not have. So a "
        "default here means that sales stopped or fell far, which is not all that a PD speaks of."
    ),
    (
        "Days after a merchant's last row count as days without sales until the last day of the file: one who only "
        "left the partner looks like one who closed."
    ),
    "Merchants who never came are not in the file, nor those who would have come for this very loan.",
    (
        "Nobody reviewed anything: a draw that would wait for a person goes through. The bank's and the partner's "
        "room is free for every loan, and money arrives on the day it is asked for."
    ),
    "Grades are looked at on these days only; in service every day's close does, and leans on the one before.",
    (
        "Outflow, balances and instalments count where the file has them on every row. Models that were trained on "
        "these very merchants look better than they are."
    ),
)


class Backtest(msgspec.Struct, frozen=True):
    """What was replayed, and how it came out; written as JSON just so. `models`: name → SHA-256 of the file."""

    history: str
    programme_id: str
    programme_version: int
    programme_name: str
    currency: str
    tier: str
    every_days: int
    use_bps: int
    through_on: str
    merchants_count: int
    refused_count: int
    models: dict[str, str]
    book: Book


def render(backtest: Backtest) -> bytes:
    """The whole page, UTF-8."""
    write, book = Writer(backtest.currency), backtest.book
    style = E.style(files(__package__).joinpath("report.css").read_text(encoding="utf-8"))
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.meta({"name": "color-scheme", "content": "light dark"}),
        E.title(numerals.plain(f"Backtest of {_named(backtest)}")),
        style,
    )
    main = E.main(
        *_opening(backtest),
        _facts(book, write),
        E.h2("Over time"),
        E.div({"class": "charts"}, _limits(book, write), _results(book, write), _calibration(book), _payoff(book)),
        *_unknowable(),
        *_tables(book, write),
    )
    page = E.html({"lang": "en"}, head, E.body(main))
    return etree.tostring(page, method="html", doctype="<!doctype html>", encoding="utf-8")


def _opening(backtest: Backtest) -> Iterable[Element]:
    yield E.h1(f"Backtest of {numerals.plain(_named(backtest))}")
    use = "the whole limit" if backtest.use_bps == BPS else f"{numerals.bps(backtest.use_bps)} of what is available"
    yield E.p(
        {"class": "lead"},
        f"{backtest.merchants_count:,} merchants from {numerals.plain(backtest.history)}, judged every "
        f"{backtest.every_days} days until {backtest.through_on} on what was known by then; each drew {use}, one loan "
        "at a time, and lived through the days that really came after. None of these loans was made: ",
        E.a({"href": "#unknowable"}, "what this cannot know"),
        ".",
    )
    models = ", ".join(f"{name} {digest[:8]}" for name, digest in sorted(backtest.models.items()))
    refused = f" Left out, because they cannot be read: {backtest.refused_count:,}." if backtest.refused_count else ""
    yield E.p(
        {"class": "quiet"},
        f"Programme {backtest.programme_id} version {backtest.programme_version}; sales trusted as {backtest.tier}; "
        f"models {models}.{refused} Amounts in {backtest.currency}.",
    )


def _facts(book: Book, write: Writer) -> Element:
    total = book.total
    facts = [
        ("Lent", write.amount(total.lent_amount), f"{total.loans_count:,} loans"),
        ("Fees earned", write.amount(total.fee_amount), "after the all-in cap"),
        ("Principal lost", write.amount(total.lost_amount), f"{numerals.bps(total.loss_bps)} of what was lent"),
        ("Fees less losses", write.amount(total.fee_amount - total.lost_amount), "no funding or running costs"),
        ("Half repaid by", numerals.days(total.payoff_days), f"{total.late_count:,} loans were late"),
        ("Defaulted", numerals.millionths(total.rate.observed), f"expected {numerals.millionths(total.rate.expected)}"),
        ("Ranking (AUC)", numerals.auc(total.auc), f"of {total.rate.loans_count:,} loans old enough"),
        ("Not known yet", write.amount(total.censored_amount), f"{total.censored_count:,} loans still run"),
    ]
    return E.dl({"class": "facts"}, *(E.div(E.dt(name), E.dd(figure, E.small(more))) for name, figure, more in facts))


def _unknowable() -> Iterable[Element]:
    yield E.h2({"id": "unknowable"}, "What this cannot know")
    yield E.ul(*(E.li(text) for text in LIMITS))


def _limits(book: Book, write: Writer) -> Element:
    values = [(month.vintage, month.limit_mean_amount) for month in book.months]
    scale = figures.Scale(write.short, 4 * write.units)
    chart = figures.line(values, f"Mean limit of those who got one, by month, in {write.currency}", scale)
    rows = [
        (
            m.vintage,
            f"{m.decisions_count:,}",
            f"{m.offers_count:,}",
            write.amount(m.limit_mean_amount),
            numerals.bps(m.limit_to_base_bps),
        )
        for m in book.months
    ]
    names = ("Month", "Judged", "Offered", f"Mean limit, {write.currency}", "Limit to base")
    return _figure("Limits", f"mean of those who got one, {write.currency}", chart, tables.table(names, rows))


def _results(book: Book, write: Writer) -> Element:
    pairs = [
        figures.Pair(one.vintage, one.fee_amount * BPS // one.lent_amount, one.loss_bps)
        for one in book.vintages
        if one.lent_amount
    ]
    chart = figures.bars(
        pairs, "Fees and lost principal of each vintage, in per cent of what it lent", figures.Scale(numerals.bps, 40)
    )
    rows = [
        (
            one.vintage,
            write.amount(one.lent_amount),
            write.amount(one.fee_amount),
            write.amount(one.lost_amount),
            write.amount(one.fee_amount - one.lost_amount),
        )
        for one in book.vintages
    ]
    names = ("Vintage", f"Lent, {write.currency}", "Fees", "Lost", "Fees less losses")
    keys = (
        E.i({"class": "key bar"}),
        "fees ",
        E.i({"class": "key loss"}),
        "principal lost, in per cent of what was lent; the last ones still run",
    )
    return _figure("Income and losses by vintage", keys, chart, tables.table(names, rows))


def _calibration(book: Book) -> Element:
    groups = [one for one in book.groups if one.expected is not None]
    marks = [figures.Mark(one.expected or 0, one.observed or 0, one.low or 0, one.high or 0) for one in groups]
    chart = figures.calibration(
        marks, "Share that defaulted against the mean PD, in tenths by PD", figures.Scale(numerals.millionths, 40_000)
    )
    write = numerals.millionths
    rows = [(write(one.expected), write(one.observed), numerals.between(one), f"{one.loans_count:,}") for one in groups]
    table = tables.table(("Expected", "Observed", "95 % interval", "Loans"), rows)
    said = (
        f"across: mean PD; up: defaulted within {OUTCOME_DAYS} days, 95 % interval; loans old enough, in tenths by PD"
    )
    return _figure("Expected and observed", said, chart, table)


def _payoff(book: Book) -> Element:
    shares = [(point.day, point.repaid_amount * BPS // point.lent_amount) for point in book.payoff if point.lent_amount]
    chart = figures.line(
        [(str(day), share) for day, share in shares],
        "Share of what was lent that is repaid, by days since",
        figures.Scale(numerals.bps, BPS),
    )
    rows = [(f"{day}", numerals.bps(share)) for day, share in shares]
    return _figure(
        "How fast it comes back",
        "principal repaid, by days after the draw",
        chart,
        tables.table(("Day", "Repaid"), rows),
    )


def _tables(book: Book, write: Writer) -> Iterable[Element]:
    yield E.h2("By grade")
    yield tables.of_rows(book.grades, write)
    yield E.h2("By vintage")
    yield tables.of_rows(book.vintages, write)
    yield E.details(E.summary("By vintage and grade"), tables.of_rows(book.cells, write))
    yield E.h2("Why there was no offer")
    refusals = [(_words(code), f"{count:,}") for code, count in _refusals(book.months)]
    yield tables.table(("Reason", "Decisions"), refusals, "wide words")
    yield E.p(
        {"class": "quiet"},
        "Lent = repaid + lost + owed by loans in default + owed by loans that still run. Late: a minimum was not "
        "covered when its interval ended; defaulted: 90 days past due; lost: 180. A loan is old enough to be held "
        f"against its PD after {OUTCOME_DAYS} days. Half repaid by: Kaplan and Meier's median. AUC needs "
        f"{LEAST_OUTCOMES} of each kind.",
    )


def _refusals(months: Sequence[Month]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for month in months:
        for code, count in month.reasons.items():
            counts[code] = counts.get(code, 0) + count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _figure(title: str, said: str | tuple[str | Element, ...], chart: Element, table: Element) -> Element:
    caption = E.figcaption(title, E.span(*(said if isinstance(said, tuple) else (said,))))
    return E.figure(caption, chart, E.details(E.summary(f"Show numbers: {title.lower()}"), table))


def _named(backtest: Backtest) -> str:
    return backtest.programme_name or backtest.programme_id


def _words(code: str) -> str:
    return reasons.TEXTS[code][0] if code in reasons.TEXTS else code
