"""One visit of a browser: its language, its secret, its form; and how an answer is dressed.

The secret lives in one cookie that no script can read. Every form carries a token made from it, so that no other
site can post in its name; where the browser says that another site sent the form, it is refused as well.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import msgspec
from litestar import Response

from gateway.api import exchange
from gateway.api.connect import addresses, words
from gateway.api.connect.pages.frame import About, css
from gateway.api.problems import BadRequest
from gateway.domain import ids
from gateway.domain.errors import Forbidden
from gateway.oauth import errors, forms, tokens
from gateway.usecases import authorization, sign_in
from gateway.usecases.authorization import Pending
from gateway.usecases.sign_in import Who

if TYPE_CHECKING:
    from litestar import Request

    from gateway.usecases.sign_in import PageSession
    from gateway.usecases.world import World

MAX_FORM_BYTES = 8 * 1024
SEE_OTHER = 303
_LONGEST_SECRET = 100
_KEPT = ("client_id", "request_uri", "merchant_id", "authority", "back", "lang")
"""What an address says its pages are about, and goes along from page to page."""
_BACK = re.compile(r"/connect/[a-z0-9_/-]{1,100}")
_OWN_SITE = {"same-origin", "none", ""}
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?(?=[/?]|\Z)")
"""The start of an address that can stand in a policy: nothing in it can end a directive."""
_FORM = b"application/x-www-form-urlencoded"


class StrangeForm(Forbidden):
    """The form was not made for this browser, or its page has been open for too long."""

    code = "form_not_ours"
    title = "This form cannot be used"


class OtherShop(Forbidden):
    """The browser is signed in for another merchant than the page is about."""

    code = "other_merchant"
    title = "Signed in as another merchant"


class NoShop(BadRequest):
    """The address names no merchant that can sign in here."""

    code = "no_merchant"
    title = "The page is not about any merchant"


class Goal(msgspec.Struct, frozen=True):
    """What a visit is about: a merchant and, on the way to the consent page, the request that waits for it."""

    merchant: Who
    asked: Pending | None


class Visit:
    """See the module."""

    def __init__(self, request: Request[Any, Any, Any], world: World) -> None:
        self.request, self.world = request, world
        self.query: dict[str, str] = dict(request.query_params.items())
        self.words = words.Words(words.language(self.query.get("lang"), request.headers.get("accept-language", "")))

    @cached_property
    def secret(self) -> str | None:
        """The browser's secret, when it has one."""
        found = self.request.cookies.get(cookie_name(self.world), "")
        return found if 0 < len(found) <= _LONGEST_SECRET else None

    async def session(self) -> PageSession | None:
        """The browser's live session, signed in or on its way."""
        return await sign_in.session(self.world, self.secret)

    async def signed_in_session(self) -> PageSession | None:
        """The session, once signed in. Raises OtherShop when the address is about another merchant than it is."""
        session = await self.session()
        if session is None or session.signed_in_at is None:
            return None
        if self.query.get("merchant_id", session.merchant_id) != session.merchant_id:
            raise OtherShop("Sign out first")
        return session

    async def signed_in(self) -> str | None:
        """The merchant this browser is signed in for. Raises OtherShop."""
        session = await self.signed_in_session()
        return None if session is None else session.merchant_id

    def to_sign_in(self, **more: str) -> Response[Any]:
        """Off to the sign-in page, with `back` as the page to come back to. Raises NoShop where nobody could."""
        if "merchant_id" not in self.query:
            raise NoShop("Open this page from the software that runs your till")
        return self.go(self.address(addresses.SIGN_IN, **more))

    async def goal(self) -> Goal:
        """What the address is about. Raises BadRequestUri or NoShop."""
        asked = None
        merchant_id = self.query.get("merchant_id")
        if "request_uri" in self.query:
            asked = await authorization.pending(self.world, self.query["request_uri"], self.query.get("client_id", ""))
            merchant_id = asked.merchant_id
        known = merchant_id is not None and ids.PATTERN.match(merchant_id) is not None
        merchant = await sign_in.who(self.world.store, merchant_id or "") if known else None
        if merchant is None:
            raise NoShop("Open this page from the software that runs your till")
        return Goal(merchant, asked)

    async def form(self) -> dict[str, str]:
        """The posted form. Raises StrangeForm unless we made it for this very browser."""
        about = exchange.of(self.request.scope)  # type: ignore[arg-type]
        if self.request.headers.get("sec-fetch-site", "") not in _OWN_SITE:
            raise StrangeForm("Another site sent this form")
        if about.encoded or about.content_type.partition(b";")[0].strip().lower() != _FORM:
            raise BadRequest("Send application/x-www-form-urlencoded")
        try:
            found = forms.read(await self.request.body())
        except errors.Refusal:
            raise BadRequest("The form cannot be read") from None
        if not sign_in.form_is_ours(self.secret, found.pop("form", "")):
            raise StrangeForm("Open the page again")
        return found

    def address(self, path: str, **more: str) -> str:
        """`path` with what this visit is about; `more` comes on top."""
        kept = {name: self.query[name] for name in _KEPT if name in self.query}
        query = urlencode(kept | more)
        return f"{path}?{query}" if query else path

    def onward(self, otherwise: str) -> str:
        """Where to go once signed in: the page of ours that `back` names, else `otherwise`."""
        back = self.query.pop("back", "")
        return self.address(back if _BACK.fullmatch(back) else otherwise)

    def goal_page(self, otherwise: str) -> str:
        """Where the request waits that brought the merchant here; `otherwise` when none did."""
        return addresses.CONSENT if "request_uri" in self.query else otherwise

    @property
    def session_hash(self) -> str:
        """What the browser's secret is known by in the store; "" when it has none."""
        return tokens.digest(self.secret) if self.secret is not None else ""

    def about(self, title: str) -> About:
        """The frame of a page: our own host, its title, and itself in the other language."""
        settings = self.world.settings
        other = "en" if self.words.language == "zh" else "zh"
        path = self.request.url.path if self.request.method == "GET" else ""
        there = self.address(path, lang=other) if path else ""
        return About(urlsplit(settings.issuer).netloc, title, there, sandbox=settings.sandbox)

    def page(
        self,
        body: str,
        *,
        status: int = 200,
        back_to: str | None = None,
        secret: str | None = None,
        script: bool = False,
    ) -> Response[str]:
        """A page; `back_to` is the partner's address its form may lead to; `secret` sets the cookie.

        `script`: the page has a passkey button, so our own script may run on it.
        """
        headers = page_headers(back_to, script=script) | {"Content-Language": self.words.locale}
        return Response(body, status_code=status, headers=headers | self._cookie(secret))

    def go(self, address: str, *, secret: str | None = None) -> Response[None]:
        """Send the browser on, so that a reload repeats nothing."""
        return Response(None, status_code=SEE_OTHER, headers={"Location": address} | self._cookie(secret))

    def _cookie(self, secret: str | None) -> dict[str, str]:
        if secret is None:
            return {}
        secure = "; Secure" if _https(self.world) else ""
        age = int(sign_in.SESSION_LIFETIME.total_seconds())
        value = f"{cookie_name(self.world)}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}"
        return {"Set-Cookie": value}

    @property
    def remote_address(self) -> str:
        """Where the visit comes from, as the server sees it."""
        return exchange.remote_address(self.request)


def new_secret() -> str:
    """A secret for a browser that has none."""
    return tokens.mint()


def cookie_name(world: World) -> str:
    """Bound to this very host where the browser can be made to (RFC 6265bis section 4.1.3.2)."""
    return "__Host-restock" if _https(world) else "restock"


def page_headers(back_to: str | None = None, *, script: bool = False) -> dict[str, str]:
    """Only our style sheet is loaded, and our `script` where a page has one; nothing frames us, forms go to us.

    Browsers hold a form to its policy also where the answer to it redirects, so the partner's address is allowed.
    """
    match = _ORIGIN.match(back_to or "")
    forms_to = f"'self' {match[0]}" if match else "'self'"
    scripts = "script-src 'self'; " if script else ""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"default-src 'none'; style-src 'self'; {scripts}base-uri 'none'; "
        f"form-action {forms_to}; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie",
    }


def paper_headers(locale: str) -> dict[str, str]:
    """For a page by itself (`frame.alone`): nothing is loaded, nothing runs, only its own style counts."""
    sheet = base64.b64encode(hashlib.sha256(css().encode()).digest()).decode()
    return page_headers() | {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{sheet}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Content-Language": locale,
        "Vary": "Accept, Accept-Language",
    }


def _https(world: World) -> bool:
    return world.settings.issuer.startswith("https://")
