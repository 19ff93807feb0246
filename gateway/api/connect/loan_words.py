"""What a statement's lines say, and the statement as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import money

if TYPE_CHECKING:
    from gateway.api.connect.words import Words
    from gateway.domain.loan_statements import Line
    from gateway.usecases.loan_statements import LoanStatement

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take these too
_COLUMNS = ("on", "kind", "text", "business_on", "figure", "amount", "credit", "balance", "currency", "repayment_id")


def said(words: Words, line: Line) -> str:
    """One line in plain words."""
    day = words.date(line.business_on or line.on)
    percent = words.percent(line.share_bps or 0)
    return words(f"line.{line.kind}", day=day, percent=percent, reason=line.reason or "—")


def sheet(words: Words, statement: LoanStatement) -> str:
    """The statement as CSV (RFC 4180): plain decimals, and no cell that a spreadsheet would take for a formula."""
    currency, out = statement.drawdown.currency, io.StringIO()
    write = csv.writer(out)
    write.writerow(_COLUMNS)
    for line in statement.lines:
        figures = (line.told_amount, line.amount, line.credit_amount, line.balance_amount)
        day = "" if line.business_on is None else line.business_on.isoformat()
        write.writerow((
            line.on.isoformat(), line.kind.value, safe(said(words, line)), day,
            *(_decimal(figure, currency) for figure in figures), currency, line.repayment_id or "",
        ))  # fmt: skip
    for name, amount in msgspec.structs.asdict(statement.totals).items():
        write.writerow(
            ("", "total", words(f"statement.{name}"), "", _decimal(amount, currency), "", "", "", currency, "")
        )
    return out.getvalue()


def safe(text: str) -> str:
    """A text that begins like a formula gets an apostrophe before it (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _decimal(amount: int, currency: str) -> str:
    digits = money.EXPONENTS[currency]
    whole, part = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}" + (f".{part:0{digits}d}" if digits else "")
