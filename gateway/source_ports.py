"""What the core needs of the software shops already run: its payloads checked, and turned into our own records.

A source is pure: bytes in, records out. Who sends them, for which merchant, and under which consent is the core's.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

import msgspec

from gateway.domain.errors import Forbidden, Invalid
from gateway.domain.purchases import NewPurchase
from gateway.domain.sales import NewSale
from gateway.domain.signals import NewSignal
from gateway.domain.stock import NewStock

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from typing import BinaryIO

    from gateway.domain.details import Datatype

Record = NewSale | NewStock | NewPurchase | NewSignal


class Forged(Forbidden):
    """The signature is not that of whoever it should be, or too old: nothing of the payload is read."""

    code = "source_forged"
    title = "The payload is not signed by its platform"


class Unreadable(Invalid):
    """The payload as a whole is not what the platform sends: nothing of it is taken."""

    code = "source_unreadable"
    title = "The payload cannot be read"


class Refused(msgspec.Struct, frozen=True):
    """Why one record of a payload is not taken; `place` says where it stands in it (a JSON Pointer, a line, an id)."""

    place: str
    code: str
    detail: str


class About(msgspec.Struct, frozen=True):
    """What a conversion may need to know of the merchant."""

    currency: str
    timezone: str
    day_cutoff: str
    key: bytes = b""
    """Hides what must be told apart and never known, such as an account's number (`hidden`)."""


def hidden(text: str, key: bytes) -> str:
    """16 hexadecimal digits that stand for `text`: the same for the same key, and nobody without it can guess back."""
    return hashlib.blake2b(text.encode(), key=key, digest_size=8).hexdigest()


class Call(msgspec.Struct, frozen=True):
    """One call of a platform, as it came in: header names in lower case, `url` the address it was told to call."""

    url: str
    headers: dict[str, str]
    body: bytes
    received_at: datetime


class Converted(msgspec.Struct, frozen=True):
    """What a payload holds, each kind in the payload's order; `refused` is what could not be converted."""

    sales: tuple[NewSale, ...] = ()
    stock: tuple[NewStock, ...] = ()
    purchases: tuple[NewPurchase, ...] = ()
    signals: tuple[NewSignal, ...] = ()
    refused: tuple[Refused, ...] = ()


class PlatformEvent(msgspec.Struct, frozen=True):
    """What a call says of itself: the platform's own id of the event, its kind, and whose account it is about.

    `account_id` is None where the platform names none: then the secret alone says whose it is. `is_test`: nothing of
    it is real money.
    """

    event_id: str
    kind: str
    account_id: str | None
    is_test: bool = False


class Platform(Protocol):
    """A platform that calls us when something happened, and signs what it sends."""

    name: ClassVar[str]
    account: ClassVar[re.Pattern[str]]
    """What its ids of accounts or shops look like."""
    reads: ClassVar[frozenset[str]]
    """The kinds of events that may hold records of ours; all others are answered and not kept."""

    def verify(self, call: Call, secret: str) -> None:
        """Check the signature over the raw bytes. Raises Forged."""

    def identify(self, call: Call) -> PlatformEvent:
        """What a verified call is about. Raises Unreadable."""

    def convert(self, kind: str, body: bytes, about: About) -> Converted:
        """The records in the body of an event; one that tells of nothing that counts yet has none.

        Any order and repetition of a platform's events gives the same records in the end: each carries a version that
        rises with the platform's own. Raises Unreadable.
        """


class SimulatedPlatform(Protocol):
    """A platform as the sandbox plays it: what happened at a shop, said and signed as the real one says and signs it.

    The same record makes the same event, so one that is told again counts once. Live mode has none.
    """

    name: ClassVar[str]

    def call(self, told: Told, account: Account, at: datetime) -> Call:
        """The call that tells of a record, made now."""


class Told(msgspec.Struct, frozen=True):
    """A record of a shop, and the sale it gives back where that is known."""

    record: NewSale
    refunded: NewSale | None = None


class Account(msgspec.Struct, frozen=True):
    """The account that a simulated platform speaks of, the address it calls, and the secret it signs by."""

    id: str
    url: str
    secret: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What one place of a file holds: a record, or why there is none; `raw` is how it reads there, cell by cell."""

    place: str
    raw: list[str]
    found: Record | Refused


class Document(Protocol):
    """A file that software exports or a bank delivers, of one shape.

    The same bytes, shape and merchant give the same entries in the same order, so an import that was interrupted goes
    on by their number. A file may be far larger than memory: it is read twice, never held.
    """

    @property
    def source(self) -> str:
        """What the records' `source` says: up to 64 characters."""

    @property
    def datatype(self) -> Datatype:
        """What its files hold, and a merchant must have agreed to."""

    @property
    def digest(self) -> str:
        """Of all that decides how a file is read, the bytes apart."""

    def read(self, file: BinaryIO, file_hash: str, about: About) -> Iterator[Entry]:
        """The entries of a file, in its order; `file_hash` is the SHA-256 of its bytes.

        Raises Unreadable before the first entry for a file that cannot be trusted as a whole.
        """
