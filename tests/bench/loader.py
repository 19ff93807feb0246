"""A small load generator for machines without wrk: `python -m tests.bench.loader URL CONNECTIONS SECONDS`.

Same environment, same requests and same result line as `sale.lua`. It costs more than wrk does, so figures of fast
servers come out lower; ratios stay honest as long as its core is not the limit.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Requests:
    """The requests of all connections, one after the other, each with a new sale."""

    def __init__(self, lines: list[str], environment: dict[str, str]) -> None:
        prefix = environment["BENCH_PREFIX"]
        at, currency = environment["BENCH_AT"], environment["BENCH_CURRENCY"]
        tail = f'","kind":"sale","occurred_at":"{at}","amount":4250,"currency":"{currency}"}}'
        start = f'{{"sale_id":"{prefix}'
        length = len(start) + 8 + len(tail)
        self._heads = [
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: DPoP {token}\r\n"
            + "".join(f"DPoP: {proof}\r\n" for proof in proofs)
            + f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{start}"
            for path, token, *proofs in map(str.split, lines)
        ]
        self._tail = tail
        self._count = 0

    def next(self) -> bytes:
        """The next request, head and body."""
        self._count += 1
        return f"{self._heads[self._count % len(self._heads)]}{self._count:08d}{self._tail}".encode()


class Connection(asyncio.Protocol):
    """One connection that sends the next request when the last one is answered."""

    def __init__(self, requests: Requests, latencies: list[float], faults: list[str]) -> None:
        self._requests, self._latencies, self._faults = requests, latencies, faults
        self._received = b""
        self._sent_at = 0.0
        self._transport: Any = None
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Collect one answer; then the next request goes out."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end) if end >= 0 else None
        if length is None or len(self._received) < end + 4 + int(length[1]):
            return
        self._latencies.append(perf_counter() - self._sent_at)
        if self._received[9:10] != b"2":
            self._faults.append("status")
        self._received = b""
        if not self.stopped:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends before its time is a fault."""
        if not self.stopped:
            self._faults.append(f"lost: {exc}")

    def _send(self) -> None:
        self._sent_at = perf_counter()
        self._transport.write(self._requests.next())


async def run(url: str, connections_count: int, seconds: float, requests: Requests) -> str:
    """Drive for `seconds`; the result line."""
    address = urlsplit(url)
    latencies: list[float] = []
    faults: list[str] = []
    loop = asyncio.get_running_loop()
    connections = [Connection(requests, latencies, faults) for _ in range(connections_count)]
    started = perf_counter()
    for connection in connections:
        await loop.create_connection(partial(_same, connection), address.hostname or "", address.port or 80)
    await asyncio.sleep(seconds)
    for connection in connections:
        connection.stopped = True
    took = perf_counter() - started
    ordered = sorted(latencies) or [0.0]
    p50, p99 = (1_000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return (
        f'RESULT {{"requests_count":{len(latencies)},"seconds":{took:.6f},"errors_count":{len(faults)},'
        f'"p50_ms":{p50:.3f},"p99_ms":{p99:.3f}}}'
    )


def _same(connection: Connection) -> Connection:
    return connection


def main() -> None:
    """Run what the command line and the environment say."""
    lines = Path(os.environ["BENCH_LINES"]).read_text(encoding="utf-8").splitlines()
    requests = Requests(lines, dict(os.environ))
    print(uvloop.run(run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), requests)))


if __name__ == "__main__":
    main()
