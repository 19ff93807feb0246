"""The catalogue of events is whole: what is told is in it, what is in it is told, and nothing in it is personal."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from gateway.domain import bank_statements, connections, deliveries, erasures, event_data, governance, passkeys
from gateway.domain.event_catalogue import EVENTS, NOUNS, SILENT, VERBS, verb
from tests import catalogues
from tests.domain.test_states import TABLES
from tests.house.files import ROOT

NOT_TOLD = {
    bank_statements.EntryState: "a bank's own account",
    connections.ConnectionState: "a setting of the partner's own, changed by itself alone",
    deliveries.DeliveryState: "the endpoint's owner sees its deliveries",
    erasures.ErasureState: "its end is told as consent.erased",
    governance.Step: "the gateway's own models",
    passkeys.PasskeyState: "the merchant's own keys",
}
"""Tables of states that no event is made of, and why."""
CODE = "".join(
    re.sub(r"^MOVES.*?^\}", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for top in ("usecases", "domain")
    for path in (ROOT / "gateway" / top).glob("*.py")
    if path.name != "event_catalogue.py"
)
"""What makes events, without the tables of states."""
TYPES = {event_data.Id, event_data.Code, event_data.Currency}


def test_every_table_of_states_makes_events_or_is_named_as_one_that_does_not() -> None:
    told = {noun.states for noun in NOUNS}
    assert {kind for kind, _ in TABLES} == told | NOT_TOLD.keys()
    states = {f"{noun.name}.{state}" for noun in NOUNS for state in noun.states}
    assert SILENT.keys() | VERBS.keys() <= states


def test_whatever_the_code_tells_of_is_a_noun_of_the_catalogue() -> None:
    """That each event told is in it and has its shape is asked of every test's gateway (tests/told.py)."""
    assert set(re.findall(r'Event\(\s*"(\w+)"', CODE)) <= {kind.noun for kind in EVENTS.values()}


def test_every_event_has_an_emitter_and_every_state_that_it_tells_is_one_the_code_comes_to() -> None:
    assert [event for event in EVENTS if not _is_told(event)] == []


def _is_told(event: str) -> bool:
    noun_name, _, called = event.partition(".")
    noun = next((one for one in NOUNS if one.name == noun_name), None)
    state = next((one for one in noun.states if verb(noun_name, one) == called), None) if noun else None
    ways = [f'"{event}"', f'"{called}"', f"'{called}'"]
    if state is not None:
        ways += [f"{type(state).__name__}.{state.name}", f"_S.{state.name}"]
    return f'Event("{noun_name}"' in CODE and any(way in CODE for way in ways)


@pytest.mark.parametrize("event", [kind.name for kind in {kind.data: kind for kind in EVENTS.values()}.values()])
def test_nothing_in_an_event_can_hold_a_name_an_account_or_any_free_text(event: str) -> None:
    found = inspect.type_info(EVENTS[event].data)
    assert isinstance(found, inspect.StructType)
    assert found.forbid_unknown_fields
    names = {field.name for field in found.fields}
    assert {"id", "sequence"} <= names
    assert "merchant_id" in names or event.partition(".")[0] in {"remittance", "webhook"}
    for field in msgspec.structs.fields(EVENTS[event].data):
        assert _plain(field.type), f"{event}: {field.name}"
        assert not re.search("account|iban|holder|email|phone|contact|legal|address|user", field.name)


def _plain(kind: Any) -> bool:
    """Whether a type has room for ids, codes, enums, figures and dates alone."""
    if kind in TYPES | {int, date, datetime, type(None)} or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return True
    parts = getattr(kind, "__args__", ())
    if getattr(kind, "__metadata__", None) is not None:
        return kind.__origin__ is int
    return bool(parts) and all(part is Ellipsis or _plain(part) for part in parts)


def test_the_pages_of_events_and_errors_are_current() -> None:
    stale = [path.name for path, text in catalogues.pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: python -m tests.catalogues"
