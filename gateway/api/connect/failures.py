"""Every failure of a hosted page as a page: what happened, where that leaves the merchant, a number to quote."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gateway import log
from gateway.api import exchange, problems
from gateway.api.connect.browser import Visit
from gateway.api.connect.pages import plain

if TYPE_CHECKING:
    from litestar import Request, Response

_TEXTS = {
    "invalid_request_uri": "problem.request",
    "form_not_ours": "problem.form",
    "no_merchant": "problem.shop",
    "other_merchant": "problem.other_shop",
    "no_verified_contact": "problem.contact",
    "sign_in_locked": "problem.locked",
    "too_many_failures": "problem.failures",
    "notice_undelivered": "problem.unsent",
    "consent_not_found": "problem.missing",
    "not_found": "problem.missing",
    "passkey_refused": "problem.passkey",
    "passkey_copied": "problem.passkey",
    "passkey_needed": "problem.passkey",
    "passkey_known": "problem.passkey",
    "passkey_not_found": "problem.missing",
    "last_passkey": "problem.last_passkey",
    "illegal_state": "problem.request",
    "no_payout_account": "problem.payee",
    "authority_not_found": "problem.missing",
}
"""Error code → the words for it; whatever is not here is our own failure."""


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """The page for `error`; a crash is logged with its frames."""
    found = problems.understand(error)
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    status = problems.status_of(type(found))
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.crash(error, request_id=about.line.request_id)
    about.line.code = found.code
    visit = Visit(request, request.app.state.world)
    name = _TEXTS.get(found.code, "problem.generic")
    body = plain.problem(visit.words, visit.about(visit.words(name)), name, about.line.request_id)
    answer = visit.page(body, status=status)
    if "retry_after" in found.facts:
        answer.headers["Retry-After"] = str(found.facts["retry_after"])
    return answer
