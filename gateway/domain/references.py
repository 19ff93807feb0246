"""References in the characters and length of a rail: one payment's, and the name of a file that is only a number."""

from __future__ import annotations

import hashlib
import re
from datetime import date

from gateway.domain.errors import Invalid

SHORTEST = 12
"""Below this many base-36 characters two payments of a busy year might share a reference."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NUMBERED = re.compile(r"([0-9]{8})-([0-9]{6})")
_MAX_NUMBER = 10**6


class ReferenceImpossible(Invalid):
    """A rail's references are too short to tell payments apart, or a file's number does not fit."""

    code = "reference_impossible"
    title = "No reference fits the rail"


def shortened(reference: str, length: int) -> str:
    """`reference` itself where a rail's `length` holds it, else a digest of it in `length` digits and capitals.

    Always the same for the same input, so it is stored and found by, never turned back. Two references share their
    digest with probability 36**-length: at 15 characters among 1e9 payments 2 in a million, and the unique index of
    `instructions` refuses the second one before anything is sent. Raises ReferenceImpossible.
    """
    if len(reference) <= length:
        return reference
    if length < SHORTEST:
        raise ReferenceImpossible(f"a reference of {length} characters cannot tell payments apart")
    number = int.from_bytes(hashlib.sha256(reference.encode()).digest(), "big")
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(digits)


def numbered(day: date, number: int) -> str:
    """The message id of the `number`th file (from 0) of `day`, for a rail that knows a file by nothing else."""
    if not 0 <= number < _MAX_NUMBER:
        raise ReferenceImpossible(f"{number} is not a file's number")
    return f"{day:%Y%m%d}-{number:06d}"


def read_numbered(message_id: str) -> tuple[date, int] | None:
    """The day and number in a message id made by `numbered`; None for any other text."""
    shape = _NUMBERED.fullmatch(message_id)
    if shape is None:
        return None
    try:
        return date.fromisoformat(f"{shape[1][:4]}-{shape[1][4:6]}-{shape[1][6:]}"), int(shape[2])
    except ValueError:
        return None
