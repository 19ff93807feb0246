"""Servers that misbehave on real sockets, and an address where nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def nobody() -> str:
    """A loopback address that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextlib.asynccontextmanager
async def answering(
    answer: bytes | None, heard: list[bytes] | None = None, until: bytes = b"\r\n\r\n"
) -> AsyncIterator[str]:
    """A server that hears one request head (or up to `until`), says `answer` (None: nothing), and hangs up."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(until)
            if heard is not None:
                heard.append(head.lower())
            if answer is None:
                await over.wait()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()
        await server.wait_closed()
