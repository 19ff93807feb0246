"""DPoP at our own addresses: a proof is checked, carries our nonce, and counts once. On the system clock.

What was seen is kept in memory where one process serves alone, whose nonce key is new at every start, so that no
proof outlives the memory. Replicas share an unlogged table, and the key derived from the master key.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from gateway.domain.errors import Overloaded
from gateway.oauth import dpop, nonces
from gateway.oauth.dpop import BadProof, NonceWanted
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.ports import Clock
    from gateway.settings import Settings
    from gateway.store import Store

MOST_COUNT = 400_000
"""The most proofs remembered in memory, about 100 bytes each: above three thousand a second for two minutes."""
_PERIOD_SECONDS = 32


class Sightings(Protocol):
    """Remembers what was seen."""

    async def first(self, what: bytes, until: datetime, now: datetime) -> bool:
        """Whether `what` comes for the first time; it is remembered until `until`."""


class MemorySightings:
    """In this process, in sets that are dropped whole when their time is over."""

    def __init__(self, most: int = MOST_COUNT) -> None:
        self._most = most
        self._count = 0
        self._periods: dict[int, set[bytes]] = {}

    async def first(self, what: bytes, until: datetime, now: datetime) -> bool:
        """See Sightings. Raises Overloaded rather than forget what may come again."""
        period = int(until.timestamp()) // _PERIOD_SECONDS
        seen = self._periods.get(period)
        if seen is None:
            self._forget(int(now.timestamp()) // _PERIOD_SECONDS)
            seen = self._periods[period] = set()
        if what in seen:
            return False
        if self._count >= self._most:
            raise Overloaded("Too many DPoP proofs are remembered", retry_after=_PERIOD_SECONDS)
        seen.add(what)
        self._count += 1
        return True

    def _forget(self, current: int) -> None:
        for period in [period for period in self._periods if period < current]:
            self._count -= len(self._periods.pop(period))


class StoredSightings:
    """In the table that replicas share; PostgreSQL does not log it, so that no proof waits for a disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def first(self, what: bytes, until: datetime, now: datetime) -> bool:  # noqa: ARG002 - the worker forgets
        """See Sightings."""
        hash_ = what.hex()
        return await self._store.write(lambda tx: tx.run(sql.authorization.see_proof, hash=hash_, expires_at=until)) > 0


class Proofs:
    """Checks the proofs of requests to `issuer`, the address as configured and never as a Host header says."""

    def __init__(self, issuer: str, clock: Clock, key: bytes, sightings: Sightings) -> None:
        self._issuer = issuer.rstrip("/")
        self._clock = clock
        self._nonces = nonces.Nonces(key)
        self._sightings = sightings

    def nonce(self) -> str:
        """A nonce to hand out."""
        return self._nonces.make(self._clock.now())

    async def check(
        self, proof: bytes | None, method: str, path: str, *, token: str | None = None, jkt: str | None = None
    ) -> tuple[str, str | None]:
        """The thumbprint of the proof's key, and a new nonce when its own grows old. Raises BadProof or NonceWanted.

        `path` is the request's as it was sent; `token` what it presents; `jkt` the key that must have signed.
        """
        if proof is None:
            raise BadProof("The request has no DPoP header, and the token is bound to a key (RFC 9449)")
        now = self._clock.now()
        found = dpop.verify(proof, method=method, url=self._issuer + path, token=token, now=now)
        if jkt is not None and found.jkt != jkt:
            raise BadProof("The DPoP proof is by another key than the one that is bound")
        age = None if found.nonce is None else self._nonces.age(found.nonce, now)
        if age is None:
            raise NonceWanted("Repeat the request with a proof that has the nonce in DPoP-Nonce", nonce=self.nonce())
        if not await self._sightings.first(found.seen_as, found.until, now):
            raise BadProof("The DPoP proof was used before: make a new one, with a new jti, for every request")
        return found.jkt, self.nonce() if age > nonces.RENEWED_SECONDS else None


def at(settings: Settings, store: Store, clock: Clock, derive: Callable[[str], bytes]) -> Proofs:
    """The proofs of this installation; `derive` makes a key out of the one that replicas share."""
    if settings.shared_database:
        return Proofs(settings.issuer, clock, derive("dpop nonces"), StoredSightings(store))
    return Proofs(settings.issuer, clock, secrets.token_bytes(32), MemorySightings())
