"""Servers that misbehave on real sockets, and an address where nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
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
    """A server that hears one request head (or up to `until`), says `answer` (None: nothing), and hangs up.

    In threads, which are joined: a client that gives up would leave asyncio's server with a connection that it has
    accepted and never handed over.
    """
    over = threading.Event()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            with contextlib.suppress(ConnectionError):
                while until not in head:
                    received = self.request.recv(65_536)
                    if not received:
                        return
                    head += received
                if heard is not None:
                    heard.append(head[: head.index(until) + len(until)].lower())
                if answer is None:
                    over.wait()
                else:
                    self.request.sendall(answer)

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        serving.join()
