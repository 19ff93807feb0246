"""The rows of a history file, many at once: integers read out of the bytes themselves, eight digits in one step.

A row is one line: `merchant_id,business_on,…`, by the header's order. Lines in the plain form are read together; any
other (quotes, too few fields, a strange number) is read alone and is then a row or a fault. The two ways agree on
every line: a test holds them against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.batch import lines, words
from gateway.batch.lines import FIELDS, REQUIRED
from gateway.batch.words import PAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.batch.lines import Fault, Header

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

NEWLINE, RETURN, COMMA, QUOTE, DASH, DELETE, SPACE = 10, 13, 44, 34, 45, 127, 32
FIRST, NOWHERE = np.array([len(PAD)]), np.zeros(0, np.int64)
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits spread evenly


class Rows(NamedTuple):
    """The rows of one piece of a file, in its order. A run is consecutive rows of one merchant, from starts[i] on.

    `amounts` has a row for each of FIELDS after the date, 0 where the file has none; `told` says for the optional ones
    whether there is a value. `lines` are the rows' numbers within the piece, from 0. `spans` is where each run's name
    stands in the piece, `own` the names of runs whose first line was read alone.
    """

    lines: Ints  # (n,)
    on: Ints  # (n,) proleptic ordinals
    amounts: Ints  # (6, n)
    told: Bools  # (3, n)
    starts: Ints  # (runs,)
    spans: Ints  # (2, runs)
    own: dict[int, bytes]  # by line
    faults: list[Fault]
    ends: Ints  # (lines,) where each line of the piece ends
    piece: bytes

    def names(self) -> list[bytes]:
        """Each run's merchant_id."""
        left, right = self.spans.tolist()
        if not self.own:
            return [self.piece[start:end] for start, end in zip(left, right, strict=True)]
        found = zip(self.lines[self.starts].tolist(), left, right, strict=True)
        return [self.own.get(line) or self.piece[start:end] for line, start, end in found]


class _Text(NamedTuple):
    """A piece, padded, so that a word may be read before its first and after its last byte."""

    piece: bytes
    bytes: Bytes
    words: Words  # one at every byte: loads need not be aligned


class _Plain(NamedTuple):
    """What the fast way made of each line of a piece; `fine` says of which. Names are at [left, right) in the text."""

    on: Ints
    amounts: Ints
    told: Bools
    fine: Bools
    left: Ints
    right: Ints


def read(piece: bytes, header: Header) -> Rows:
    """Every row and fault of a piece, which is whole lines, the last one's break included."""
    piece = _unquoted(piece) if b'"' in piece else piece
    padded = b"".join((PAD, piece, PAD))
    text = _Text(piece, np.frombuffer(padded, np.uint8), words.every(padded))
    rights, fine = _fields(text.bytes, header.fields_count)
    ends = rights[-1]
    lefts = [np.concatenate([FIRST[: len(ends)], ends[:-1] + 1]), *(right + 1 for right in rights[:-1])]
    if b"\r" in piece:
        rights[-1] = ends - (text.bytes[ends - 1] == RETURN)
    strange = _strange(text, len(ends))
    if len(strange):
        fine[np.searchsorted(ends, strange)] = False
    return _rows(text, ends, _plain(text, lefts, rights, fine, header), header)


def _unquoted(piece: bytes) -> bytes:
    """The same without its quotes, where they all only stand around whole fields without commas or breaks inside."""
    text = np.frombuffer(b"".join((b"\n", piece)), np.uint8)
    quotes, marks = np.flatnonzero(text == QUOTE), np.flatnonzero((text == COMMA) | (text == NEWLINE))
    if len(quotes) % 2:
        return piece
    before, after = text[quotes[::2] - 1], text[quotes[1::2] + 1]
    around = ((before == COMMA) | (before == NEWLINE)) & ((after == COMMA) | (after == NEWLINE) | (after == RETURN))
    inside = np.searchsorted(marks, quotes[1::2]) - np.searchsorted(marks, quotes[::2])
    return piece.replace(b'"', b"") if around.all() and not inside.any() else piece


def _fields(text: Bytes, count: int) -> tuple[list[Ints], Bools]:
    """`count` times where that field ends, and which lines have so many; of others only the last end is true."""
    breaks = text == NEWLINE
    marks = np.flatnonzero((text == COMMA) | breaks)
    lines_count = int(np.count_nonzero(breaks))
    if len(marks) == count * lines_count and bool(breaks[marks[count - 1 :: count]].all()):
        return [marks[column::count] for column in range(count)], np.ones(lines_count, bool)
    last = np.flatnonzero(breaks[marks])
    regular = np.diff(last, prepend=-1) == count
    at = np.where(regular, last - count + 1, 0) + np.arange(count)[:, None]
    return list(np.where(regular, marks[np.minimum(at, len(marks) - 1)], marks[last])), regular


def _strange(text: _Text, lines_count: int) -> Ints:
    """Where bytes stand that the fast way leaves alone: quotes, controls, what is not UTF-8."""
    piece, every = text.piece, text.bytes
    found = every < SPACE
    bare = int(np.count_nonzero(found)) == lines_count + 2 * len(PAD)
    if bare and b'"' not in piece and b"\x7f" not in piece and (piece.isascii() or _decodes(piece)):
        return NOWHERE
    found[: len(PAD)] = found[-len(PAD) :] = False
    found &= every != NEWLINE
    if b"\r" in piece:
        found[:-1] &= (every[:-1] != RETURN) | (every[1:] != NEWLINE)
    if b'"' in piece:
        found |= every == QUOTE
    if b"\x7f" in piece:
        found |= every == DELETE
    if not piece.isascii() and not _decodes(piece):
        found |= every >= DELETE
    return np.flatnonzero(found)


def _decodes(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _plain(text: _Text, lefts: list[Ints], rights: list[Ints], fine: Bools, header: Header) -> _Plain:
    name, day = header.where[0] or 0, header.where[1] or 0
    left, right = lefts[name], rights[name]
    fine &= (right > left) & (right - left <= lines.NAME_BYTES)
    on, sure = words.dates(text.words, lefts[day], rights[day])
    fine &= sure
    amounts = np.zeros((len(FIELDS) - 2, len(on)), np.int64)
    told = np.zeros((len(FIELDS) - len(REQUIRED), len(on)), bool)
    # Dates have two each: so many in all, and no number has one, or it is not taken for a number.
    signs = int(np.count_nonzero(text.bytes == DASH)) != 2 * len(on)
    for row, place in enumerate(header.where[2:]):
        if place is None:
            continue
        minus = text.bytes[lefts[place]] == DASH if signs else None
        amounts[row], sure = words.numbers(text.words, lefts[place], rights[place], minus)
        if minus is not None and row not in lines.SIGNED:
            sure &= ~minus
        if (optional := row + 2 - len(REQUIRED)) >= 0:
            given = rights[place] > lefts[place]
            told[optional], sure, amounts[row] = given, sure | ~given, np.where(given, amounts[row], 0)
        fine &= sure
    return _Plain(on, amounts, told, fine, left, right)


def _rows(text: _Text, ends: Ints, plain: _Plain, header: Header) -> Rows:
    """The fast way's rows, with every other line read alone and put in its place."""
    faults: list[Fault] = []
    own: dict[int, bytes] = {}
    for at in np.flatnonzero(~plain.fine).tolist():
        begin = int(ends[at - 1]) + 1 - len(PAD) if at else 0
        line = text.piece[begin : int(ends[at]) - len(PAD)].removesuffix(b"\r")
        if not line:
            continue
        found = lines.read(line, header, at)
        if isinstance(found, lines.Fault):
            faults.append(found)
            continue
        plain.fine[at], own[at] = True, found.name
        plain.on[at], plain.amounts[:, at], plain.told[:, at] = found.on, found.amounts, found.told
    kept = np.flatnonzero(plain.fine)
    if len(kept) < len(ends):
        amounts, told = plain.amounts[:, kept], plain.told[:, kept]
        plain = _Plain(plain.on[kept], amounts, told, plain.fine, plain.left[kept], plain.right[kept])
    starts = _runs(text, plain, kept, own)
    spans = np.stack([plain.left[starts], plain.right[starts]]) - len(PAD)
    ends = ends - len(PAD)
    return Rows(kept, plain.on, plain.amounts, plain.told, starts, spans, own, faults, ends, text.piece)


def _runs(text: _Text, plain: _Plain, kept: Ints, own: dict[int, bytes]) -> Ints:
    """Where the merchant changes among the rows; a row read alone is a run of its own."""
    changes = np.ones(len(kept), bool)
    changes[1:] = ~words.same(text.words, plain.left, plain.right - plain.left)
    if own:
        alone = np.isin(kept, np.array(list(own), np.int64))
        changes |= alone
        changes[1:] |= alone[:-1]
    return np.flatnonzero(changes)


def keys(found: Rows) -> Words:
    """(runs,) a number for each run's merchant, always the same for the same one; others may share it."""
    padded = found.piece + PAD
    every = words.every(padded)
    left, length = found.spans[0], found.spans[1] - found.spans[0]
    mixed = np.zeros(len(left), np.uint64)
    for skip in range(0, min(int(length.max(initial=0)), lines.NAME_BYTES), 8):
        part = every[np.minimum(left + skip, len(every) - 1)] & words.MASKS[np.clip(length - skip, 0, 8)]
        mixed = np.where(length > skip, (mixed ^ part) * MIX, mixed)
        mixed ^= mixed >> np.uint64(32)
    for at in np.flatnonzero(np.isin(found.lines[found.starts], list(found.own))).tolist() if found.own else ():
        mixed[at] = key(found.own[int(found.lines[found.starts[at]])])
    return mixed


def key(name: bytes) -> int:
    """What `keys` says of a run of this merchant."""
    mixed = 0
    for skip in range(0, len(name), 8):
        mixed = (mixed ^ int.from_bytes(name[skip : skip + 8], "little")) * int(MIX) % (1 << 64)
        mixed ^= mixed >> 32
    return mixed
