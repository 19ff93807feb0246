"""Words of eight bytes out of a text, at any of its bytes: numbers, dates and names, many in one step each.

Words are little-endian: the first character is the lowest byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gateway.batch import lines
from gateway.domain.money import MAX_AMOUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

PAD = bytes(16)
"""Stands before and after a text, so that a word may be read before its first and after its last byte."""
MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
"""The first `count` bytes of a word."""
WORD, EIGHT, DATE_BYTES = 8, 10**8, 10
ZEROS, HIGH = np.uint64(0x3030303030303030), np.uint64(0x8080808080808080)
OVER_NINE = np.uint64(0x7676767676767676)  # added to a byte of ten or more, it sets the byte's highest bit
SHIFTS = np.array([56, *(8 * (8 - count) for count in range(1, 9))], np.uint64)  # away with what is before them
YEAR, MONTH, DAY = np.uint64(0xFFFFFFFF), np.uint64(0xFFFF), np.uint64(0xFFFF000000000000)
DASHES, DASHED = np.uint64(0xFF0000FF00000000), np.uint64(0x2D00002D00000000)


def every(text: bytes) -> Words:
    """The word at every byte of a text: loads need not be aligned."""
    return np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))


def numbers(words: Words, left: Ints, right: Ints, minus: Bools | None) -> tuple[Ints, Bools]:
    """The amounts that stand at [left, right), and which are ones: 1 to 16 digits after a `minus`, not too large."""
    count = right - left
    if minus is not None:
        count -= minus
    value, sure = _digits(words[right - 8], np.minimum(count, 8))
    sure &= (count > 0) & (count <= lines.DIGITS)
    long = np.flatnonzero(count > WORD)
    if len(long):
        high, more = _digits(words[right[long] - 16], np.minimum(count[long] - 8, 8))
        value[long] += high * EIGHT
        sure[long] &= more
        sure &= value <= MAX_AMOUNT
    return value if minus is None else np.where(minus, -value, value), sure


def _digits(word: Words, count: Ints) -> tuple[Ints, Bools]:
    """The number in the last `count` bytes of each word, and whether they are digits."""
    # Digits become 0 to 9 and what stands before them becomes leading zeros.
    shift = SHIFTS[count]
    digits = ((word ^ ZEROS) >> shift) << shift
    return _joined(digits), ((digits + OVER_NINE) | digits) & HIGH == 0


def _joined(digits: Words) -> Ints:
    """Eight bytes of 0 to 9 → the number they write: pairs, then fours, then eight, in one multiplication each."""
    pairs = ((digits * np.uint64(2561)) >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    fours = ((pairs * np.uint64(6553601)) >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    return ((fours * np.uint64(42949672960001)) >> np.uint64(32)).view(np.int64)


def dates(words: Words, left: Ints, right: Ints) -> tuple[Ints, Bools]:
    """The dates at [left, right) as ordinals, and which are dates, written YYYY-MM-DD, of the years lines.YEARS."""
    front, back = words[left], words[left + 2]  # YYYY-MM- and YY-MM-DD
    digits = ((front & YEAR) | (((front >> np.uint64(40)) & MONTH) << np.uint64(32)) | (back & DAY)) ^ ZEROS
    sure = (right - left == DATE_BYTES) & (front & DASHES == DASHED) & (((digits + OVER_NINE) | digits) & HIGH == 0)
    number = _joined(digits)
    month = number // 100
    day = number - month * 100
    at = month - lines.MONTHS_FROM
    known = (at >= 0) & (at < len(lines.MONTH_DAYS))
    at = np.where(known, at, 0)
    sure &= known & (day >= 1) & (day <= lines.MONTH_DAYS[at])
    return lines.MONTH_STARTS[at] + day - 1, sure


def same(words: Words, left: Ints, length: Ints) -> Bools:
    """(n - 1,) whether each name, `length` bytes from `left` on, is the one before it."""
    differ = length[1:] != length[:-1]
    most = min(int(length.max(initial=0)), lines.NAME_BYTES)
    for skip in range(0, most, 8):
        part = words[np.minimum(left + skip, len(words) - 1)] & MASKS[np.clip(length - skip, 0, 8)]
        differ |= part[1:] != part[:-1]
    return np.asarray(~differ, bool)
