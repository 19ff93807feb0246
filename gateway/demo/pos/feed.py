"""What happens at the till, told to every page that listens as server-sent events (HTML standard, section 9.2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_BREATH_SECONDS = 15
_WAITING_COUNT = 500


class Feed:
    """Pages that listen; one that does not keep up is let go and comes again."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[bytes | None]] = set()

    def say(self, event: str, data: object) -> None:
        """Tell every page."""
        line = f"event: {event}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode()
        for page in list(self._pages):
            self._put(page, line)

    def close(self) -> None:
        """Let every page go: the till stops."""
        for page in list(self._pages):
            self._put(page, None)

    async def listen(self) -> AsyncIterator[bytes]:
        """What one page hears from now on."""
        page: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING_COUNT)
        self._pages.add(page)
        try:
            yield b"retry: 1000\n\n"
            while True:
                try:
                    line = await asyncio.wait_for(page.get(), _BREATH_SECONDS)
                except TimeoutError:
                    line = b": here\n\n"
                if line is None:
                    return
                yield line
        finally:
            self._pages.discard(page)

    def _put(self, page: asyncio.Queue[bytes | None], line: bytes | None) -> None:
        try:
            page.put_nowait(line)
        except asyncio.QueueFull:
            self._pages.discard(page)
