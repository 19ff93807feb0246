"""Bodies: what is JSON and of the right shape passes; everything else is refused with a place, and never crashes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api import strict_json
from gateway.api.strict_json import InvalidBody, MalformedBody, TooManyRows
from gateway.domain.errors import GatewayError
from tests.api.tiny import NewSale

SALE = {"sale_id": "a-1", "occurred_at": "2026-01-02T05:00:00Z", "amount": 5, "currency": "KRW"}


def body(**changes: Any) -> bytes:
    return json.dumps({**SALE, **changes}, ensure_ascii=False).encode()


def refusal(raw: bytes) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        strict_json.decode(raw, NewSale)
    return caught.value


def test_a_plain_body_becomes_its_type() -> None:
    sale = strict_json.decode(body(note="크루아상 2개, 커피: 1"), NewSale)
    assert (sale.amount, sale.note, sale.occurred_at.isoformat()) == (
        5,
        "크루아상 2개, 커피: 1",
        "2026-01-02T05:00:00+00:00",
    )


def test_escapes_mean_what_they_say() -> None:
    raw = json.dumps({**SALE, "note": 'café "\\" 가 😀'}).encode()
    assert b"\\u" in raw
    assert strict_json.decode(raw, NewSale).note == 'café "\\" 가 😀'


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[" * 100_000, id="deep and open"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="deep"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="deep objects"),
        pytest.param(body()[:-1] + b',"note":' + b"[" * 17 + b"]" * 17 + b"}", id="17 deep in an unknown place"),
        pytest.param(b"\xef\xbb\xbf" + body(), id="byte order mark"),
        pytest.param(body(note="x").replace(b"x", b"\xff"), id="not UTF-8"),
        pytest.param(body(note="x").replace(b"x", b"\xed\xa0\x80"), id="surrogate in UTF-8"),
        pytest.param(body().decode().encode("utf-16"), id="UTF-16"),
        pytest.param(body(amount=5)[:-1] + b',"amount":6}', id="a key twice"),
        pytest.param(body(note="x")[:-1] + b',"no\\u0074e":"y"}', id="a key twice, once escaped"),
        pytest.param(body()[:-1] + b',"note":"a:b","note":"\\u003a"}', id="a key twice, colons balanced by an escape"),
        pytest.param(
            body(tenders=[]).replace(b"[]", b'[{"means":"a","means":"b","amount":1}]'), id="a key twice inside"
        ),
        pytest.param(body(amount=0).replace(b" 0", b" NaN"), id="NaN"),
        pytest.param(body(amount=0).replace(b" 0", b" -Infinity"), id="Infinity"),
        pytest.param(body(amount=0).replace(b" 0", b" 1e999"), id="a number beyond floats"),
        pytest.param(body(amount=0).replace(b" 0", b" " + b"9" * 5_000), id="a number of 5000 digits"),
        pytest.param(body(amount=0).replace(b" 0", b" 05"), id="a leading zero"),
        pytest.param(body(note="x").replace(b"x", b"a\x00b"), id="raw NUL"),
        pytest.param(body(note="x").replace(b"x", b"a\tb"), id="raw tab in a string"),
        pytest.param(body() + b"{}", id="two documents"),
        pytest.param(body().replace(b'"', b"'"), id="single quotes"),
        pytest.param(b"// x\n" + body(), id="a comment"),
        pytest.param(body()[:-1] + b",}", id="a trailing comma"),
    ],
)
def test_what_is_no_strict_json_is_malformed(raw: bytes) -> None:
    assert isinstance(refusal(raw), MalformedBody)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"amount": "5"}, "/amount", "wrong_type"),
        ({"amount": 5.0}, "/amount", "wrong_type"),
        ({"amount": 5.5}, "/amount", "wrong_type"),
        ({"amount": True}, "/amount", "wrong_type"),
        ({"amount": None}, "/amount", "wrong_type"),
        ({"amount": 0}, "/amount", "invalid_value"),
        ({"amount": 2**63}, "/amount", "out_of_range"),
        ({"amount": -(2**63) - 1}, "/amount", "out_of_range"),
        ({"occurred_at": "2026-01-02"}, "/occurred_at", "invalid_value"),
        ({"occurred_at": "2026-01-02T05:00:00"}, "/occurred_at", "invalid_value"),
        ({"currency": "KRW\n"}, "/currency", "control_character"),
        ({"currency": "krw"}, "/currency", "invalid_value"),
        ({"sale_id": ""}, "/sale_id", "invalid_value"),
        ({"sale_id": "x" * 101}, "/sale_id", "invalid_value"),
        ({"note": "a\x00b"}, "/note", "control_character"),
        ({"note": "a\x7fb"}, "/note", "control_character"),
        ({"note": "a\u0085b"}, "/note", "control_character"),
        ({"tenders": [{"means": "a", "amount": 1}, {"means": "b", "amount": "1"}]}, "/tenders/1/amount", "wrong_type"),
        ({"tenders": [{"means": "card"}]}, "/tenders/0/amount", "required"),
        ({"tenders": {}}, "/tenders", "wrong_type"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown_field"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_by_its_pointer(changes: dict[str, Any], pointer: str, code: str) -> None:
    errors = refusal(body(**changes)).errors
    assert [(error.pointer, error.code) for error in errors] == [(pointer, code)]


def test_a_lone_surrogate_is_refused() -> None:
    error = refusal(body(note="x").replace(b'"x"', b'"\\ud800"'))
    assert [(fault.pointer, fault.code) for fault in error.errors] == [("/note", "control_character")]


def test_all_wrong_fields_are_named_at_once() -> None:
    errors = refusal(b'{"amount": "5", "currency": "krw", "tip": 1}').errors
    assert [(error.pointer, error.code) for error in errors] == [
        ("/sale_id", "required"),
        ("/occurred_at", "required"),
        ("/amount", "wrong_type"),
        ("/currency", "invalid_value"),
        ("/tip", "unknown_field"),
    ]


@pytest.mark.parametrize("raw", [b"[]", b"null", b"5", b'"x"', b"true"])
def test_json_that_is_no_object_is_of_the_wrong_shape(raw: bytes) -> None:
    assert isinstance(refusal(raw), InvalidBody)


def test_sixteen_levels_are_taken() -> None:
    raw = b"[" * 16 + b"]" * 16
    assert strict_json.tree(raw) == json.loads(raw)


def test_brackets_inside_strings_do_not_nest() -> None:
    assert strict_json.decode(body(note="[{" * 100), NewSale).note == "[{" * 100
    assert strict_json.decode(body(note='"[{' * 100), NewSale).note == '"[{' * 100


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + b'\\"' * 2_000_000, b"\\" * 4_000_000, b"[" * 4_000_000, b"[]" * 2_000_000, b'{"a":' * 800_000,
        b'"' * 4_000_001,
    ],
    ids=["escaped quotes", "backslashes", "open", "pairs", "open objects", "quotes"],
)  # fmt: skip
def test_large_hostile_bodies_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        strict_json.rows(raw, NewSale)


def test_a_batch_may_be_one_object_an_array_or_lines() -> None:
    one = strict_json.rows(body(), NewSale)
    many = strict_json.rows(b"[" + body() + b"," + body(sale_id="b") + b"]", NewSale)
    lines = strict_json.rows(body() + b"\r\n\n" + body(sale_id="b") + b"\n", NewSale, lines=True)
    assert [row.sale_id for row in one.items] == ["a-1"]
    assert [row.sale_id for row in many.items] == [row.sale_id for row in lines.items] == ["a-1", "b"]
    assert list(many.indexes) == [0, 1]


def test_a_row_of_the_wrong_shape_does_not_fail_its_neighbours() -> None:
    raw = b"[" + b",".join([body(), body(amount="5"), body(sale_id="b"), b"7"]) + b"]"
    rows = strict_json.rows(raw, NewSale)
    assert [row.sale_id for row in rows.items] == ["a-1", "b"]
    assert list(rows.indexes) == [0, 2]
    assert [(fault.index, fault.code) for fault in rows.faults] == [(1, "wrong_type"), (3, "wrong_type")]
    assert rows.faults[0].detail == "/amount: must be an integer, not a string"
    assert rows.count == 4


def test_a_malformed_line_names_its_number() -> None:
    with pytest.raises(MalformedBody, match="Line 3") as caught:
        strict_json.rows(body() + b"\n\n" + b'{"a":', NewSale, lines=True)
    assert caught.value.facts == {"line": 3}


def test_an_object_spread_over_lines_is_no_ndjson() -> None:
    with pytest.raises(MalformedBody, match="Line 1"):
        strict_json.rows(json.dumps(SALE, indent=1).encode(), NewSale, lines=True)


@pytest.mark.parametrize("lines", [False, True])
def test_more_rows_than_the_limit_are_refused(lines: bool) -> None:  # noqa: FBT001
    raw = b"\n".join([b"{}"] * 10_001) if lines else b"[" + b",".join([b"{}"] * 10_001) + b"]"
    with pytest.raises(TooManyRows):
        strict_json.rows(raw, NewSale, lines=lines)


@pytest.mark.parametrize("raw", [b"null", b'"x"', b"7"])
def test_a_batch_is_made_of_objects(raw: bytes) -> None:
    with pytest.raises(InvalidBody):
        strict_json.rows(raw, NewSale)


TEXT = st.text(st.characters(min_codepoint=0x20, blacklist_categories=("Cc", "Cs", "Cn")), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_every_well_formed_document_reads_as_the_standard_library_reads_it(value: Any, ascii_only: bool) -> None:  # noqa: FBT001
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert strict_json.tree(raw) == value


@given(VALUES.filter(lambda value: isinstance(value, dict) and len(value) > 0), st.data())
def test_a_repeated_key_is_found_wherever_it_stands(value: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    again = json.dumps(key).encode() + b":" + json.dumps(data.draw(VALUES)).encode()
    raw = json.dumps({"outer": value}).encode()[:-2] + b"," + again + b"}}"
    with pytest.raises(MalformedBody):
        strict_json.tree(raw)


@given(st.binary(max_size=60))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    try:
        strict_json.decode(raw, NewSale)
    except (MalformedBody, InvalidBody) as error:
        msgspec.json.encode(error.errors)
