from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.store import Store, rows
from tests.store.notes import query

if TYPE_CHECKING:
    from gateway.store import Tx


class Colour(StrEnum):
    red = "red"
    blue = "blue"


class Corner(msgspec.Struct, frozen=True):
    x: int
    name: str
    at: datetime | None = None


class Shape(msgspec.Struct, frozen=True):
    """A field of each kind, and each of them absent."""

    id: int
    open: bool
    colour: Colour
    moved_at: datetime
    due_on: date
    corners: tuple[Corner, ...]
    labels: dict[str, int]
    amount: int
    name: str
    body: bytes
    maybe_open: bool | None
    maybe_colour: Colour | None
    maybe_at: datetime | None
    maybe_on: date | None
    maybe_corner: Corner | None
    maybe_name: str | None


_TYPES = {
    "id": "BIGINT", "open": "BIGINT", "colour": "TEXT", "moved_at": "BIGINT", "due_on": "TEXT", "corners_json": "TEXT",
    "labels_json": "TEXT", "amount": "BIGINT", "name": "TEXT", "body": "BYTEA", "maybe_open": "BIGINT",
    "maybe_colour": "TEXT", "maybe_at": "BIGINT", "maybe_on": "TEXT", "maybe_corner_json": "TEXT", "maybe_name": "TEXT",
}  # fmt: skip
_COLUMNS = ", ".join(_TYPES)
CREATE = query(f"CREATE TABLE shapes ({', '.join(f'{column} {kind}' for column, kind in _TYPES.items())})")
ADD = query(f"INSERT INTO shapes ({_COLUMNS}) VALUES ({', '.join(f':{column}' for column in _TYPES)})")  # noqa: S608
ALL = query(f"SELECT {_COLUMNS} FROM shapes ORDER BY id")  # noqa: S608 - our own names
DELETE = query("DELETE FROM shapes")

# PostgreSQL keeps no NUL in a text; the API refuses it before it comes here.
_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-3, minutes=-30))])
_INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=_ZONES)  # noqa: DTZ001 - bounds are naive
_CORNERS = st.builds(Corner, st.integers(-(2**53), 2**53), _NAMES, st.none() | _INSTANTS)
_SHAPES = st.builds(
    Shape,
    id=st.just(0),
    open=st.booleans(),
    colour=st.sampled_from(Colour),
    moved_at=_INSTANTS,
    due_on=st.dates(),
    corners=st.lists(_CORNERS, max_size=3).map(tuple),
    labels=st.dictionaries(_NAMES, st.integers(-5, 5), max_size=3),
    amount=_INTEGERS,
    name=_NAMES,
    body=st.binary(),
    maybe_open=st.none() | st.booleans(),
    maybe_colour=st.none() | st.sampled_from(Colour),
    maybe_at=st.none() | _INSTANTS,
    maybe_on=st.none() | st.dates(),
    maybe_corner=st.none() | _CORNERS,
    maybe_name=st.none() | _NAMES,
)


def _values(shape: Shape) -> dict[str, Any]:
    return {column: getattr(shape, column.removesuffix("_json")) for column in _TYPES}


@pytest.fixture
async def shapes_store(store: Store) -> Store:
    await store.write(lambda tx: tx.run(CREATE))
    return store


@pytest.mark.anyio
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(shapes=st.lists(_SHAPES, min_size=1, max_size=5))
async def test_what_is_stored_comes_back_equal(shapes_store: Store, shapes: list[Shape]) -> None:
    shapes = [msgspec.structs.replace(shape, id=number) for number, shape in enumerate(shapes)]

    async def unit(tx: Tx) -> list[Shape]:
        await tx.run(DELETE)
        assert await tx.many(ADD, [_values(shape) for shape in shapes]) == len(shapes)
        return await tx.all(ALL, Shape)

    assert await shapes_store.write(unit) == shapes
    found = await shapes_store.all(ALL, Shape)
    assert found == shapes
    assert [type(shape.open) for shape in found] == [bool] * len(found)
    assert [type(shape.colour) for shape in found] == [Colour] * len(found)
    assert all(shape.moved_at.tzinfo is UTC for shape in found)
    assert await shapes_store.one(ALL, Shape) == shapes[0]


@given(_INSTANTS)
def test_an_instant_survives_its_microseconds(at: datetime) -> None:
    assert rows.from_micros(rows.to_micros(at)) == at


@given(_INSTANTS, _INSTANTS)
def test_microseconds_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (rows.to_micros(one) < rows.to_micros(other)) == (one < other)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        rows.to_micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


def test_a_missing_value_is_an_error_and_not_a_null() -> None:
    with pytest.raises(KeyError, match="open"):
        rows.bind(ADD.sqlite, {"id": 1})


def test_a_column_without_a_field_is_refused() -> None:
    with pytest.raises(TypeError, match="extra"):
        rows.read(Corner, ("x", "name", "extra"), [(1, "", 2)])


@pytest.mark.anyio
async def test_no_rows_is_an_empty_list_and_no_row_is_none(shapes_store: Store) -> None:
    assert await shapes_store.all(ALL, Shape) == []
    assert await shapes_store.one(ALL, Shape) is None
    assert await shapes_store.one(ALL) is None


@pytest.mark.anyio
async def test_many_of_no_rows_does_nothing(shapes_store: Store) -> None:
    assert await shapes_store.write(lambda tx: tx.many(ADD, [])) == 0
