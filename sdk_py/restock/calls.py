"""One call to the gateway as plain steps, for a client with threads and one without: nothing here sends anything.

A flow yields requests to send and pauses to keep, is told each answer, and returns the last one. It fetches and renews
the token, proves each request (DPoP, RFC 9449), hands the server's nonce back, and repeats what may be repeated.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from restock.problems import Unreachable, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restock.keys import Key

TRIES_COUNT = 5
LONGEST_PAUSE_SECONDS = 30.0
_RENEW_BEFORE_SECONDS = 30
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_UNAUTHENTICATED, _CONFLICT = 401, 409
_BUSY = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask. With a `key`, or where asking twice is the same as once, it is repeated when no answer comes."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: object = None
    rows: Iterable[object] | None = None
    """Sent as NDJSON, a line each."""
    key: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether a second time does no more than the first."""
        return self.key is not None or self.rows is not None or self.method in {"GET", "PUT", "DELETE"}


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next try."""

    seconds: float


Flow = Generator[httpx.Request | Pause, httpx.Response | httpx.TransportError | None, httpx.Response]


def new_key() -> str:
    """An idempotency key: the same for every try of one act."""
    return secrets.token_urlsafe(24)


class Session:
    """Who calls: a client on its own behalf, or with a `refresh_token` under one merchant's consent."""

    def __init__(self, gateway: str, client_id: str, key: Key, refresh_token: str | None = None) -> None:
        """`gateway` is its issuer's address, exactly as the gateway names it."""
        self.gateway = gateway.rstrip("/")
        self.client_id, self.key, self.refresh_token = client_id, key, refresh_token
        self._token: str | None = None
        self._token_ends = 0.0
        self._nonce: str | None = None

    def flow(self, call: Call) -> Flow:
        """The steps of a call. Raises Problem or Unreachable."""
        content, kind = _content(call)
        headers = {} if kind is None else {"Content-Type": kind}
        headers |= {} if call.key is None else {"Idempotency-Key": call.key}
        query = {name: value for name, value in call.query.items() if value is not None}
        renewed = False
        for attempt in range(1, TRIES_COUNT + 1):
            token = yield from self._bearer()
            answer = yield from self._proven(call.method, call.path, headers, content, query=query, token=token)
            if isinstance(answer, httpx.Response) and answer.is_success:
                return answer
            if isinstance(answer, httpx.Response) and answer.status_code == _UNAUTHENTICATED and not renewed:
                self._token, renewed = None, True
                continue
            yield from _pause_or_raise(answer, attempt, repeatable=call.repeatable)
        raise AssertionError  # the last attempt raised

    def form(self, path: str, fields: Mapping[str, str]) -> Flow:
        """The steps of a form this client sends as itself (RFC 7523): tokens, pushed requests."""
        for attempt in range(1, TRIES_COUNT + 1):
            assertion = self.key.assertion(self.client_id, self.gateway, time.time())
            proven = {**fields, "client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
            content = str(httpx.QueryParams(proven)).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = yield from self._once("POST", path, headers, content)
            if isinstance(answer, httpx.Response) and answer.is_success:
                return answer
            if _asks_for_nonce(answer):
                continue
            yield from _pause_or_raise(answer, attempt, repeatable=True)
        raise AssertionError  # the last attempt raised

    def _bearer(self) -> Generator[Any, Any, str]:
        if self._token is None or time.monotonic() > self._token_ends:
            fields = {"grant_type": "client_credentials"}
            if self.refresh_token is not None:
                fields = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
            said = (yield from self.form("/oauth/token", fields)).json()
            self._token = str(said["access_token"])
            self._token_ends = time.monotonic() + int(said["expires_in"]) - _RENEW_BEFORE_SECONDS
        return self._token

    def _proven(self, *request: Any, query: Mapping[str, Any], token: str) -> Generator[Any, Any, Any]:
        """One request under the token; once more where only the server's nonce was missing."""
        answer = yield from self._once(*request, query=query, token=token)
        if _asks_for_nonce(answer):
            answer = yield from self._once(*request, query=query, token=token)
        return answer

    def _once(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        query: Mapping[str, Any] | None = None,
        token: str | None = None,
    ) -> Generator[Any, Any, Any]:
        url = self.gateway + path
        proof = self.key.proof(method, url, time.time(), nonce=self._nonce, token=token)
        bound = {} if token is None else {"Authorization": f"DPoP {token}"}
        sent = {**headers, **bound, "DPoP": proof}
        answer = yield httpx.Request(method, url, params=query or None, headers=sent, content=content)
        if isinstance(answer, httpx.Response):
            self._nonce = answer.headers.get("DPoP-Nonce", self._nonce)
        return answer


def _content(call: Call) -> tuple[bytes | None, str | None]:
    if call.rows is not None:
        return b"".join(_json(row) + b"\n" for row in call.rows), "application/x-ndjson"
    return (None, None) if call.body is None else (_json(call.body), "application/json")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _asks_for_nonce(answer: httpx.Response | httpx.TransportError) -> bool:
    return isinstance(answer, httpx.Response) and not answer.is_success and b"use_dpop_nonce" in answer.content


def _pause_or_raise(
    answer: httpx.Response | httpx.TransportError, attempt: int, *, repeatable: bool
) -> Generator[Pause, None, None]:
    """Wait as long as was asked, or longer each time; at the last try, or where waiting is of no use, raise."""
    if isinstance(answer, httpx.TransportError):
        if not repeatable or attempt == TRIES_COUNT:
            raise Unreachable(f"the gateway did not answer: {str(answer) or type(answer).__name__}") from answer
        yield Pause(min(LONGEST_PAUSE_SECONDS, 0.5 * 2**attempt))
        return
    asked = answer.headers.get("Retry-After", "")
    # 409 with Retry-After: the same key is being answered just now.
    waits = answer.status_code in _BUSY or (answer.status_code == _CONFLICT and bool(asked))
    if not waits or attempt == TRIES_COUNT:
        raise problem_of(answer)
    yield Pause(min(LONGEST_PAUSE_SECONDS, float(asked) if asked.isdigit() else 0.5 * 2**attempt))
