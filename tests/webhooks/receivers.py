"""Partners' endpoints on real sockets: they note what they hear and answer as they are told."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

OK = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"


class Heard(msgspec.Struct, frozen=True):
    """One request: its headers by lower-case names, and its body's bytes."""

    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, object]:
        """The body's `data`."""
        found: dict[str, object] = msgspec.json.decode(self.body)["data"]
        return found


class Receiver:
    """An endpoint. `answers` are used up one by one, the last one stays; an empty one closes without a word."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers) or [OK]
        self.heard: list[Heard] = []
        self._more = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        self.open = asyncio.Event()
        """Cleared, nothing is answered until it is set again."""
        self.open.set()
        self.url = ""

    async def until(self, count: int) -> None:
        """Wait until `count` requests were heard. Raises TimeoutError."""
        async with asyncio.timeout(60):
            while len(self.heard) < count:
                self._more.clear()
                await self._more.wait()

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.heard.append(Heard(headers, body))
            self._more.set()
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await self.open.wait()
            writer.write(answer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def end(self) -> None:
        """Finish every talk."""
        self.open.set()
        await asyncio.gather(*self._talks)


def says(status: int, *headers: str, body: bytes = b"") -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {status} Said", *headers, f"content-length: {len(body)}", "connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.asynccontextmanager
async def receiving(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver at work on 127.0.0.1."""
    receiver = Receiver(*answers)
    server = await asyncio.start_server(receiver, "127.0.0.1", 0, ssl=tls, backlog=1_024)
    receiver.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
        await receiver.end()
