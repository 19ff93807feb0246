"""/connect/loans: a merchant looks at the statement of one of its loans, and takes it along as a file."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from gateway.api.connect import loan_words
from gateway.api.connect.addresses import LOANS
from gateway.api.connect.browser import Visit
from gateway.api.connect.pages import statement as pages
from gateway.api.connect.routes import PAGE
from gateway.domain import ids
from gateway.domain.drawdowns import Drawdown, UnknownDrawdown
from gateway.usecases import drawdowns, loan_statements
from gateway.usecases.world import World


@get(LOANS + "/{drawdown_id:str}", **PAGE)
async def show(
    drawdown_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """The statement; `as=csv` is the file."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in()
    found = await loan_statements.of(world.store, await _own(world, drawdown_id, merchant_id))
    if visit.query.get("as") == "csv":
        return file(loan_words.sheet(visit.words, found), drawdown_id)
    return visit.page(pages.statement(visit.words, visit.about(visit.words("statement")), found))


def file(text: str, drawdown_id: str) -> Response[Any]:
    """A CSV file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{drawdown_id}.csv"', "Cache-Control": "no-store"}
    return Response(text, headers=headers, media_type="text/csv")


async def _own(world: World, drawdown_id: str, merchant_id: str) -> Drawdown:
    if ids.PATTERN.match(drawdown_id) is None:
        raise UnknownDrawdown("There is no such drawdown")
    found = await drawdowns.find(world.store, drawdown_id)
    if found.merchant_id != merchant_id:
        raise UnknownDrawdown("There is no such drawdown")
    return found


ROUTES = (show,)
