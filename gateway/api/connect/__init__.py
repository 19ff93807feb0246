"""The hosted pages, where a merchant signs in, agrees, refuses and takes back: no script, never framed, zh and en."""

from __future__ import annotations

from litestar import Response, get

from gateway.api.connect import consent, dashboard, outbox, sign_in
from gateway.api.connect.pages import frame
from gateway.domain.rights import Right


@get("/connect/style.css", opt={"right": Right.public}, include_in_schema=False, sync_to_thread=False)
def style() -> Response[str]:
    """The pages' style sheet."""
    headers = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=3600"}
    return Response(frame.css(), headers=headers)


ROUTES = (*sign_in.ROUTES, *consent.ROUTES, *dashboard.ROUTES, style)
SANDBOX_ROUTES = outbox.ROUTES

__all__ = ["ROUTES", "SANDBOX_ROUTES"]
