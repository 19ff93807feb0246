"""Named SQL from `sql/<noun>.sql`: one text for both engines, an override only where they must differ.

    -- name: find
    SELECT id, legal_name FROM merchants WHERE id = :merchant_id;
    -- name: find (postgres)
    SELECT id, legal_name FROM merchants WHERE id = :merchant_id FOR UPDATE;

`sql.merchants.find` is the Query. Parameters are named; values are bound by the parameter's suffix (see rows.py).
In a PostgreSQL override of a query run over many rows, `:name[]` stands for the array of all rows' values (`unnest`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

Dialect = Literal["sqlite", "postgres"]

_FOLDER = Path(__file__).with_name("sql")
_HEADING = re.compile(r"^-- name: (\w+)(?: \((postgres)\))?\s*$", re.MULTILINE)
# Literals and comments come first: a colon inside them is no parameter.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|--[^\n]*|(?<![:\w]):([a-z_]\w*)(\[\])?")


class Text(msgspec.Struct, frozen=True):
    """A query in one dialect's own placeholders, with the names in their order; `arrays` = takes columns, not rows."""

    text: str
    parameters: tuple[str, ...]
    arrays: bool = False


class Query(msgspec.Struct, frozen=True, eq=False):
    """A named query in both dialects."""

    name: str
    sqlite: Text
    postgres: Text

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return self is other


class Noun:
    """The queries of one file, as attributes."""

    def __init__(self, path: Path) -> None:
        self.__dict__.update(_parse(path))

    def __getattr__(self, name: str) -> Query:
        raise AttributeError(f"no query named {name!r}")


class Sql:
    """Every noun's queries, as attributes."""

    def __init__(self, folder: Path) -> None:
        self.__dict__.update({path.stem: Noun(path) for path in sorted(folder.glob("*.sql"))})

    def __getattr__(self, name: str) -> Noun:
        raise AttributeError(f"no {name}.sql")

    def queries(self) -> list[Query]:
        """All of them, for the test that prepares each on both engines."""
        return [query for noun in vars(self).values() for query in vars(noun).values()]


def _parse(path: Path) -> dict[str, Query]:
    pieces = _HEADING.split(path.read_text(encoding="utf-8"))[1:]
    common: dict[str, str] = {}
    override: dict[str, str] = {}
    for name, dialect, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        target = override if dialect else common
        if name in target:
            raise ValueError(f"{path.name}: {name} is defined twice")
        target[name] = text.strip().rstrip(";")
    if orphans := override.keys() - common.keys():
        raise ValueError(f"{path.name}: override without a query: {', '.join(orphans)}")
    return {name: _query(f"{path.stem}.{name}", text, override.get(name, text)) for name, text in common.items()}


def _query(name: str, common: str, postgres: str) -> Query:
    query = Query(name, _bind(common, "?"), _bind(postgres, "$"))
    if set(query.sqlite.parameters) != set(query.postgres.parameters) or query.sqlite.arrays:
        raise ValueError(f"{name}: the two dialects take different parameters")
    return query


def _bind(text: str, mark: str) -> Text:
    """`:name` → `?1` or `$1`; one number a name, however often it is used."""
    numbers: dict[str, int] = {}
    arrays: set[str] = set()

    def number(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        if match[2]:
            arrays.add(match[1])
        return f"{mark}{numbers.setdefault(match[1], len(numbers) + 1)}"

    bound = _PARAMETER.sub(number, text)
    if arrays and arrays != numbers.keys():
        raise ValueError(f"either every parameter is an array or none: {text}")
    return Text(bound, tuple(numbers), bool(arrays))


@lru_cache(maxsize=1)
def _load() -> Sql:
    return Sql(_FOLDER)


sql = _load()
"""The queries of this version, parsed once."""
