"""What the Berlin adapter writes, and the payments it has no words for. No network."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.berlin import wire
from gateway.bank_ports import Account, Party, Payout, Unrenderable
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import Money

FUNDING = sandbox_iban("funding")
PAYOUT = Payout(
    end_to_end_id="DRW01J",
    message_id="MDRW01J",
    amount=Money(1050, "EUR"),
    debtor=Party("Example Lending Bank", Account(iban=FUNDING)),
    creditor=Party("Bäckerei Grüner & Söhne", Account(iban=sandbox_iban("shop"), bic="DEUTDEFF")),
    execute_on=date(2026, 3, 2),
    created_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    remittance="Restock DRW01J",
)


def changed(**fields: Any) -> Payout:
    return msgspec.structs.replace(PAYOUT, **fields)


def to(account: Account, name: str = "A shop") -> Payout:
    return changed(creditor=Party(name, account))


def test_a_payout_is_two_lines_of_which_the_second_is_sent() -> None:
    order, body = wire.read_order(wire.render_payout(PAYOUT, "sepa-credit-transfers"))
    assert order == wire.Order("sepa-credit-transfers", "MDRW01J", "DRW01J", FUNDING, date(2026, 3, 2))
    assert json.loads(body) == {
        "endToEndIdentification": "DRW01J",
        "debtorAccount": {"iban": FUNDING},
        "instructedAmount": {"currency": "EUR", "amount": "10.50"},
        "creditorAccount": {"iban": sandbox_iban("shop")},
        "creditorName": "Bäckerei Grüner & Söhne",
        "creditorAgent": "DEUTDEFF",
        "remittanceInformationUnstructured": "Restock DRW01J",
    }


def test_an_execution_date_is_asked_for_only_where_the_bank_takes_one() -> None:
    dated = wire.read_order(wire.render_payout(PAYOUT, "sepa-credit-transfers", dated=True))[1]
    assert json.loads(dated)["requestedExecutionDate"] == "2026-03-02"


@given(st.integers(1, 99_999_999_999))
def test_any_amount_is_written_exactly(cents: int) -> None:
    _, body = wire.read_order(wire.render_payout(changed(amount=Money(cents, "EUR")), "sepa-credit-transfers"))
    whole, _, fraction = json.loads(body)["instructedAmount"]["amount"].partition(".")
    assert int(whole) * 100 + int(fraction) == cents
    assert len(fraction) == 2


@pytest.mark.parametrize(
    "payout",
    [
        changed(amount=Money(0, "EUR")),
        changed(amount=Money(-1, "EUR")),
        changed(amount=Money(100_000_000_000, "EUR")),
        changed(amount=Money(1050, "KRW")),
        changed(end_to_end_id="DRW_01J"),
        changed(end_to_end_id="D" * 36),
        changed(end_to_end_id=""),
        changed(message_id="A//B"),
        changed(created_at=datetime(2026, 3, 2, 9)),  # noqa: DTZ001 - the fault
        changed(remittance="x" * 141),
        changed(debtor=Party("Bank", Account(other_id="12345"))),
        to(Account(other_id="12345")),
        to(Account(iban="NL00REST0000000000")),
        to(Account(iban=sandbox_iban("x"), bic="NOT A BIC")),
        to(Account(iban=sandbox_iban("x")), name="x" * 71),
        to(Account(iban=sandbox_iban("x")), name="a\nb"),
        to(Account(iban=sandbox_iban("x")), name="\u202eevil"),
        to(Account(iban=sandbox_iban("x")), name=" "),
    ],
)
def test_what_the_interface_has_no_words_for_is_refused(payout: Payout) -> None:
    with pytest.raises(Unrenderable):
        wire.render_payout(payout, "sepa-credit-transfers")


def test_only_the_two_sepa_products_are_spoken() -> None:
    with pytest.raises(Unrenderable):
        wire.render_payout(PAYOUT, "cross-border-credit-transfers")


@pytest.mark.parametrize("stored", [b"", b"{}", b"\n", b"<Document/>", b"{}\n{}", b"\xff\n\xff"])
def test_bytes_that_are_no_instruction_of_ours_are_not_sent(stored: bytes) -> None:
    with pytest.raises(Unrenderable):
        wire.read_order(stored)


def test_an_instruction_whose_lines_disagree_is_not_sent() -> None:
    stored = wire.render_payout(PAYOUT, "sepa-credit-transfers")
    with pytest.raises(Unrenderable):
        wire.read_order(stored.replace(b"DRW01J", b"DRW02J", 2))
    with pytest.raises(Unrenderable):
        wire.read_order(stored.replace(b"sepa-credit-transfers", b"../../v1/consents"))
