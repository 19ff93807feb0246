"""The two clients: one that waits, one for asyncio. Both run the same flows."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from restock import async_resources, resources
from restock.calls import Call, Flow, Pause, Session
from restock.keys import Key, sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A consent that waits for the merchant at `url`. Keep `verifier` and `state` in the merchant's session."""

    url: str
    verifier: str
    state: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a merchant granted. Keep `refresh_token` secret: it is the way back to the merchant's data."""

    grant_id: str
    refresh_token: str
    authorization_details: list[dict[str, Any]]


class Restock(resources.Resources):
    """One client of a gateway, for code that waits. Safe to share between threads.

    Everything raises Problem, or Unreachable.
    """

    def __init__(
        self,
        gateway: str,
        client_id: str,
        key: Key,
        *,
        refresh_token: str | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        """`refresh_token`: under that merchant's consent; without one, on the client's own behalf."""
        self._session = Session(gateway, client_id, key, refresh_token)
        self._http = http or httpx.Client(timeout=_TIMEOUT_SECONDS)
        super().__init__(self._ask)

    def under(self, refresh_token: str) -> Restock:
        """The same client under a merchant's consent, over the same connections."""
        own = self._session
        return Restock(own.gateway, own.client_id, own.key, refresh_token=refresh_token, http=self._http)

    def ask(self, details: Sequence[dict[str, Any]], redirect_uri: str) -> Asked:
        """Ask for a merchant's consent to authorization details (RFC 9396, pushed as RFC 9126 says)."""
        asked, fields = _asking(self._session, details, redirect_uri)
        answer = self._run(self._session.form("/oauth/par", fields))
        return _pointed(self._session, asked, answer)

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> Grant:
        """What the code that came back to `redirect_uri` grants; a code counts once."""
        return _granted(self._run(self._session.form("/oauth/token", _redeeming(code, verifier, redirect_uri))))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, call: Call) -> Any:
        return _value(self._run(self._session.flow(call)))

    def _run(self, flow: Flow) -> httpx.Response:
        said: httpx.Response | httpx.TransportError | None = None
        while True:
            try:
                step = flow.send(said)
            except StopIteration as done:
                answer: httpx.Response = done.value
                return answer
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                said = None
                continue
            try:
                said = self._http.send(step)
            except httpx.TransportError as error:
                said = error


class AsyncRestock(async_resources.Resources):
    """One client of a gateway, for asyncio. Everything raises Problem, or Unreachable."""

    def __init__(
        self,
        gateway: str,
        client_id: str,
        key: Key,
        *,
        refresh_token: str | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """`refresh_token`: under that merchant's consent; without one, on the client's own behalf."""
        self._session = Session(gateway, client_id, key, refresh_token)
        self._http = http or httpx.AsyncClient(timeout=_TIMEOUT_SECONDS)
        super().__init__(self._ask)

    def under(self, refresh_token: str) -> AsyncRestock:
        """The same client under a merchant's consent, over the same connections."""
        own = self._session
        return AsyncRestock(own.gateway, own.client_id, own.key, refresh_token=refresh_token, http=self._http)

    async def ask(self, details: Sequence[dict[str, Any]], redirect_uri: str) -> Asked:
        """Ask for a merchant's consent to authorization details (RFC 9396, pushed as RFC 9126 says)."""
        asked, fields = _asking(self._session, details, redirect_uri)
        answer = await self._run(self._session.form("/oauth/par", fields))
        return _pointed(self._session, asked, answer)

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> Grant:
        """What the code that came back to `redirect_uri` grants; a code counts once."""
        return _granted(await self._run(self._session.form("/oauth/token", _redeeming(code, verifier, redirect_uri))))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, call: Call) -> Any:
        return _value(await self._run(self._session.flow(call)))

    async def _run(self, flow: Flow) -> httpx.Response:
        said: httpx.Response | httpx.TransportError | None = None
        while True:
            try:
                step = flow.send(said)
            except StopIteration as done:
                answer: httpx.Response = done.value
                return answer
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                said = None
                continue
            try:
                said = await self._http.send(step)
            except httpx.TransportError as error:
                said = error


def _value(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None


def _asking(session: Session, details: Sequence[dict[str, Any]], redirect_uri: str) -> tuple[Asked, dict[str, str]]:
    asked = Asked("", secrets.token_urlsafe(48), secrets.token_urlsafe(24))
    fields = {
        "response_type": "code",
        "client_id": session.client_id,
        "redirect_uri": redirect_uri,
        "state": asked.state,
        "code_challenge": sha256(asked.verifier.encode()),
        "code_challenge_method": "S256",
        "authorization_details": json.dumps(list(details)),
    }
    return asked, fields


def _pointed(session: Session, asked: Asked, answer: httpx.Response) -> Asked:
    query = httpx.QueryParams({"client_id": session.client_id, "request_uri": answer.json()["request_uri"]})
    return Asked(f"{session.gateway}/oauth/authorize?{query}", asked.verifier, asked.state)


def _redeeming(code: str, verifier: str, redirect_uri: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri
    }  # fmt: skip


def _granted(answer: httpx.Response) -> Grant:
    said = answer.json()
    return Grant(said["grant_id"], said["refresh_token"], said.get("authorization_details", []))
