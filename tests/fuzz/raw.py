"""Malformed requests: good ones spoiled by a seed in body, headers, address and method, sent as bytes."""

from __future__ import annotations

import json
import random
import socket
from typing import TYPE_CHECKING, NamedTuple

from gateway.domain.rights import OWN
from tests.api.operations import routes
from tests.api.test_whole_app import MALFORMED, VALID, filled
from tests.fuzz.door import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.door import Door

PATIENCE_SECONDS = 20
PIECES = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"1e999", b"-0", b"9" * 400, b"5.0", b"NaN", b"null",
    b"true", b"[]", b"{}", b'"', b"\\", b"\n", b"\r", b"\x7f", b"[" * 64, b'{"a":' * 64, b",", b"..", b"%00", b"%2e%2e",
    b"\xe2\x80\xae", b"\xd9\xa5", b"' OR 1=1 --", b"${7*7}", b"<script>", b"\xef\xbb\xbf", b"0x10", b" ",
)  # fmt: skip
HEADERS = (
    b"content-length: 5", b"transfer-encoding: chunked", b"content-encoding: gzip", b"expect: 100-continue",
    b"content-type: application/x-ndjson", b"content-type: application/json; charset=utf-16", b"content-type: text/xml",
    b"restock-version: 2020-01-01", b"idempotency-key: a b", b"idempotency-key: \xff", b"request-id: <x>",
    b"host: elsewhere.example", b"x-forwarded-for: \xff\xff", b"range: bytes=0-1", b'if-none-match: *, "',
    b"connection: upgrade\r\nupgrade: websocket", b"upgrade: h2c", b"dpop: x.y.z", b"authorization: DPoP x",
    b"accept: \x00", b"cookie: " + b"a=b; " * 500, b": nameless", b"no colon", b"x" * 9_000 + b": long",
)  # fmt: skip
METHODS = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"TRACE", b"BREW", b"get", b"\xff")
EXTRA = ("/", "/openapi.json", "/docs/errors", "/oauth/token", "/oauth/par", "/oauth/revoke", "/widget/v1/token",
         "/v1/inbound/sandbox", "/.well-known/oauth-authorization-server", "/livez")  # fmt: skip
_SLOW = {"/v1/sandbox/clock/advance"}
"""Months of work a request, which is another test's."""


class Good(NamedTuple):
    """A request to spoil; `own`: on the client's own behalf."""

    method: str
    path: str
    own: bool
    body: bytes


def corpus(door: Door) -> list[Good]:
    """One for each operation, and for some addresses that the description leaves out."""
    found = []
    for method, template, right in routes():
        if template in _SLOW:
            continue
        path = filled(template, merchant_id=door.till.id)
        body = json.dumps(VALID.get(path.replace(door.till.id, "{merchant_id}"), {})).encode()
        found.append(Good(method, path, right in OWN, b"" if method in {"GET", "DELETE"} else body))
    return found + [Good(method, path, own=True, body=b"{}") for path in EXTRA for method in ("GET", "POST")]


def run(door: Door, count: int, seed: int, *, done: Callable[[], bool] = lambda: False) -> Verdict:
    """Send `count` of them, or as many as there are until `done`."""
    chance, verdict, line = random.Random(seed), Verdict(), _Line(door.port)
    seeds = corpus(door)
    for _ in range(count):
        if done():
            break
        sent = _spoiled(door, chance.choice(seeds), chance)
        answer = line.ask(sent)
        if answer is not None:
            verdict.look(*answer, sent[-400:])
        else:
            verdict.hung_up(sent[:400])
    line.close()
    return verdict


def _spoiled(door: Door, good: Good, chance: random.Random) -> bytes:
    target, verb, body = good.path.encode(), good.method.encode(), good.body
    lines = [b"host: localhost", b"content-type: application/json", b"idempotency-key: k%d" % chance.getrandbits(60)]
    if chance.random() < 0.9:
        lines += [
            f"{name}: {value}".encode() for name, value in door.proven(good.method, good.path, own=good.own).items()
        ]
    what = chance.choices(("body", "header", "address", "method", "all"), (60, 15, 10, 5, 10))[0]
    if what in {"body", "all"}:
        body = chance.choice(list(MALFORMED.values())) if chance.random() < 0.05 else _bent(body, chance)
    if what in {"address", "all"}:
        target = _bent(target, chance).replace(b" ", b"%20").replace(b"\n", b"").replace(b"\r", b"") or b"/"
        target += chance.choice((b"", b"?limit=" + chance.choice(PIECES).strip(), b"?cursor=%ff", b"//", b"?a=1&a=2"))
    if what in {"method", "all"}:
        verb = chance.choice(METHODS)
    if what in {"header", "all"}:
        lines[chance.randrange(len(lines))] = chance.choice(HEADERS)
        lines.insert(chance.randrange(len(lines)), chance.choice(HEADERS))
    head = [verb + b" " + target + b" HTTP/1.1", *lines]
    return b"\r\n".join([*head, b"content-length: %d" % len(body), b"", body])


def _bent(text: bytes, chance: random.Random) -> bytes:
    """A few pieces cut out, doubled, replaced or put in."""
    for _ in range(chance.randint(1, 3)):
        at, to = sorted(chance.randint(0, len(text)) for _ in range(2))
        piece = chance.choice((b"", text[at:to] * 2, chance.choice(PIECES) + text[at:to], chance.choice(PIECES)))
        text = text[:at] + piece + text[to:]
    return text[:50_000]


class _Line:
    """One connection after the other, each as long as it lasts.

    Its own side stays open until the answer is there: whoever ends it earlier has gone away, to the server.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, sent: bytes) -> tuple[int, str, bytes] | None:
        """Status, media type and body of the answer; None where the server hung up without one."""
        fresh = self._socket is None
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("localhost", self._port), PATIENCE_SECONDS)
            self._socket.sendall(sent)
            return self._read(self._socket, silent=sent.startswith(b"HEAD "))
        except (ConnectionError, TimeoutError, EOFError):
            self.close()
            return None if fresh else self.ask(sent)

    def _read(self, line: socket.socket, *, silent: bool, got: bytes = b"") -> tuple[int, str, bytes]:
        while b"\r\n\r\n" not in got:
            got += _more(line)
        head, _, body = got.partition(b"\r\n\r\n")
        status, *rest = head.split(b"\r\n")
        if status.split(b" ")[1] == b"100":
            return self._read(line, silent=silent, got=body)
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(b":") for one in rest)}
        length = 0 if silent else int(headers.get(b"content-length", b"0"))
        while len(body) < length:
            try:
                body += _more(line)
            except EOFError:
                break
        if len(body) != length or headers.get(b"connection") == b"close" or b"transfer-encoding" in headers:
            self.close()
        return int(status.split(b" ")[1]), headers.get(b"content-type", b"").decode("latin-1"), body

    def close(self) -> None:
        """End the connection there is."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _more(line: socket.socket) -> bytes:
    got = line.recv(65_536)
    if not got:
        raise EOFError
    return got
