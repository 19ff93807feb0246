"""How an answer of the bank is kept: one line of ours that says what it is about, then the bank's own bytes."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TypeVar

import msgspec

from gateway.bank_ports import InboundMessage, Unreadable

_Told = TypeVar("_Told")


class Kind(StrEnum):
    """What kind of answer lies under the line."""

    status = "status"
    booked = "booked"
    pending = "pending"
    notification = "notification"


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the answer alone does not say: the payment it is about, and on which of our accounts an entry lies."""

    kind: Kind
    end_to_end_id: str | None = None
    message_id: str | None = None
    payment_id: str | None = None
    iban: str | None = None

    @property
    def source(self) -> str:
        """The message's type, as `BankEvent.source` has it."""
        return f"psd2.{self.kind}"


def wrapped(label: Label, answer: bytes, *, number: int = 1) -> InboundMessage:
    """The answer as a message. Its id is a hash of all of it: what the bank repeats word for word is one message.

    `number` tells entries apart that are the same in every word, such as two fees of one day.
    """
    body = msgspec.json.encode(label) + b"\n" + answer
    digest = hashlib.sha256(body).hexdigest()[:32]
    return InboundMessage(f"{label.kind}-{digest}" + (f"-{number}" if number > 1 else ""), body)


def unwrap(stored: bytes) -> tuple[Label, bytes]:
    """The line and the bank's own bytes. Raises Unreadable."""
    line, newline, answer = stored.partition(b"\n")
    if not newline:
        raise Unreadable("the message is not one this adapter keeps")
    return decoded(line, Label, "the message is not one this adapter keeps"), answer


def decoded(raw: bytes, shape: type[_Told], otherwise: str) -> _Told:
    """JSON of a known shape; raises Unreadable that begins with `otherwise`, also for what nests without end."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"{otherwise}: {error}") from error
