"""How banks decide: the sandbox by rule, live ones over HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from adapters.decisions.http import HttpLoanDecision
from adapters.decisions.sandbox import SandboxLoanDecision
from adapters.questions import Place
from gateway.bank_ports import Unanswered, Unreachable
from gateway.domain.bank_decisions import Applicant, Application, BankDecision, BankOutcome
from gateway.domain.merchants import CompanyId
from tests.adapters.stubborn import answering, nobody

if TYPE_CHECKING:
    from gateway.outbound import Outbound

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BAKERY = Applicant("mer_1", "Corner Bakery", "NL", CompanyId("nl.kvk", "12345678"), "5462", date(2019, 5, 1))
ASKED = Application(
    drawdown_id="drw_1", number=1, programme_id="prg_1", merchant=BAKERY, currency="EUR", amount=100_000,
    fee_amount=1_200, withhold_bps=500, minimum_amount=9_000, final_due_on=date(2026, 11, 27), terms_hash="0" * 64,
    exposure_amount=100_000, limit_amount=400_000, grade="A", pd=9_000, reasons=("net_sales",), confirmed_at=NOW,
)  # fmt: skip


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        """See Clock."""
        return self.at


@pytest.mark.parametrize(
    ("amount", "currency", "outcome"),
    [
        (130_000, "EUR", "referred"),
        (1_300, "EUR", "referred"),
        (13_000, "KRW", "referred"),
        (99_000, "EUR", "rejected"),
        (1_990_000, "EUR", "rejected"),
        (131_000, "EUR", "approved"),
        (100_000, "EUR", "approved"),
    ],
)
async def test_the_sandbox_bank_decides_by_the_amounts_last_digits(amount: int, currency: str, outcome: str) -> None:
    clock = Clock()
    bank = SandboxLoanDecision(clock)
    asked = msgspec.structs.replace(ASKED, amount=amount, currency=currency)
    assert (await bank.decide(asked)).outcome == outcome
    clock.at += timedelta(days=1)
    assert (await bank.decide(asked)).outcome == ("approved" if outcome == "referred" else outcome)


def over(url: str, outbound: Outbound) -> HttpLoanDecision:
    """The bank at an address."""
    return HttpLoanDecision(Place(url, "secret"), outbound, Clock())


def answer(status: int, body: bytes) -> bytes:
    """An HTTP answer's bytes."""
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize(
    ("status", "body", "decision"),
    [
        (
            200,
            b'{"outcome":"approved","decided_at":"2026-03-02T09:00:00Z","bank_reference":"L-7","more":1}',
            BankDecision(BankOutcome.approved, NOW, None, "L-7"),
        ),
        (
            201,
            b'{"outcome":"rejected","decided_at":"2026-03-02T09:00:00Z","reason":"policy.7"}',
            BankDecision(BankOutcome.rejected, NOW, "policy.7"),
        ),
        (202, b"", BankDecision(BankOutcome.referred, NOW)),
    ],
    ids=["approved", "rejected", "accepted"],
)
async def test_a_live_bank_answers_over_http(
    status: int, body: bytes, decision: BankDecision, outbound: Outbound
) -> None:
    async with answering(answer(status, body)) as url:
        assert await over(url, outbound).decide(ASKED) == decision


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (404, b""),
        (200, b""),
        (200, b"\xff"),
        (200, b"[" * 100_000),
        (200, b'{"outcome":"maybe","decided_at":"2026-03-02T09:00:00Z"}'),
        (200, b'{"outcome":"approved"}'),
        (200, b'{"outcome":"approved","decided_at":"2026-03-02T09:00:00"}'),
        (200, b'{"outcome":"approved","decided_at":"2026-03-02T09:00:00Z","reason":"Jane owes us money"}'),
    ],
    ids=["500", "404", "empty", "bytes", "nested", "outcome", "undated", "naive", "sentence"],
)
async def test_what_is_no_decision_decides_nothing(status: int, body: bytes, outbound: Outbound) -> None:
    async with answering(answer(status, body)) as url:
        with pytest.raises(Unanswered):
            await over(url, outbound).decide(ASKED)


async def test_a_bank_that_is_not_there_was_not_asked(outbound: Outbound) -> None:
    with pytest.raises(Unreachable):
        await over(nobody(), outbound).decide(ASKED)
