from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.store import queries, sql
from gateway.store.postgres import PostgresStore
from tests.store.notes import query

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store import Store
    from gateway.store.queries import Query

# PostgreSQL's types that come to Python as ours; a sum without a CAST would come as Decimal.
_TYPES = {"text", "int8", "int4", "bool", "bytea"}


@pytest.mark.anyio
async def test_every_named_query_prepares(store: Store) -> None:
    assert len(sql.queries()) > 50
    if isinstance(store, PostgresStore):
        async with store._pool.acquire() as connection:
            for named in sql.queries():
                prepared = await connection.prepare(named.postgres.text)
                assert {column.type.name for column in prepared.get_attributes()} <= _TYPES, named.name
    else:
        for named in sql.queries():
            nothing = dict.fromkeys(named.sqlite.parameters)
            await store.all(query(f"EXPLAIN {_with_names(named)}"), **nothing)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("named", "indexes"),
    [(sql.events.span, ("events_by_time",)), (sql.events.between, ("events_by_position", "events_in_order"))],
    ids=["span", "between"],
)
async def test_a_replay_of_a_range_reads_no_more_than_the_range(
    store: Store, named: Query, indexes: tuple[str, ...]
) -> None:
    if isinstance(store, PostgresStore):
        async with store._pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off")  # a table of no rows is read whole otherwise
            some = {"partner_id": "'p'"}
            text = named.postgres.text
            for number, name in reversed(list(enumerate(named.postgres.parameters, start=1))):
                text = text.replace(f"${number}", some.get(name, "1"))
            plan = [row[0] for row in await connection.fetch(f"EXPLAIN {text}")]
    else:
        nothing = dict.fromkeys(named.sqlite.parameters)
        plan = [row[3] for row in await store.all(query(f"EXPLAIN QUERY PLAN {_with_names(named)}"), **nothing)]
    assert any(index in line for line in plan for index in indexes), plan
    assert not any("SCAN events" in line or "Sort" in line or "TEMP B-TREE" in line for line in plan), plan


def _with_names(named: Query) -> str:
    text = named.sqlite.text
    for number, name in reversed(list(enumerate(named.sqlite.parameters, start=1))):
        text = text.replace(f"?{number}", f":{name}")
    return text


def test_a_parameter_used_twice_has_one_number() -> None:
    both = query("SELECT :a, :b, :a")
    assert (both.sqlite.text, both.postgres.text) == ("SELECT ?1, ?2, ?1", "SELECT $1, $2, $1")
    assert both.sqlite.parameters == ("a", "b")


def test_colons_in_literals_comments_and_casts_are_no_parameters() -> None:
    text = "SELECT 'it''s :a', x::text -- :b\nFROM t WHERE y = :c"
    assert query(text).postgres.text == text.replace(":c", "$1")


def test_an_override_has_its_own_text_and_the_same_parameters(tmp_path: Path) -> None:
    noun = _noun(tmp_path, "-- name: find\nSELECT :a, :b;\n-- name: find (postgres)\nSELECT :b, :a FOR UPDATE;\n")
    assert noun.find.sqlite.text == "SELECT ?1, ?2"
    assert noun.find.postgres.text == "SELECT $1, $2 FOR UPDATE"
    assert noun.find.postgres.parameters == ("b", "a")


@pytest.mark.parametrize(
    "text",
    [
        "-- name: find\nSELECT 1;\n-- name: find\nSELECT 2;\n",
        "-- name: find (postgres)\nSELECT 1;\n",
        "-- name: find\nSELECT :a;\n-- name: find (postgres)\nSELECT :b;\n",
        "-- name: find\nSELECT :a, :b;\n-- name: find (postgres)\nSELECT unnest(:a[]::text[]), :b;\n",
        "-- name: find\nSELECT :a[];\n",
    ],
    ids=["defined twice", "override of nothing", "other parameters", "arrays mixed with rows", "arrays on SQLite"],
)
def test_a_faulty_file_is_refused_when_it_is_read(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"find|array"):
        _noun(tmp_path, text)


def test_an_unknown_query_or_noun_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no query named 'gone'"):
        sql.offers.gone  # noqa: B018 - asking is the test
    with pytest.raises(AttributeError, match=r"no gone\.sql"):
        sql.gone  # noqa: B018


def _noun(folder: Path, text: str) -> queries.Noun:
    (folder / "noun.sql").write_text(text)
    return queries.Noun(folder / "noun.sql")
