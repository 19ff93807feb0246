"""The hosted pages, where a merchant signs in, agrees, confirms and takes back: never framed, zh and en.

One script of our own, on the pages that ask for a passkey; everything else works without.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from litestar import Response, get

from gateway.api.connect import (
    agreements,
    authority,
    changes,
    confirm,
    consent,
    dashboard,
    loans,
    outbox,
    passkeys,
    sign_in,
)
from gateway.api.connect.pages import frame
from gateway.domain.rights import Right


@get("/connect/style.css", opt={"right": Right.public}, include_in_schema=False, sync_to_thread=False)
def style() -> Response[str]:
    """The pages' style sheet."""
    headers = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=3600"}
    return Response(frame.css(), headers=headers)


@get("/connect/passkey.js", opt={"right": Right.public}, include_in_schema=False, sync_to_thread=False)
def script() -> Response[str]:
    """The script that asks the browser for a passkey."""
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "max-age=3600"}
    return Response(_passkey_js(), headers=headers)


@cache
def _passkey_js() -> str:
    return files(__package__).joinpath("passkey.js").read_text(encoding="utf-8")


ROUTES = (
    *sign_in.ROUTES,
    *passkeys.ROUTES,
    *consent.ROUTES,
    *dashboard.ROUTES,
    *loans.ROUTES,
    *changes.ROUTES,
    *agreements.ROUTES,
    *authority.ROUTES,
    *confirm.ROUTES,
    style,
    script,
)
SANDBOX_ROUTES = outbox.ROUTES

__all__ = ["ROUTES", "SANDBOX_ROUTES"]
