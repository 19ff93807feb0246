"""Verification: whether a merchant is who its partner says, and whose account its loans go to, as a KYB found it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.domain.merchants import CompanyId, MerchantState

AGAIN = timedelta(days=365)
"""How long a finding counts; a new company number, name or payout account asks at once."""
LOOKED_FOR = timedelta(days=1)
"""After this long a referred merchant is asked for again."""
REFERRED, REFUSED = "13", "99"
"""Last digits of the company numbers that the sandbox refers (and verifies a day later) and refuses."""


class Finding(StrEnum):
    """What the verification says; `referred`: a person looks, ask again."""

    verified = "verified"
    refused = "refused"
    referred = "referred"


class Subject(msgspec.Struct, frozen=True):
    """Who is to be verified, as the partner says. `payout_account` is the one in force, if any: an IBAN or a number."""

    merchant_id: str
    number: int
    """The how-manieth asking, from 1: the same two are the same question."""
    legal_name: str
    country: str
    company: CompanyId | None
    registered_on: date | None
    payout_account: str | None


class Found(msgspec.Struct, frozen=True):
    """The answer. `reasons` are codes. What was confirmed is kept as evidence, sealed.

    `payout_account` and `contact_email` become the merchant's first ones where it has none: nobody else may name them.
    """

    outcome: Finding
    reasons: tuple[str, ...] = ()
    reference: str | None = None
    entity_type: str | None = None
    registry_id: str | None = None
    owners: tuple[str, ...] = ()
    signatory: str | None = None
    payout_account: str | None = None
    contact_email: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """An answer as it was kept; `evidence` is the whole of it, sealed."""

    merchant_id: str
    number: int
    outcome: Finding
    reasons: tuple[str, ...]
    reference: str | None
    evidence: bytes
    recorded_at: datetime


def by_rule(company: CompanyId | None, created_at: datetime, now: datetime) -> Found:
    """The sandbox's KYB: the company number's last digits decide, anything else is verified."""
    number = "" if company is None else company.value
    reference = None if company is None else f"SANDBOX-{number}"
    if number.endswith(REFUSED):
        return Found(Finding.refused, ("registry_mismatch",), reference)
    if number.endswith(REFERRED) and now < created_at + LOOKED_FOR:
        return Found(Finding.referred, ("officer_looks",), reference)
    return Found(Finding.verified, (), reference, entity_type="company", registry_id=number or None)


def target(state: MerchantState, outcome: Finding) -> MerchantState:
    """Where a merchant stands after an answer: refused, a verified one is suspended and a new one stays as it is."""
    if outcome is Finding.verified:
        return MerchantState.verified
    if outcome is Finding.refused and state is MerchantState.verified:
        return MerchantState.suspended
    return state
