"""What we write: valid by the published schemas, understood by mock-bank's own reader, or refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mockbank import messages, validate

from adapters.banks.iso20022 import wire
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import EXPONENTS, MAX_AMOUNT, Money
from gateway.ports import Account, Collection, Party, Payout, Unrenderable
from tests.adapters.schemas import assert_valid

if TYPE_CHECKING:
    from pathlib import Path

_MISLEADING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
_texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=_MISLEADING), max_size=140)
_names = _texts.filter(lambda text: bool(text.strip()))
_references = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9?:().,'+ -]{0,33}[A-Za-z0-9])?", fullmatch=True)
_money = st.builds(Money, st.integers(1, MAX_AMOUNT), st.sampled_from(sorted(EXPONENTS)))
_ibans = st.builds(lambda seed: Account(iban=sandbox_iban(seed)), st.text(max_size=5))
_others = st.builds(Account, other_id=st.from_regex(r"[0-9]{1,34}", fullmatch=True), bic=st.just("MOCKNL2A"))
_parties = st.builds(Party, _names, st.one_of(_ibans, _others))
_days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
_instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.timezones())  # noqa: DTZ001 - given one
_payouts = st.builds(Payout, _references, _references, _money, _parties, _parties, _days, _instants, _texts)
_collections = st.builds(
    Collection,
    end_to_end_id=_references,
    message_id=_references,
    amount=_money,
    creditor=_parties,
    creditor_scheme_id=_references,
    debtor=_parties,
    mandate_id=_references,
    mandate_signed_on=_days,
    sequence=st.sampled_from(["FRST", "RCUR", "FNAL", "OOFF"]),
    collect_on=_days,
    created_at=_instants,
    remittance=_texts,
)

SHOP = Party("Boulangerie d'Été", Account(iban=sandbox_iban("shop")))
BANK = Party("Example Lending Bank", Account(iban="NL41MOCK0000000001", bic="MOCKNL2A"))
PAYOUT = Payout(
    end_to_end_id="DRAWDOWN-1",
    message_id="FILE-1",
    amount=Money(123_456, "EUR"),
    debtor=BANK,
    creditor=SHOP,
    execute_on=date(2026, 3, 2),
    created_at=datetime(2026, 3, 2, 9, 0, 0, 999_999, tzinfo=UTC),
    remittance="Restock drawdown 1",
)
COLLECTION = Collection(
    end_to_end_id="REPAYMENT-1",
    message_id="DEBITS-1",
    amount=Money(2_500, "EUR"),
    creditor=BANK,
    creditor_scheme_id="NL50ZZZ123456780000",
    debtor=SHOP,
    mandate_id="MANDATE-1",
    mandate_signed_on=date(2026, 3, 1),
    sequence="RCUR",
    collect_on=date(2026, 3, 3),
    created_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    remittance="Restock repayment 1",
)


@given(payout=_payouts)
def test_any_payout_is_valid_by_the_published_schema(payout: Payout, shared: Path) -> None:
    assert assert_valid(wire.render_payout(payout), shared) == "pain.001.001.09"


@given(payout=_payouts)
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


@given(collection=_collections)
def test_any_collection_is_valid_by_the_published_schema(collection: Collection, shared: Path) -> None:
    assert assert_valid(wire.render_collection(collection), shared) == "pain.008.001.08"


@given(collection=_collections)
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
        hostile = any(unicodedata.category(c) in {"Cc", "Cs"} or c in _MISLEADING for c in clean)
        assert hostile or not 0 < len(clean) <= 140
        return
    assert re.search(rb"<Cdtr><Nm>.+</Nm></Cdtr>", body, re.DOTALL)
