"""Money: the merchant's statement of a loan, as JSON, as a file for a spreadsheet, or as a page to print."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway.api.connect import loan_words, words
from gateway.api.connect.browser import paper_headers
from gateway.api.connect.loans import file
from gateway.api.connect.pages import statement as pages
from gateway.api.connect.pages.frame import About, alone
from gateway.api.drawdowns import own
from gateway.domain.loan_statements import LineKind, Totals
from gateway.domain.rights import Caller, Right
from gateway.usecases import loan_statements
from gateway.usecases.world import World

_RANGE = re.compile(r"\s*([a-z*]+/[a-z*+.-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")
_KINDS = ("application/json", "text/csv", "text/html")
Locale = Annotated[str | None, QueryParameter(pattern="^(en|zh)$", description="The language of the words.")]


class LineView(msgspec.Struct, frozen=True):
    """One line in plain words. `amount` changes what is owed, `credit_amount` what is kept for the merchant.

    `told_amount` is the figure of a line that changes neither, such as a day's sales; `balance_amount` is owed after
    it.
    """

    on: date
    kind: LineKind
    text: str
    amount: int
    credit_amount: int
    told_amount: int
    balance_amount: int
    business_on: date | None
    repayment_id: str | None
    reason: str | None


class StatementView(msgspec.Struct, frozen=True):
    """Every line of a loan; the totals are the sums of the lines, and the ledger's to the minor unit."""

    drawdown_id: str
    merchant_id: str
    currency: str
    made_at: datetime
    lines: list[LineView]
    totals: Totals


@get(
    "/v1/drawdowns/{drawdown_id:str}/statement",
    opt={"right": Right.drawdowns_read, "checks_merchant": True},
    tags=["Money"],
)
async def show(
    drawdown_id: FromPath[str],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    locale: Locale = None,
) -> Response[StatementView]:
    """Show a loan's statement: JSON, or with `Accept` `text/csv` a file, with `text/html` a page to print."""
    drawdown = await own(world, drawdown_id, caller)
    found = await loan_statements.of(world.store, drawdown)
    told = words.Words(words.language(locale, request.headers.get("accept-language", "")))
    kind = _wanted(request.headers.get("accept", ""))
    if kind == "text/csv":
        return file(loan_words.sheet(told, found), drawdown_id)
    if kind == "text/html":
        about = About(urlsplit(world.settings.issuer).netloc, told("statement"), sandbox=world.settings.sandbox)
        paper = alone(pages.statement(told, about, found))
        return Response(paper, headers=paper_headers(told.locale))  # type: ignore[arg-type]
    lines = [
        LineView(text=loan_words.said(told, line), **{name: getattr(line, name) for name in _NAMES})
        for line in found.lines
    ]
    seen = drawdown.merchant_id, drawdown.currency, world.clock.now()
    return Response(StatementView(drawdown_id, *seen, lines, found.totals), headers={"Vary": "Accept, Accept-Language"})


_NAMES = tuple(name for name in LineView.__struct_fields__ if name != "text")


def _wanted(accepted: str) -> str:
    """The best of an Accept header that we have (RFC 9110 12.5.1), JSON when none is."""
    best, weight = _KINDS[0], 0.0
    for part in accepted[:200].lower().split(","):
        match = _RANGE.fullmatch(part)
        if match and match[1] in _KINDS and float(match[2] or 1) > weight:
            best, weight = match[1], float(match[2] or 1)
    return best


ROUTES = (show,)
