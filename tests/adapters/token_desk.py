"""A bank's token endpoint for the tests, on a socket of its own; joserfc proves assertions, apart from our code."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.adapters import obie_keys

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

HOLDER = "payments:"
"""Begins the scope of a token for one consent."""


class Desk:
    """Gives the client the tokens of `tokens` in turn, the last one for ever, and holders' tokens as `holder` says."""

    def __init__(self, *tokens: str, holder: Callable[[str], str | None] = lambda _: None) -> None:
        self.tokens, self.holder = list(tokens), holder
        self.url = ""
        self.seconds: int | None = 300
        self.asked: list[dict[str, str]] = []
        self.fails = False

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """One request, answered."""
        self.asked.append(form)
        if self.fails:
            return 503, {}
        if "client_assertion" in form and not self._proves(form["client_assertion"]):
            return 400, {"error": "invalid_client"}
        if form["scope"].startswith(HOLDER):
            token = self.holder(form["scope"].removeprefix(HOLDER))
            return (400, {"error": "authorization_pending"}) if token is None else (200, {"access_token": token})
        token = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
        ends = {} if self.seconds is None else {"expires_in": self.seconds}
        return 200, {"access_token": token, "token_type": "Bearer", **ends}

    def _proves(self, assertion: str) -> bool:
        key = RSAKey.import_key(obie_keys.public_pem("restock"))
        try:
            claims = jwt.decode(assertion, key, algorithms=["PS256"]).claims
        except JoseError:
            return False
        return (
            claims["iss"] == claims["sub"] == obie_keys.CLIENT_ID
            and claims["aud"] == self.url
            and 0 < claims["exp"] - claims["iat"] <= 60
            and bool(claims["jti"])
        )


@contextlib.contextmanager
def serving(desk: Desk, identity: ssl.SSLContext | None = None) -> Iterator[str]:
    """The desk's address; over TLS where an identity is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            status, said = desk.answer({name: values[0] for name, values in form.items()})
            body = msgspec.json.encode(said)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Silent."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Silent: a handshake that fails is what a test is about."""

    server = Server(("127.0.0.1", 0), Handler)
    if identity is not None:
        server.socket = identity.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    desk.url = f"http{'' if identity is None else 's'}://localhost:{server.server_address[1]}/token"
    try:
        yield desk.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
