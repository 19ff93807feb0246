"""The scheduler: every I/O step of the gateway waits here for its turn, and the process may die in front of it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from random import Random

RECENT_COUNT = 30
_NAME = re.compile(r"[0-9a-z]{26}|\b[0-9A-Z]{15,}\b")
"""An id without its prefix, or a reference."""
CHANCES = 1_000_000


class Crash(BaseException):
    """The gateway's process dies: no handler, no cleaning up."""


class Steps:
    """Chooses by the seed who goes on, notes every step, and decides where the process dies."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"steps {seed}")
        self.crash_chance = 0
        """In 1 / CHANCES, at each I/O step."""
        self.dead = False
        self.lines: list[str] = []
        self._hash = hashlib.blake2b(digest_size=16)
        self._parked: list[asyncio.Future[None]] = []
        self._main: asyncio.Future[None] | None = None

    @property
    def trace(self) -> str:
        """The hash of everything that happened until now."""
        return self._hash.hexdigest()

    def note(self, what: str) -> None:
        """One line of the trace."""
        self.lines.append(what)
        self._hash.update(what.encode() + b"\n")

    def told(self, about: str) -> str:
        """The last lines, and before them every one that names what a problem names: for a person to read."""
        names = {name.lower() for name in _NAME.findall(about)}
        count = len(self.lines)
        return "\n".join(
            f"  {number}: {line}"
            for number, line in enumerate(self.lines, 1)
            if number > count - RECENT_COUNT or any(name in line.lower() for name in names)
        )

    def chance(self, chances: int) -> bool:
        """Whether something happens that does so with `chances` in CHANCES."""
        return self.random.random() * CHANCES < chances

    async def point(self, what: str) -> None:
        """An I/O step of the gateway's process: others may go first, and it may be the last one."""
        if not self.dead:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._parked.append(turn)
            await turn
        if self.dead:
            raise Crash
        self.note(what)
        if self.crash_chance and self.chance(self.crash_chance):
            self.note("the process dies")
            self.dead = True
            raise Crash

    async def turn(self) -> None:
        """The simulation's own wait: until the scheduler lets it start something new."""
        self._main = asyncio.get_running_loop().create_future()
        await self._main

    def release(self) -> bool:
        """Let one of those who wait go on; whether there was one. The loop calls this when nobody can."""
        waiting, main = self._parked, self._main
        if main is not None and (self.dead or not waiting or self.random.randrange(len(waiting) + 1) == 0):
            self._main = None
            main.set_result(None)
            return True
        if not waiting:
            return False
        turn = waiting.pop(self.random.randrange(len(waiting)))
        if not turn.done():
            turn.set_result(None)
        return True

    def rise(self) -> None:
        """A new process starts; nobody of the old one is left."""
        self.dead = False
        self._parked.clear()
