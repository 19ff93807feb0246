"""How a partner brings a shop: registers it, and asks its owner for what the partner's software needs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.demo import answers, owner

if TYPE_CHECKING:
    from gateway.demo.partner import Partner

CONTACT = "owner@shop.example"
BANK = "bnk_sandbox"
CONSENT_DAYS = 360
LOOK_BACK_DAYS = 30
HISTORY_DAYS = 1_095
"""Receipts older than three years stay at home: a gateway does not take them and no feature reads them."""


class Facts(msgspec.Struct, frozen=True):
    """A shop as its partner knows it; `day_cutoff` HH:MM is when its business day ends."""

    legal_name: str
    country: str
    currency: str
    timezone: str
    day_cutoff: str = "00:00"
    contact_email: str = CONTACT


async def register(partner: Partner, facts: Facts) -> answers.Merchant:
    """Bring the shop to the gateway; the sandbox verifies it by rule. Raises as `Partner.get`."""
    return await partner.post("/v1/merchants", facts, answers.Merchant)


async def consent(partner: Partner, wanted: list[dict[str, object]]) -> Partner:
    """The partner asks; the owner signs in with a code and agrees on the gateway's own page.

    The partner under that consent. Raises PageNotUnderstood or as `Partner.get`.
    """
    asked = await partner.ask(wanted)
    code = await partner.browse(lambda http: owner.agree(http, asked.url))
    return await partner.redeem(code, asked.verifier)


def wanted(merchant_id: str, currency: str, most_amount: int, today_on: date) -> list[dict[str, object]]:
    """The authorization details (RFC 9396): data, its bank, offers, loans up to `most_amount`, and repayment."""
    return [
        {
            "type": "merchant_data",
            "actions": ["push"],
            "datatypes": ["sales"],
            "merchant": {"id": merchant_id},
            "lookback_days": HISTORY_DAYS + LOOK_BACK_DAYS,
            "purpose": "credit_assessment",
            "recipients": [{"bank": BANK}],
            "retention_days": 1_825,
            "expires_at": until(today_on),
        },
        {"type": "offers", "actions": ["read"]},
        {
            "type": "drawdown",
            "actions": ["quote", "propose"],
            "limits": {"per_draw_amount": most_amount, "outstanding_amount": most_amount, "currency": currency},
        },
        {"type": "repayment_collection", "actions": ["withhold", "debit"], "max_withhold_bps": 1_500},
    ]


def until(today_on: date) -> date:
    """When a consent that is asked for today ends."""
    return today_on + timedelta(days=CONSENT_DAYS)
