"""Bad lines to a real bank."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CLOCK = "2026-03-02T09:00"
"""The Monday morning of `tests.gateways.NOW`."""
CLOSED = "NL84MOCK0000000003"
"""An account the bank holds and has closed."""


class Line:
    """A line to a bank that can lose the answer: the request arrives, and the connection breaks."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.loses_answers = False
        self.taken: Callable[[bytes], bool] | None = None
        """Called with each payment the bank has just taken; True = its answer never arrives."""
        self.payments: list[bytes] = []
        self.url = ""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request at a time, until either side ends it."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request, body = await _message(reader)
                upstream_reader, upstream_writer = await asyncio.open_connection(self._host, self._port)
                upstream_writer.write(request + body)
                await upstream_writer.drain()
                head, answer = await _message(upstream_reader)
                upstream_writer.close()
                is_payment = request.startswith(b"POST /payments ")
                if is_payment:
                    self.payments.append(body)
                if is_payment and (self.loses_answers or (self.taken is not None and self.taken(body))):
                    break
                writer.write(head + answer)
                await writer.drain()
        writer.close()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
    return head, await reader.readexactly(length)


@contextlib.asynccontextmanager
async def line_to(bank_url: str) -> AsyncIterator[Line]:
    """A line on a real socket in front of the bank."""
    host, port = bank_url.removeprefix("http://").split(":")
    line = Line(host, int(port))
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        await server.wait_closed()
