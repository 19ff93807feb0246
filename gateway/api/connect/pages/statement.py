"""A loan's statement: the sums on top, then each line; it prints as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.loan_words import said
from gateway.api.connect.pages.frame import About, heading, page, rows
from gateway.api.pages.sheet import Html, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words
    from gateway.domain.loan_statements import Line
    from gateway.usecases.loan_statements import LoanStatement

_ALWAYS = frozenset({"paid_out_amount", "fee_amount", "repaid_amount", "outstanding_amount"})
_HEADS = ("on", "text", "figure", "amount", "credit", "balance")


def statement(words: Words, about: About, shown: LoanStatement) -> str:
    """The page."""
    currency = shown.drawdown.currency
    sums = [
        (words(f"statement.{name}"), _money(words, amount, currency))
        for name, amount in msgspec.structs.asdict(shown.totals).items()
        if amount or name in _ALWAYS
    ]
    head = tag("thead", tag("tr", *(tag("th", words(f"statement.line.{name}"), scope="col") for name in _HEADS)))
    body = tag("tbody", *(_line(words, line, currency) for line in shown.lines))
    content = [
        heading(words("statement"), words("statement.lead", shop=shown.shop)),
        tag("section", rows(*sums), class_="card"),
        tag("section", tag("table", head, body), class_="card statement", tabindex="0"),
    ]
    return page(words, about, *content)


def _line(words: Words, line: Line, currency: str) -> Html:
    figures = (line.told_amount, line.amount, line.credit_amount)
    cells = [tag("td", _money(words, figure, currency) if figure else "", class_="figure") for figure in figures]
    balance = tag("td", _money(words, line.balance_amount, currency), class_="figure")
    on = tag("td", tag("time", words.date(line.on), datetime=line.on.isoformat()))
    return tag("tr", on, tag("td", said(words, line)), *cells, balance)


def _money(words: Words, amount: int, currency: str) -> str:
    return ("−" if amount < 0 else "") + words.money(abs(amount), currency)
