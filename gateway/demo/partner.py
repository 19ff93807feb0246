"""A partner's client of the gateway: a bound token, idempotent calls, sales in batches, refusals as they came.

On its own behalf it brings merchants; for one merchant, under that merchant's consent, it is another `Partner` with the
same key and a refresh token.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, TypeVar

import httpx
import msgspec

from gateway.demo import answers
from gateway.demo.keys import hashed
from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import date

    from gateway.demo.keys import SigningKey
    from gateway.demo.receipts import Receipt
    from gateway.demo.till import DayTotals

Answer = TypeVar("Answer")

BATCH = 5_000
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RENEW_BEFORE_SECONDS = 30
_TRIES = 5
_LONGEST_WAIT_SECONDS = 5.0
_BUSY = frozenset({429, 503})
_UNAUTHENTICATED = 401
_NONCE_STATUSES = frozenset({400, 401})
_NONCE_TRIES = 2
REDIRECT_URI = "http://127.0.0.1/demo"
"""Where the merchant's browser is sent back to: nobody listens there, the demo reads the address itself."""
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_NDJSON = "application/x-ndjson"


class Refused(Upstream):
    """The gateway answered with a problem; the detail carries what it said (RFC 9457 or RFC 6749)."""

    code = "gateway_refused"
    title = "The gateway refused"


class Unreachable(Upstream):
    """The gateway did not answer."""

    code = "gateway_unreachable"
    title = "The gateway does not answer"


class Unexpected(Upstream):
    """The gateway's answer is not of the shape its API promises."""

    code = "gateway_unexpected"
    title = "The gateway's answer cannot be read"


class Problem(msgspec.Struct, frozen=True):
    """What we read of a problem+json body or of an OAuth error."""

    code: str = ""
    title: str = ""
    detail: str = ""
    request_id: str = ""
    errors: tuple[answers.FieldFault, ...] = ()
    error: str = ""
    error_description: str = ""


class Token(msgspec.Struct, frozen=True):
    """The answer of the token endpoint (RFC 6749, section 5.1; RFC 9396, section 7)."""

    access_token: str
    expires_in: int
    refresh_token: str | None = None
    grant_id: str | None = None


class Pushed(msgspec.Struct, frozen=True):
    """The answer to a pushed authorization request (RFC 9126, section 2.2)."""

    request_uri: str


class Asked(msgspec.Struct, frozen=True):
    """A request that waits for the merchant at `url`; `verifier` redeems the code it brings (RFC 7636)."""

    url: str
    verifier: str


class Partner:
    """One partner at one gateway; `http` has the gateway's address as its base."""

    def __init__(
        self, http: httpx.AsyncClient, client_id: str, key: SigningKey, issuer: str, refresh_token: str | None = None
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._key = key
        self._issuer = issuer
        self._refresh_token = refresh_token
        self._token: Token | None = None
        self._expires = 0.0
        self._nonce: str | None = None

    async def ask(self, wanted: Sequence[dict[str, object]]) -> Asked:
        """Push a request for a merchant's consent to these authorization details. Raises as `get`."""
        verifier = secrets.token_urlsafe(48)
        form = {
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "code_challenge": hashed(verifier.encode()),
            "code_challenge_method": "S256",
            "authorization_details": msgspec.json.encode(wanted).decode(),
        }
        pushed = _decode(await self._authenticated("/oauth/par", form), Pushed)
        query = httpx.QueryParams({"client_id": self._client_id, "request_uri": pushed.request_uri})
        return Asked(f"{self._issuer}/oauth/authorize?{query}", verifier)

    async def browse(self, visit: Callable[[httpx.AsyncClient], Awaitable[Answer]]) -> Answer:
        """Let somebody with a browser of their own visit the gateway: its cookies are not the partner's."""
        async with httpx.AsyncClient(base_url=self._issuer, trust_env=False, timeout=60) as http:
            return await visit(http)

    async def redeem(self, code: str, verifier: str) -> Partner:
        """This partner under the consent that the merchant's browser brought `code` from. Raises as `get`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": verifier,
        }
        token = _decode(await self._authenticated("/oauth/token", form), Token)
        return Partner(self._http, self._client_id, self._key, self._issuer, token.refresh_token)

    async def get(self, path: str, answer: type[Answer]) -> Answer:
        """GET `path`; raises Refused, Unreachable or Unexpected."""
        return _decode(await self._call("GET", path), answer)

    async def post(self, path: str, body: object, answer: type[Answer]) -> Answer:
        """POST `body` as JSON (None: without one) with an idempotency key kept over retries; raises as `get`."""
        headers = {"Idempotency-Key": secrets.token_urlsafe(16)}
        if body is None:
            return _decode(await self._call("POST", path, None, headers), answer)
        headers["Content-Type"] = _JSON
        return _decode(await self._call("POST", path, msgspec.json.encode(body), headers), answer)

    async def push(self, merchant_id: str, receipts: Sequence[Receipt], currency: str) -> answers.Pushed:
        """Send one batch (at most BATCH receipts); a repeated batch counts as duplicates. Raises as `get`."""
        return await self.record(merchant_id, [_row(receipt, currency) for receipt in receipts])

    async def record(self, merchant_id: str, rows: Sequence[object]) -> answers.Pushed:
        """Send records of a till in the API's own shape as NDJSON. Raises as `get`."""
        body = msgspec.json.Encoder().encode_lines(rows)
        path = f"/v1/merchants/{merchant_id}/sales"
        return _decode(await self._call("POST", path, body, {"Content-Type": _NDJSON}), answers.Pushed)

    async def close(self, merchant_id: str, day: date, totals: DayTotals) -> answers.Closed:
        """Close a business day with the till's own totals, which the gateway checks. Raises as `get`."""
        path = f"/v1/merchants/{merchant_id}/days/{day}/close"
        return await self.post(path, totals, answers.Closed)

    async def _call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        for attempt in range(_TRIES):
            token = await self._bound_token()
            authorization = {"Authorization": f"DPoP {token}"}
            response = await self._send(method, path, body, {**(headers or {}), **authorization}, token)
            if response.is_success:
                return response
            if response.status_code == _UNAUTHENTICATED and attempt == 0:
                self._token = None
            elif response.status_code in _BUSY:
                await asyncio.sleep(_wait(response))
            else:
                break
        raise _refused(method, path, response)

    async def _bound_token(self) -> str:
        if self._token is None or time.monotonic() > self._expires:
            form = {"grant_type": "client_credentials"}
            if self._refresh_token is not None:
                form = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
            self._token = _decode(await self._authenticated("/oauth/token", form), Token)
            self._expires = time.monotonic() + self._token.expires_in - _RENEW_BEFORE_SECONDS
        return self._token.access_token

    async def _authenticated(self, path: str, form: dict[str, str]) -> httpx.Response:
        """POST a form as this client, which proves itself anew with every try. Raises as `get`."""
        for _ in range(_NONCE_TRIES):
            assertion = self._key.assertion(self._client_id, self._issuer, int(time.time()))
            proven = form | {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
            encoded = str(httpx.QueryParams(proven)).encode()
            response = await self._once("POST", path, encoded, {"Content-Type": _FORM}, None)
            if response.is_success:
                return response
            if not _wants_nonce(response):
                break
        raise _refused("POST", path, response)

    async def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], token: str
    ) -> httpx.Response:
        """One call under a token, and once more where only the server's nonce was missing."""
        response = await self._once(method, path, body, headers, token)
        return await self._once(method, path, body, headers, token) if _wants_nonce(response) else response

    async def _once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], token: str | None
    ) -> httpx.Response:
        now = int(time.time())
        proof = self._key.proof(method, self._issuer + path.partition("?")[0], now, nonce=self._nonce, token=token)
        try:
            response = await self._http.request(method, path, content=body, headers=headers | {"DPoP": proof})
        except httpx.TransportError as error:
            raise Unreachable(f"{method} {path}: {str(error) or type(error).__name__}") from None
        self._nonce = response.headers.get("DPoP-Nonce", self._nonce)
        return response


def _wants_nonce(response: httpx.Response) -> bool:
    """Whether the server only asks for its nonce to be in the proof (RFC 9449, sections 8 and 9)."""
    return response.status_code in _NONCE_STATUSES and b"use_dpop_nonce" in response.content


def _row(receipt: Receipt, currency: str) -> dict[str, object]:
    return {
        "sale_id": receipt.sale_id,
        "kind": receipt.kind,
        "occurred_at": receipt.occurred_at,
        "amount": receipt.amount,
        "currency": currency,
    }


def _decode(response: httpx.Response, answer: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(response.content, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        request = response.request
        raise Unexpected(f"{request.method} {request.url.path} → {response.status_code}: {error}") from None


def _refused(method: str, path: str, response: httpx.Response) -> Refused:
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem(detail=response.text[:200])
    code = problem.code or problem.error
    faults = "".join(f"; {fault.pointer} {fault.detail}" for fault in problem.errors[:3])
    said = problem.detail or problem.error_description or problem.title
    request = f" ({problem.request_id})" if problem.request_id else ""
    detail = f"{method} {path} → {response.status_code} {code}: {said}{faults}{request}"
    return Refused(detail, status=response.status_code, problem=code)


def _wait(response: httpx.Response) -> float:
    """Seconds the gateway asks us to wait, within reason."""
    asked = response.headers.get("Retry-After", "1")
    return min(float(asked), _LONGEST_WAIT_SECONDS) if asked.isdigit() else 1.0
