"""Whole authorizations, one after the other on each of several connections: what a till's software and a browser send.

`python -m tests.bench.flows FILE SECONDS` reads an `Aim` from FILE: pushed request, browser until it is sent back with
a code, code for tokens; client assertion and DPoP proof with the server's nonce each time. One JSON line: a `Run`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from tests.bench.keys import Key, b64

if TYPE_CHECKING:
    from collections.abc import Mapping

REDIRECT_URI = "https://client.example/cb"
METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_VERIFIER = "v" * 64
_REDIRECTS_COUNT = 8
_FOUND, _SEEN_OTHER = 302, 303


class FlowFailed(Exception):
    """The server answered otherwise than a whole flow needs."""


class Aim(msgspec.Struct, frozen=True):
    """Whom to drive, as which client, for which merchants; a connection each. `private` is the client's P-256 key."""

    url: str
    client_id: str
    private: int
    merchant_ids: list[str]


class Run(msgspec.Struct, frozen=True):
    """What one run saw: whole flows and how long each took."""

    flows_count: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Whole flows a second."""
        return self.flows_count / self.seconds


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer; header names in lower case, `cookies` apart because they come many times."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes


class Connection:
    """One kept-alive connection."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host, self._reader, self._writer = host, reader, writer

    @classmethod
    async def open(cls, url: str) -> Connection:
        """A connection to the server at `url`."""
        address = urlsplit(url)
        return cls(address.netloc, *await asyncio.open_connection(address.hostname, address.port))

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send one request and read its answer."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        found = {name.lower(): value for name, value in pairs}
        content = await self._reader.readexactly(int(found["content-length"]))
        cookies = [value for name, value in pairs if name.lower() == "set-cookie"]
        return Answer(int(head[0].split(" ")[1]), found, cookies, content)

    def close(self) -> None:
        """End it."""
        self._writer.close()


class Client:
    """The client software: its keys, its assertions, its proofs, and the nonce it heard last."""

    def __init__(self, aim: Aim, metadata: dict[str, Any]) -> None:
        self._aim, self.metadata = aim, metadata
        self._key, self._dpop = Key(aim.private), Key()
        self._header = self._key.header(kid="main", typ="JWT")
        self._dpop_header = self._dpop.header(typ="dpop+jwt", jwk=self._dpop.jwk)
        self._serial = itertools.count(1)
        self._nonce: str | None = None
        self._run = time.time_ns()

    async def post(self, connection: Connection, endpoint: str, form: dict[str, str]) -> dict[str, Any]:
        """POST a form with client authentication and a proof, again when asked for a nonce. Raises FlowFailed."""
        url = self.metadata[endpoint]
        for _ in range(2):
            full = {
                "client_id": self._aim.client_id, "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion(), **form,
            }  # fmt: skip
            headers = _FORM | {"DPoP": self._proof("POST", url)}
            answer = await connection.ask("POST", urlsplit(url).path, headers, urlencode(full).encode())
            self._nonce = answer.headers.get("dpop-nonce", self._nonce)
            if b"use_dpop_nonce" not in answer.body:
                break
        if answer.status not in {200, 201}:
            raise FlowFailed(f"{endpoint}: {answer.status} {answer.body[:500].decode()}")
        told: dict[str, Any] = json.loads(answer.body)
        return told

    def _assertion(self) -> str:
        at, client_id = int(time.time()), self._aim.client_id
        return self._key.sign(self._header, {
            "iss": client_id, "sub": client_id, "aud": self.metadata["issuer"], "iat": at, "exp": at + 60,
            "jti": f"{self._run}-{next(self._serial)}",
        })  # fmt: skip

    def _proof(self, method: str, url: str) -> str:
        nonce = {} if self._nonce is None else {"nonce": self._nonce}
        return self._dpop.sign(self._dpop_header, {
            "jti": f"{self._run}-{next(self._serial)}", "htm": method, "htu": url, "iat": int(time.time()), **nonce,
        })  # fmt: skip

    async def flow(self, connection: Connection, merchant_id: str) -> None:
        """One authorization, from the pushed request to the tokens. Raises FlowFailed."""
        pushed = await self.post(connection, "pushed_authorization_request_endpoint", {
            "response_type": "code", "redirect_uri": REDIRECT_URI, "state": "s" * 32, "code_challenge": _CHALLENGE,
            "code_challenge_method": "S256", "authorization_details": json.dumps(details(merchant_id)),
        })  # fmt: skip
        query = urlencode({"client_id": self._aim.client_id, "request_uri": pushed["request_uri"]})
        back = await browse(connection, f"{self.metadata['authorization_endpoint']}?{query}")
        told = await self.post(connection, "token_endpoint", {
            "grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": REDIRECT_URI,
            "code_verifier": _VERIFIER,
        })  # fmt: skip
        granted = [detail["type"] for detail in told["authorization_details"]]
        if told["token_type"] != "DPoP" or "refresh_token" not in told or granted != ["merchant_data", "offers"]:
            raise FlowFailed(f"the tokens are not what was asked for: {sorted(told)} {granted}")


async def browse(connection: Connection, url: str) -> dict[str, list[str]]:
    """A new browser follows redirects until it is sent back to the client; with which parameters."""
    cookies: dict[str, str] = {}
    for _ in range(_REDIRECTS_COUNT):
        parts = urlsplit(url)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
        answer = await connection.ask("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, headers)
        if answer.status not in {_FOUND, _SEEN_OTHER}:
            raise FlowFailed(f"{parts.path}: {answer.status} {answer.body[:500].decode()}")
        for cookie in answer.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            cookies[name] = value
        cookies = {name: value for name, value in cookies.items() if value}
        url = answer.headers["location"]
        if url.startswith(REDIRECT_URI):
            return parse_qs(urlsplit(url).query)
    raise FlowFailed(f"the browser is sent round in circles, last to {url}")


def details(merchant_id: str) -> list[dict[str, Any]]:
    """What the client asks for."""
    return [
        {
            "type": "merchant_data", "actions": ["push"], "datatypes": ["sales", "stock"],
            "merchant": {"id": merchant_id}, "lookback_days": 730, "purpose": "credit_assessment",
            "recipients": [{"bank": "bnk_sandbox"}], "retention_days": 1825,
        },
        {"type": "offers", "actions": ["read"]},
    ]  # fmt: skip


async def run(aim: Aim, seconds: float) -> Run:
    """Drive for `seconds`, after one flow on each connection that is not counted."""
    connections = [await Connection.open(aim.url) for _ in aim.merchant_ids]
    client = Client(aim, await _discover(connections[0]))
    pairs = list(zip(connections, aim.merchant_ids, strict=True))
    for pair in pairs:
        await client.flow(*pair)
    took: list[float] = []
    started = time.perf_counter()

    async def again(connection: Connection, merchant_id: str) -> None:
        while (begun := time.perf_counter()) < started + seconds:
            await client.flow(connection, merchant_id)
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(again(*pair) for pair in pairs))
    elapsed = time.perf_counter() - started
    for connection in connections:
        connection.close()
    ordered = sorted(took)
    p50, p99 = (1_000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return Run(len(took), elapsed, p50, p99)


async def _discover(connection: Connection) -> dict[str, Any]:
    for path in METADATA:
        answer = await connection.ask("GET", path, {})
        if answer.status == 200:
            found: dict[str, Any] = json.loads(answer.body)
            return found
    raise FlowFailed("the server has no metadata")


_CHALLENGE = b64(sha256(_VERIFIER.encode()).digest())

if __name__ == "__main__":
    _aim = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Aim)
    print(msgspec.json.encode(asyncio.run(run(_aim, float(sys.argv[2])))).decode())
