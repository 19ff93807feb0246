"""Payments to be written as ISO 20022: one of each kind, and strategies for any."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from gateway.bank_ports import Account, Collection, Party, Payout
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import EXPONENTS, MAX_AMOUNT, Money

MISLEADING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=MISLEADING), max_size=140)
names = texts.filter(lambda text: bool(text.strip()))
references = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9?:().,'+ -]{0,33}[A-Za-z0-9])?", fullmatch=True)
amounts = st.builds(Money, st.integers(1, MAX_AMOUNT), st.sampled_from(sorted(EXPONENTS)))
ibans = st.builds(lambda seed: Account(iban=sandbox_iban(seed)), st.text(max_size=5))
others = st.builds(Account, other_id=st.from_regex(r"[0-9]{1,34}", fullmatch=True), bic=st.just("MOCKNL2A"))
parties = st.builds(Party, names, st.one_of(ibans, others))
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.timezones())  # noqa: DTZ001 - given one
payouts = st.builds(Payout, references, references, amounts, parties, parties, days, instants, texts)
collections = st.builds(
    Collection,
    end_to_end_id=references,
    message_id=references,
    amount=amounts,
    creditor=parties,
    creditor_scheme_id=references,
    debtor=parties,
    mandate_id=references,
    mandate_signed_on=days,
    sequence=st.sampled_from(["FRST", "RCUR", "FNAL", "OOFF"]),
    collect_on=days,
    created_at=instants,
    remittance=texts,
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
