"""Strict JSON: bytes of a body → a msgspec type, or a refusal that says where.

What plain decoding lets through is closed here, once: nesting deeper than `MAX_DEPTH`, invalid UTF-8, duplicate keys
(the last would win), numbers beyond 64 bits, control characters and lone surrogates inside strings (RFC 8259
sections 4, 6 and 8; RFC 7493). Most bodies take the short way: a handful of scans at C speed that are never wrong
when they say that nothing of this is there. All others are read again by the exact reader, which names the fault.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from gateway.api.pointers import explain
from gateway.api.problems import BadRequest, TooLarge
from gateway.domain.errors import FieldError, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")

MAX_DEPTH = 16
MAX_ROWS = 10_000
_MAX_INT = 2**63 - 1
_MAX_DIGITS = 20
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 19
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
# Possessive, and an open string runs to the end: one pass over the body whatever it holds.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_C1 = re.compile(r"[\x7f-\x9f\ufffe\uffff]")
_FIRST = (0,)
_SPACE = b" \t\r"
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class MalformedBody(BadRequest):
    """The body is not JSON, or not the strict JSON of RFC 7493 that money needs."""

    code = "malformed_body"
    title = "The body is not well-formed JSON"


class InvalidBody(Invalid):
    """The body is JSON, but not of the shape this route takes; `errors` says where."""

    code = "invalid_body"
    title = "The body does not have the right shape"


class TooManyRows(TooLarge):
    """More rows in one request than the route takes."""

    code = "too_many_rows"
    title = "Too many rows in one request"


class RowFault(msgspec.Struct, frozen=True):
    """Why one row of a batch was refused; `index` counts from 0 over the rows as sent."""

    index: int
    code: str
    detail: str


class Rows(Generic[T]):
    """A batch body: one object, an array, or NDJSON. Rows of the wrong shape are `faults`; the rest are `items`."""

    __slots__ = ("faults", "indexes", "items")

    def __init__(self, items: list[T], indexes: Sequence[int], faults: list[RowFault]) -> None:
        """`indexes[n]` is the place of `items[n]` in the body as sent."""
        self.items = items
        self.indexes = indexes
        self.faults = faults

    @property
    def count(self) -> int:
        """How many rows were sent."""
        return len(self.items) + len(self.faults)


def decode(body: bytes, kind: Any) -> Any:
    """`body` as `kind` (a type msgspec knows). Raises MalformedBody (400) or InvalidBody (422, with pointers)."""
    found = tree(body)
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise _invalid(explain(error, found, kind)) from None


def rows(body: bytes, kind: type[T], *, lines: bool = False, most: int = MAX_ROWS) -> Rows[T]:
    """A batch body; `lines` for NDJSON. A body that is not JSON is refused whole, a row of the wrong shape alone."""
    found = _tree_of_lines(body) if lines else tree(body)
    if isinstance(found, dict):
        try:
            return Rows([msgspec.convert(found, kind)], _FIRST, [])
        except msgspec.ValidationError:
            return _sorted_out([found], kind)
    if not isinstance(found, list):
        raise InvalidBody("Send one object, an array of objects, or NDJSON")
    if len(found) > most:
        raise TooManyRows(f"One request takes at most {most} rows, this has {len(found)}", rows_limit=most)
    try:
        items = msgspec.convert(found, list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError:
        return _sorted_out(found, kind)
    return Rows(items, range(len(items)), [])


def tree(body: bytes) -> Any:
    """`body` as dicts, lists and scalars, strictly; raises MalformedBody or InvalidBody."""
    if _plain(body) and _shallow(body):
        try:
            found = _decoder.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return _exact(body)
        # A key that came twice is there once after decoding, and its colon is gone.
        if body.count(b":") == _encoder.encode(found).count(b":"):
            return found
    return _exact(body)


def _plain(body: bytes) -> bool:
    """Whether no string needs a closer look: no escapes, no control characters, no very long number."""
    if b"\\" in body or b"\x7f" in body or _LONG_NUMBER in body.translate(_DIGITS):
        return False
    if body.isascii():
        return True
    try:
        return _C1.search(body.decode()) is None
    except UnicodeDecodeError:
        return False


def _shallow(body: bytes) -> bool:
    """Whether brackets nest at most MAX_DEPTH deep, outside of strings."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return True
    # Without escapes every second piece between quotes is outside of a string.
    outside = _STRING.sub(b"", body) if b"\\" in body else b"".join(body.split(b'"')[::2])
    brackets = outside.translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):  # each pass takes the innermost level away
        before, brackets = brackets, brackets.replace(b"[]", b"")
        if len(brackets) in {0, len(before)}:
            break
    return not brackets


def _tree_of_lines(body: bytes) -> list[Any]:
    """NDJSON: one value a line, blank lines skipped; a fault names its line, counted from 1."""
    lines = [line for line in [line.strip(_SPACE) for line in body.split(b"\n")] if line]
    if len(lines) <= MAX_ROWS and _one_flat_object_each(body, lines) and _plain(body):
        joined = b"[" + b",".join(lines) + b"]"
        with contextlib.suppress(msgspec.DecodeError):  # told below, with its line
            found: list[Any] = _decoder.decode(joined)
            if joined.count(b":") == _encoder.encode(found).count(b":"):
                return found
    return _line_by_line(body)


def _one_flat_object_each(body: bytes, lines: list[bytes]) -> bool:
    """Whether every line has its one brace at either end and no bracket: then it cannot bear on another line."""
    count = len(lines)
    return (
        body.count(b"{") == body.count(b"}") == count
        and b"[" not in body
        and all(line.startswith(b"{") and line.endswith(b"}") for line in lines)
    )


def _line_by_line(body: bytes) -> list[Any]:
    found: list[Any] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        if len(found) == MAX_ROWS:
            raise TooManyRows(f"One request takes at most {MAX_ROWS} rows", rows_limit=MAX_ROWS)
        try:
            found.append(tree(line))
        except MalformedBody as error:
            raise MalformedBody(f"Line {number}: {error.detail}", line=number) from None
        except InvalidBody as error:
            raise InvalidBody(f"Line {number}: {error.detail}", errors=error.errors, line=number) from None
    return found


def _sorted_out(found: list[Any], kind: type[T]) -> Rows[T]:
    """The rows that have the right shape, and a fault for each that has not."""
    items: list[T] = []
    indexes: list[int] = []
    faults: list[RowFault] = []
    for index, row in enumerate(found):
        try:
            items.append(msgspec.convert(row, kind))
            indexes.append(index)
        except msgspec.ValidationError as error:
            first = explain(error, row, kind)[0]
            faults.append(RowFault(index, first.code, f"{first.pointer or '/'}: {first.detail}"))
    return Rows(items, indexes, faults)


def _exact(body: bytes) -> Any:
    """The slow reader: sees every key, number and string, and says what is wrong."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"Byte {error.start} is not UTF-8") from None
    if not _shallow(body):
        raise MalformedBody(f"JSON nests at most {MAX_DEPTH} deep here, and every bracket closes")
    try:
        found = _reader.decode(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise MalformedBody(_where(error)) from None
    faults = tuple(_faults(found, ""))
    if faults:
        raise _invalid(faults)
    return found


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "The JSON nests too deep"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedBody(f"The key {twice[:60]!a} comes twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise MalformedBody("A number has more digits than 64 bits hold")
    return int(digits)


def _constant(name: str) -> None:
    raise MalformedBody(f"{name} is not JSON")


def _real(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise MalformedBody("A number is too large")
    return value


def _faults(found: Any, pointer: str) -> Iterator[FieldError]:
    """Strings with control characters and integers beyond 64 bits, with their JSON pointers."""
    if isinstance(found, dict):
        for name, value in found.items():
            if _CONTROL.search(name):
                yield FieldError(pointer, "control_character", "a key holds a control character")
            yield from _faults(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from _faults(value, f"{pointer}/{index}")
    elif isinstance(found, str) and _CONTROL.search(found):
        yield FieldError(pointer, "control_character", "control characters and lone surrogates are not taken")
    elif isinstance(found, int) and not -_MAX_INT - 1 <= found <= _MAX_INT:
        yield FieldError(pointer, "out_of_range", "the number does not fit into 64 bits")


def _invalid(errors: Sequence[FieldError]) -> InvalidBody:
    printable = [FieldError(_CONTROL.sub("?", e.pointer)[:200], e.code, e.detail) for e in errors[:50]]
    return InvalidBody(f"{printable[0].pointer or '/'}: {printable[0].detail}", errors=tuple(printable))


_reader = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_constant, strict=True
)
