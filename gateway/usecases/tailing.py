"""Following the event log: one reader for all streams of a process, and a bounded queue for each of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from typing import TYPE_CHECKING

from gateway import log
from gateway.domain.events import StoredEvent
from gateway.domain.streams import MERCHANT_COUNT, PROCESS_COUNT, RETRY_SECONDS, TOKEN_COUNT, TooManyStreams
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.store import Reader

QUEUED_COUNT = 256
"""The most events that wait for one slow reader; it is dropped with the next one, and resumes after what it heard."""
READ_COUNT = 500
LOOK_SECONDS = 0.5
"""How often the log is looked at where nobody says that it grew: another process may have numbered its events."""


class Seat:
    """One stream's place: what is new about its merchant waits here until the stream takes it."""

    def __init__(self, merchant_id: str) -> None:
        self.merchant_id = merchant_id
        self.ended = False
        """Whether nothing more will come: its reader was too slow, is gone, or the process ends."""
        self._waiting: deque[StoredEvent] = deque()
        self._news = asyncio.Event()

    def put(self, event: StoredEvent) -> None:
        """Let an event wait, or end the stream of a reader for whom too many wait already."""
        if len(self._waiting) >= QUEUED_COUNT:
            self.end()
        elif not self.ended:
            self._waiting.append(event)
            self._news.set()

    def skip(self, position: int) -> None:
        """Drop what waits up to a position: the reader has it already."""
        while self._waiting and self._waiting[0].position <= position:
            self._waiting.popleft()

    def end(self) -> None:
        """Let nothing more come; what waited is not told either, so that it is asked for again."""
        self.ended = True
        self._waiting.clear()
        self._news.set()

    async def next(self, seconds: float) -> StoredEvent | None:
        """The next event, waited for; None when there was none for so long, or when it `ended`."""
        if not self._waiting and not self.ended:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
        return self._waiting.popleft() if self._waiting else None


class Streams:
    """Who follows the log through this process. Reads it while anybody does, once for all of them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._seats: dict[str, list[Seat]] = {}
        self._tokens: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._grown = asyncio.Event()
        self._draining = False

    def count(self) -> int:
        """How many streams are open."""
        return self._tokens.total()

    def look(self) -> None:
        """Read on at once: the log has grown."""
        self._grown.set()

    def drain(self) -> None:
        """End every stream, and let no new one begin; safe in a signal handler."""
        self._draining = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    @contextlib.asynccontextmanager
    async def seat(self, merchant_id: str, token_hash: str) -> AsyncIterator[Seat]:
        """A place that misses nothing numbered from now on. Raises TooManyStreams."""
        self._check(merchant_id, token_hash)
        taken = Seat(merchant_id)
        self._seats.setdefault(merchant_id, []).append(taken)
        self._tokens[token_hash] += 1
        try:
            if self._reading is None:
                self._loop, self._begun = asyncio.get_running_loop(), asyncio.Event()
                self._reading = asyncio.create_task(self._read(self._begun), name="streams")
            await self._begun.wait()
            yield taken
        finally:
            self._leave(taken, token_hash)

    def _check(self, merchant_id: str, token_hash: str) -> None:
        full = (
            (self._tokens[token_hash] >= TOKEN_COUNT, "This token follows as often as it may already")
            if token_hash in self._tokens
            else (len(self._seats.get(merchant_id, ())) >= MERCHANT_COUNT, "Too many follow this merchant already")
        )
        for refused, why in (full, (self.count() >= PROCESS_COUNT, "This gateway has no stream left for now"),
                             (self._draining, "This gateway is finishing its work")):  # fmt: skip
            if refused:
                raise TooManyStreams(why, retry_after=RETRY_SECONDS)

    def _leave(self, taken: Seat, token_hash: str) -> None:
        self._seats[taken.merchant_id].remove(taken)
        if not self._seats[taken.merchant_id]:
            del self._seats[taken.merchant_id]
        self._tokens[token_hash] -= 1
        if not self._tokens[token_hash]:
            del self._tokens[token_hash]
        if not self._seats and self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _end(self) -> None:
        for seats in self._seats.values():
            for taken in seats:
                taken.end()

    async def _since(self, position: int) -> list[StoredEvent]:
        return await self._reader.all(sql.events.since, StoredEvent, after=position, limit=READ_COUNT)

    async def _read(self, begun: asyncio.Event) -> None:
        """Hand what is new to whom it is about; a fault is told and the next look tries again."""
        position: int | None = None
        while True:
            self._grown.clear()
            try:
                if position is None:
                    position = (await self._reader.one(sql.events.last_position) or (0,))[0]
                    begun.set()
                while found := await self._since(position):
                    position = found[-1].position
                    for event in found:
                        for taken in self._seats.get(event.merchant_id, ()):
                            taken.put(event)
            except Exception as error:  # noqa: BLE001 - the streams outlive any fault of one look
                log.crash(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), LOOK_SECONDS)
