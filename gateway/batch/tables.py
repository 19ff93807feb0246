"""A report's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml.builder import E

from gateway.batch import numerals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element as Element

    from gateway.batch.numerals import Writer
    from gateway.batch.vintages import Row


def table(names: Sequence[str], rows: Sequence[Sequence[str]], style: str = "wide") -> Element:
    """A table that scrolls sideways in its own frame; the first cell of a row names it."""
    head = E.thead(E.tr(*(E.th({"scope": "col"}, name) for name in names)))
    body = E.tbody(*(E.tr(E.th({"scope": "row"}, row[0]), *(E.td(cell) for cell in row[1:])) for row in rows))
    label = next((name for name in names if name), "By vintage and grade")
    return E.div(
        {"class": style, "tabindex": "0", "role": "region", "aria-label": f"Table: {label}"}, E.table(head, body)
    )


def of_rows(rows: Sequence[Row], write: Writer) -> Element:
    """All the figures of vintages or grades, a row each."""
    names = (
        "", "Loans", f"Lent, {write.currency}", "Repaid", "Lost", "In default", "Still run", "Loss rate", "Fees",
        "Limit to base", "Half repaid by", "Late", "Defaulted", "Expected", "Observed", "95 % interval", "Of loans",
        "AUC",
    )  # fmt: skip
    return table(names, [_cells(one, write) for one in rows])


def _cells(one: Row, write: Writer) -> tuple[str, ...]:
    return (
        " ".join(part for part in (one.vintage, one.grade) if part),
        f"{one.loans_count:,}",
        write.amount(one.lent_amount),
        write.amount(one.repaid_amount),
        write.amount(one.lost_amount),
        write.amount(one.outstanding_amount),
        write.amount(one.censored_amount),
        numerals.bps(one.loss_bps),
        write.amount(one.fee_amount),
        numerals.bps(one.limit_to_base_bps),
        numerals.days(one.payoff_days),
        numerals.share(one.late_count, one.loans_count),
        numerals.share(one.defaulted_count, one.loans_count),
        numerals.millionths(one.rate.expected),
        numerals.millionths(one.rate.observed),
        numerals.between(one.rate),
        f"{one.rate.loans_count:,}",
        numerals.auc(one.auc),
    )
