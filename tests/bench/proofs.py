"""DPoP proofs for a run of load, signed before it starts: each counts once, for one address, token and nonce."""

from __future__ import annotations

import http.client
import time
from hashlib import sha256
from itertools import count, cycle, islice
from typing import TYPE_CHECKING

from tests.bench import seed
from tests.bench.keys import b64

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.keys import Key
    from tests.bench.processes import Server

_serial = count(1)


class NoNonce(Exception):
    """The server did not hand out a nonce."""


def write(path: Path, server: Server, book: seed.Book, requests_count: int) -> None:
    """A line for each of `requests_count` requests to `server`, merchants in turn: path, token, proof."""
    header = book.key.header(typ="dpop+jwt", jwk=book.key.jwk)
    hashes = {merchant_id: b64(sha256(token.encode()).digest()) for merchant_id, token in book.tokens.items()}
    nonce = _nonce(server, book)
    with path.open("w", encoding="ascii") as lines:
        for merchant_id, token in islice(cycle(book.tokens.items()), requests_count):
            address = seed.address(merchant_id)
            proof = _proof(book.key, header, server.url + address, ath=hashes[merchant_id], nonce=nonce)
            lines.write(f"{address} {token} {proof}\n")


def _proof(key: Key, header: bytes, url: str, **claims: str) -> str:
    claims |= {"jti": f"bench-{time.monotonic_ns()}-{next(_serial)}", "htm": "POST", "htu": url}
    return key.sign(header, {**claims, "iat": int(time.time())})


def _nonce(server: Server, book: seed.Book) -> str:
    """What the server says when a proof has none."""
    merchant_id, token = next(iter(book.tokens.items()))
    address = seed.address(merchant_id)
    header = book.key.header(typ="dpop+jwt", jwk=book.key.jwk)
    proof = _proof(book.key, header, server.url + address, ath=b64(sha256(token.encode()).digest()))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("POST", address, b"[]", {
            "Authorization": f"DPoP {token}", "DPoP": proof, "Content-Type": "application/json",
        })  # fmt: skip
        answer = connection.getresponse()
        nonce = answer.headers.get("DPoP-Nonce")
    finally:
        connection.close()
    if nonce is None:
        raise NoNonce(f"{answer.status} without a nonce")
    return nonce
