"""Values to columns and rows to Structs, by the name's suffix.

`_at` is an aware datetime kept as BIGINT microseconds since 1970 · `_on` is a date kept as ISO text · `_json` is
any msgspec type kept as JSON text, and the field has the name without the suffix · the rest is kept as it is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.store.queries import Text

T = TypeVar("T")
Plan = tuple[tuple[str, "Callable[[Any], Any] | None"], ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encoder = msgspec.json.Encoder()


def to_micros(at: datetime) -> int:
    """An aware datetime → microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """Microseconds since 1970 → aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=value)


def _to_json(value: object) -> str:
    return _encoder.encode(value).decode()


_BINDERS: dict[str, Callable[[Any], Any]] = {"_at": to_micros, "_on": date.isoformat, "_json": _to_json}


def _suffix(name: str) -> str:
    return "_" + name.rsplit("_", 1)[-1]


def bind(text: Text, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Named values → the tuple the driver wants; a missing name is a KeyError here, never a NULL there."""
    return _binder(text.parameters)(values)


def bind_all(text: Text, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """`bind` for each of many rows."""
    return list(map(_binder(text.parameters), rows))


@lru_cache(maxsize=1024)
def _binder(parameters: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """The function that binds these parameters; most of the work is one `itemgetter`."""
    found = [(place, _BINDERS.get(_suffix(name))) for place, name in enumerate(parameters)]
    binders = [(place, binder) for place, binder in found if binder is not None]
    if len(parameters) <= 1:  # an itemgetter of one gives no tuple
        return lambda values: tuple([_bound(_BINDERS.get(_suffix(name)), values[name]) for name in parameters])
    pick = itemgetter(*parameters)

    def bound(values: Mapping[str, Any]) -> tuple[Any, ...]:
        row = list(pick(values))
        for place, binder in binders:
            if row[place] is not None:
                row[place] = binder(row[place])
        return tuple(row)

    return bound if binders else pick


def _bound(binder: Callable[[Any], Any] | None, value: Any) -> Any:
    return value if binder is None or value is None else binder(value)


def _reader(column: str, kind: Any) -> Callable[[Any], Any] | None:
    suffix = _suffix(column)
    if suffix == "_json":
        return msgspec.json.Decoder(kind).decode
    if suffix == "_at":
        return from_micros
    if suffix == "_on":
        return date.fromisoformat
    bare = next((a for a in getattr(kind, "__args__", ()) if a is not type(None)), kind)
    if bare is bool or (isinstance(bare, type) and issubclass(bare, Enum)):
        return bare
    return None


@lru_cache(maxsize=1024)
def _plan(kind: Callable[..., object], columns: tuple[str, ...]) -> Plan:
    hints = get_type_hints(kind)
    plan = []
    for column in columns:
        field = column.removesuffix("_json")
        if field not in hints:
            raise TypeError(f"column {column} has no field in {kind}")
        plan.append((field, _reader(column, hints[field])))
    return tuple(plan)


def read(kind: Callable[..., T], columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> list[T]:
    """Rows → Structs of `kind`, field by column name."""
    plan = _plan(kind, columns)
    return [
        kind(
            **{
                field: value if reader is None or value is None else reader(value)
                for (field, reader), value in zip(plan, row, strict=True)
            }
        )
        for row in rows
    ]
