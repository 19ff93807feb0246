"""Time and chance of a simulated gateway: two clocks, ids, and a vault that hides nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.domain import ids
from gateway.usecases.world import BusinessClock

if TYPE_CHECKING:
    from random import Random

    from gateway.ports import Clock
    from gateway.store import Reader, Store

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""
_MICROSECOND = timedelta(microseconds=1)


class SystemClock:
    """Leases and tokens: it runs with the business clock, and jumps either way."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        """See Clock."""
        self.at += _MICROSECOND
        return self.at


class ForwardClock(BusinessClock):
    """The business clock, which only goes forward, however the system's jumps."""

    def __init__(self, system: Clock, at: datetime = START) -> None:
        super().__init__(system)
        self.at = at

    def now(self) -> datetime:
        """See Clock."""
        self.at += _MICROSECOND
        return self.at

    async def load(self, reader: Reader) -> None:
        """Nobody else moves it."""

    async def set(self, store: Store, to: datetime) -> None:
        """Move on."""
        self.at = max(self.at, to)


class SeededIds:
    """Ids in their order, from one stream that a crash does not end: real ones never repeat either."""

    def __init__(self, random: Random, clock: Clock) -> None:
        self._random, self._clock = random, clock
        self._millisecond, self._entropy = 0, 0

    def new(self, noun: str) -> str:
        """See IdSource."""
        millisecond = ids.milliseconds(self._clock.now())
        if millisecond <= self._millisecond:
            self._entropy += 1 + self._random.getrandbits(32)
        else:
            self._millisecond, self._entropy = millisecond, self._random.getrandbits(79)
        return ids.make(noun, self._millisecond, self._entropy)


class OpenVault:
    """Seals nothing, but notices what was moved to another place."""

    def seal(self, plain: bytes, context: str) -> bytes:
        """See Vault."""
        return context.encode() + b"\0" + plain

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """See Vault."""
        place, _, plain = bytes(sealed).partition(b"\0")
        assert place == context.encode(), "a ciphertext was moved"
        return plain

    def derive(self, purpose: str) -> bytes:
        """See Vault."""
        return purpose.encode().ljust(32, b"\0")
