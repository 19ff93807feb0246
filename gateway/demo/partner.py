"""A partner's client of the gateway: one token, idempotent calls, sales in batches, refusals shown as they came."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, TypeVar

import httpx
import msgspec

from gateway.demo import answers
from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    """The answer of the token endpoint (RFC 6749, section 5.1)."""

    access_token: str
    expires_in: int


class Partner:
    """One partner at one gateway; `http` has the gateway's address as its base."""

    def __init__(self, http: httpx.AsyncClient, client_id: str, key: SigningKey, issuer: str) -> None:
        self._http = http
        self._client_id = client_id
        self._key = key
        self._issuer = issuer
        self._token: Token | None = None
        self._expires = 0.0

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
        """Send one batch (at most BATCH rows) as NDJSON; a repeated batch counts as duplicates. Raises as `get`."""
        body = msgspec.json.Encoder().encode_lines([_row(receipt, currency) for receipt in receipts])
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
            token = await self._bearer()
            response = await self._send(method, path, body, {**(headers or {}), "Authorization": f"Bearer {token}"})
            if response.is_success:
                return response
            if response.status_code == _UNAUTHENTICATED and attempt == 0:
                self._token = None
            elif response.status_code in _BUSY:
                await asyncio.sleep(_wait(response))
            else:
                break
        raise _refused(method, path, response)

    async def _bearer(self) -> str:
        if self._token is None or time.monotonic() > self._expires:
            assertion = self._key.assertion(self._client_id, self._issuer, int(time.time()))
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": assertion,
            }
            path = "/oauth/token"
            encoded = str(httpx.QueryParams(form)).encode()
            response = await self._send("POST", path, encoded, {"Content-Type": "application/x-www-form-urlencoded"})
            if not response.is_success:
                raise _refused("POST", path, response)
            self._token = _decode(response, Token)
            self._expires = time.monotonic() + self._token.expires_in - _RENEW_BEFORE_SECONDS
        return self._token.access_token

    async def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> httpx.Response:
        try:
            return await self._http.request(method, path, content=body, headers=headers)
        except httpx.TransportError as error:
            raise Unreachable(f"{method} {path}: {str(error) or type(error).__name__}") from None


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
