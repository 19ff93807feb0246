"""What we write: valid by the published schemas, understood by mock-bank's own reader, or refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mockbank import messages, validate

from adapters.banks.iso20022 import wire
from gateway.bank_ports import Account, Collection, Party, Payout, Unrenderable
from gateway.domain.money import MAX_AMOUNT, Money
from tests.adapters.iso_payments import COLLECTION, MISLEADING, PAYOUT, SHOP, collections, payouts
from tests.adapters.schemas import assert_valid

if TYPE_CHECKING:
    from pathlib import Path


@given(payout=payouts)
def test_any_payout_is_valid_by_the_published_schema(payout: Payout, shared: Path) -> None:
    assert assert_valid(wire.render_payout(payout), shared) == "pain.001.001.09"


@given(payout=payouts)
def test_any_payout_is_read_back_whole_by_the_bank(payout: Payout) -> None:
    body = wire.render_payout(payout)
    assert wire.render_payout(msgspec.structs.replace(payout)) == body
    file, findings = validate.inspect(body, today=date(2000, 1, 1))
    assert findings == []
    (batch,) = file.batches
    (payment,) = batch.payments
    assert (payment.amount, payment.currency) == (payout.amount.amount, payout.amount.currency)
    assert (file.msg_id, payment.end_to_end_id) == (payout.message_id, payout.end_to_end_id)
    assert batch.requested_execution_date == payout.execute_on
    assert payment.creditor_account == (payout.creditor.account.iban or payout.creditor.account.other_id)
    assert (payment.creditor_name, batch.debtor_name) == (payout.creditor.name.strip(), payout.debtor.name.strip())


@given(collection=collections)
def test_any_collection_is_valid_by_the_published_schema(collection: Collection, shared: Path) -> None:
    assert assert_valid(wire.render_collection(collection), shared) == "pain.008.001.08"


@given(collection=collections)
def test_any_collection_is_read_back_whole_by_the_bank(collection: Collection) -> None:
    body = wire.render_collection(collection)
    file, findings = validate.inspect(body, today=date(2000, 1, 1))
    assert findings == []
    (batch,) = file.batches
    (debit,) = batch.collections
    assert (debit.amount, debit.currency) == (collection.amount.amount, collection.amount.currency)
    assert (debit.mandate_id, debit.mandate_signed) == (
        collection.mandate_id,
        collection.mandate_signed_on.isoformat(),
    )
    assert (debit.sequence_type, debit.creditor_scheme_id) == (collection.sequence, collection.creditor_scheme_id)
    assert batch.requested_collection_date == collection.collect_on
    assert debit.debtor_name == collection.debtor.name.strip()


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money(1_050, "EUR"), b'Ccy="EUR">10.50<'),
        (Money(1, "EUR"), b'Ccy="EUR">0.01<'),
        (Money(1_050, "KRW"), b'Ccy="KRW">1050<'),
        (Money(1_050, "KWD"), b'Ccy="KWD">1.050<'),
        (Money(MAX_AMOUNT, "JPY"), b'Ccy="JPY">1000000000000000<'),
    ],
)
def test_an_amount_is_written_with_exactly_its_currencys_decimals(amount: Money, written: bytes) -> None:
    assert written in wire.render_payout(msgspec.structs.replace(PAYOUT, amount=amount))


@pytest.mark.parametrize(
    "name", ["가나다 빵집", "Müller & Söhne <GmbH>", 'The "Corner" Shop', "مخبز", "🥐 Croissanterie", "]]>"]
)
def test_a_name_in_any_script_and_with_any_sign_arrives_as_it_is(name: str) -> None:
    body = wire.render_payout(msgspec.structs.replace(PAYOUT, creditor=Party(name, SHOP.account)))
    (payment,) = messages.read_pain001(body).payments
    assert payment.creditor_name == name


def _payout_with(**changes: Any) -> Payout:
    return msgspec.structs.replace(PAYOUT, **changes)


@pytest.mark.parametrize(
    "payout",
    [
        *(
            _payout_with(creditor=Party(name, SHOP.account))
            for name in ["", "  ", "a\nb", "a\x00b", "\ud800", "\u202eabc"]
        ),
        _payout_with(creditor=Party("x" * 141, SHOP.account)),
        *(_payout_with(creditor=Party("Shop", Account(iban=iban))) for iban in ["NL00REST0000000000", "nope", ""]),
        _payout_with(creditor=Party("Shop", Account())),
        _payout_with(creditor=Party("Shop", Account(other_id="1" * 35))),
        _payout_with(creditor=Party("Shop", Account(iban=SHOP.account.iban, bic="MOCK"))),
        *(
            _payout_with(end_to_end_id=reference)
            for reference in ["", " ", "x" * 36, "dd_1", "/a", "a/", "a//b", "ü", "a\n", " a", "a "]
        ),
        _payout_with(message_id="x" * 36),
        *(_payout_with(amount=Money(amount, "EUR")) for amount in [0, -1, MAX_AMOUNT + 1]),
        _payout_with(remittance="x" * 141),
        _payout_with(remittance="a\tb"),
        _payout_with(created_at=datetime(2026, 3, 2, 9)),  # noqa: DTZ001 - the fault
    ],
)
def test_what_no_valid_message_can_say_is_refused(payout: Payout) -> None:
    with pytest.raises(Unrenderable):
        wire.render_payout(payout)


def test_a_collection_needs_a_known_place_in_its_sequence_and_a_mandate() -> None:
    for changes in ({"sequence": "LAST"}, {"mandate_id": ""}, {"creditor_scheme_id": "x_y"}):
        with pytest.raises(Unrenderable):
            wire.render_collection(msgspec.structs.replace(COLLECTION, **changes))


def test_the_moment_of_creation_is_written_in_utc_to_the_second() -> None:
    assert b"<CreDtTm>2026-03-02T09:00:00Z</CreDtTm>" in wire.render_payout(PAYOUT)


@given(st.text(max_size=200))
def test_any_text_as_a_name_is_either_written_whole_or_refused(name: str) -> None:
    try:
        body = wire.render_payout(_payout_with(creditor=Party(name, SHOP.account)))
    except Unrenderable:
        clean = name.strip()
        hostile = any(unicodedata.category(c) in {"Cc", "Cs"} or c in MISLEADING for c in clean)
        assert hostile or not 0 < len(clean) <= 140
        return
    assert re.search(rb"<Cdtr><Nm>.+</Nm></Cdtr>", body, re.DOTALL)
