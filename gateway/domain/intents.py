"""Intents: what a passkey signs, as plain names and values. Any field that changes makes it another intent.

The challenge a passkey answers is a hash over these fields (`gateway.domain.passkeys.canonical`). Whoever acts on an
answer builds the intent anew from what the database says at that moment and acts only when the two are equal.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gateway.domain import authorities
from gateway.domain.errors import Conflict

if TYPE_CHECKING:
    from gateway.domain.authorities import Agreement, Authority
    from gateway.domain.changes import Change
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.quotes import Quote

Intent = dict[str, str | int]


class IntentChanged(Conflict):
    """What was signed is not what would happen now: something in it changed meanwhile. Nothing was done."""

    code = "intent_changed"
    title = "What was confirmed has changed; nothing was done"


def confirm_drawdown(drawdown: Drawdown, quote: Quote, payee_hash: str, agreement: Agreement) -> Intent:
    """To borrow exactly this: from whom, how much, at what cost, paid where, under which terms, until when.

    With it the agreement is signed whose words have this hash, and with that the mandate for the payee's account.
    """
    return {
        "do": "confirm_drawdown",
        "drawdown": drawdown.id,
        "bank": quote.bank_id,
        "payee": payee_hash,
        "amount": quote.amount,
        "fee_amount": quote.fee_amount,
        "currency": quote.currency,
        "terms_hash": quote.terms_hash,
        "quote_expires_at": quote.expires_at.isoformat(),
        "collection": quote.collection.value,
        "agreement_version": agreement.version,
        "agreement_hash": agreement.hash,
    }


def authorize(authority: Authority, payee_hash: str, agreement: Agreement) -> Intent:
    """To let exactly these users draw by one click, to this payee, within these caps, under these terms."""
    caps = authority.caps
    return {
        "do": "authorize",
        "authority": authority.id,
        "payee": payee_hash,
        "users": authorities.users_hash(authority.users),
        "per_draw_amount": caps.per_draw_amount,
        "per_24h_amount": caps.per_24h_amount,
        "per_30d_amount": caps.per_30d_amount,
        "currency": caps.currency,
        "agreement_version": agreement.version,
        "agreement_hash": agreement.hash,
    }


def approve_change(change: Change, in_force: bytes | None) -> Intent:
    """To change exactly this from that. Both values are sealed, so their hashes tell nothing."""
    return {
        "do": f"change_{change.kind}",
        "change": change.id,
        "old": "" if in_force is None else hashlib.sha256(in_force).hexdigest(),
        "new": hashlib.sha256(change.value).hexdigest(),
        "holder_name": change.holder_name or "",
    }


def check(signed: Intent, actual: Intent) -> None:
    """Raise IntentChanged unless what was signed is exactly what would happen."""
    if signed != actual:
        names = sorted(name for name in signed.keys() | actual.keys() if signed.get(name) != actual.get(name))
        raise IntentChanged("Look at it again and confirm what it says now", changed=",".join(names))
