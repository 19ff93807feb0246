"""Files of real banks: what each says, or why it is refused. Nothing is swallowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022 import wire
from gateway.bank_ports import BankEventKind, PaymentStatus, Unreadable
from gateway.domain.money import Money

if TYPE_CHECKING:
    from pathlib import Path

# File → the message that is refused, because no bank's mailbox holds it or it says nothing of booked money; or how many
# statements, bookings, returns and statuses the file tells. Counted in the files by another reader: `Stmt`; details of
# booked entries (one for the whole where they do not add up), those marked as money going back apart; the payments,
# batches or files judged.
OUTCOMES: dict[str, str | tuple[int, int, int, int]] = {
    "moov_200519_camt.052_P_CH2909000000250094239_1110092686_0_2019042416072347.xml": "camt.052.001.04",
    "moov_200519_camt.054-Credit_P_CH2909000000250094239_1110092691_0_2019042421291293.xml": (0, 1, 0, 0),
    "moov_200519_camt.054-Debit_P_CH2909000000250094239_1110092692_0_2019042401501580.xml": (0, 1, 0, 0),
    "moov_200519_camt.054_P_CH2909000000250094239_1111091335_0_2020061900081727.xml": (0, 2, 0, 0),
    "moov_200519_camt054-ESR-ASR_P_CH2909000000250094239_1110092704_0_2019042500372179.xml": (0, 6, 0, 0),
    "moov_200519_camt054-chdd_p_ch2909000000250094239_1110097484_0_20190520700381159.xml": (0, 2, 0, 0),
    "moov_200519_camt054-epo_p_ch5109000000250092291_1110097605_0_2019052003522556.xml": (0, 3, 0, 0),
    "moov_200519_camt054-epo_p_ch5109000000250092291_1110097605_0_2019052103322231.xml": (0, 3, 0, 0),
    "moov_200519_camt054-returns_p_ch2909000000250094239_1109800798_0_2019052023472022.xml": (0, 0, 1, 0),
    "moov_200924_camt.054_P_CH2909000000250094239_1110092703_0_2019042423412214.xml": (0, 6, 0, 0),
    "moov_200924_camt.054_P_CH2909000000250094239_1111091335_0_2020061900081727.xml": (0, 2, 0, 0),
    "moov_FI_camt_052_sample.xml.xml": "camt.052.001.02",
    "moov_FI_camt_053_sample.xml.xml": (1, 13, 0, 0),
    "moov_FI_camt_054_sample.xml.xml": (0, 11, 0, 0),
    "moov_camt.053_P_CH2909000000250094239_1110092698_0_2020112503071366.xml": (1, 5, 0, 0),
    "moov_camt054-returns_p_ch5109000000250092291_1110097606_0_2020112500512470.xml": (0, 0, 1, 0),
    "moov_musterfile_pain.001_Nov2020.xml": "pain.001.001.03",
    "moov_pain002-chdd-cor1_p_ch2909000000250094239_1110097483_0_2018031317221082.xml": (0, 0, 0, 1),
    "moov_pain002-epo_p_0_0_0_2018031510491259.xml": (0, 0, 0, 1),
    "moov_pain002-epo_p_0_0_0_2018032614401842.xml": (0, 0, 0, 1),
    "moov_pain002-epo_p_ch2909000000250094239_1109800799_0_2018032612092784.xml": (0, 0, 0, 1),
    "moov_pain002-epo_p_ch5109000000250092291_1110097605_0_2018031511252307.xml": (0, 0, 0, 1),
    "moov_pain008-musterfile.xml": "pain.008.001.02",
    "moov_valid_camt_v09.xml": "camt.055.001.09",
    "pyiso_camt053_001_02.xml": (1, 12, 3, 0),
    "pyiso_pain001_001_08.xml": "pain.001.001.08",
}


def told(body: bytes) -> tuple[int, ...]:
    kinds = [event.kind for event in wire.read(body)]
    wanted = (BankEventKind.statement, BankEventKind.booked, BankEventKind.returned, BankEventKind.status)
    counts = tuple(kinds.count(kind) for kind in wanted)
    assert sum(counts) == len(kinds)
    return counts


def samples(shared: Path) -> Path:
    return shared / "conformance" / "iso20022" / "samples"


def test_every_sample_of_a_bank_has_its_outcome(shared: Path) -> None:
    assert {path.name for path in samples(shared).iterdir()} == set(OUTCOMES)
    for name, outcome in OUTCOMES.items():
        body = (samples(shared) / name).read_bytes()
        if isinstance(outcome, tuple):
            assert told(body) == outcome, name
            continue
        with pytest.raises(Unreadable) as refusal:
            wire.read(body)
        assert refusal.value.detail == f"{outcome} is not a message this adapter reads", name


def test_a_real_statements_facts_explain_its_balances_to_the_cent(shared: Path) -> None:
    stated, *facts = wire.read((samples(shared) / "moov_FI_camt_053_sample.xml.xml").read_bytes())
    moved = sum((1 if fact.credit else -1) * fact.amount.amount for fact in facts if fact.amount)
    assert (stated.opening, stated.closing) == (Money(1_000_000, "EUR"), Money(2_364_483, "EUR"))
    assert moved == 2_364_483 - 1_000_000
    assert (stated.sequence, stated.statement_id) == (120, facts[0].statement_id)


def test_a_swiss_banks_own_namespace_says_the_same_as_isos(shared: Path) -> None:
    body = (samples(shared) / "moov_pain002-epo_p_ch5109000000250092291_1110097605_0_2018031511252307.xml").read_bytes()
    (event,) = wire.read(body)
    assert (event.source, event.end_to_end_id) == ("pain.002.001.03", "EndToEndId-001-03-04")
    assert (event.status, event.reason) == (PaymentStatus.RJCT, "AC01")
    with pytest.raises(Unreadable):
        wire.read(body.replace(b"six-interbank-clearing.com", b"six-interbank-clearing.example"))
