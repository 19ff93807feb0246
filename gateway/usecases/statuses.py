"""What a bank's status of a payment means to us, and what it is when it cannot be true."""

from __future__ import annotations

import msgspec

from gateway.bank_ports import PaymentStatus

REFUSED = frozenset({PaymentStatus.RJCT, PaymentStatus.CANC, PaymentStatus.BLCK})
ACCEPTED = frozenset({
    PaymentStatus.ACTC, PaymentStatus.ACCP, PaymentStatus.ACFC, PaymentStatus.ACSP, PaymentStatus.ACSC,
    PaymentStatus.ACCC, PaymentStatus.ACWC, PaymentStatus.PDNG,
})  # fmt: skip
"""Any other status, and any we do not know, changes nothing: unknown is pending, never success."""
SETTLED = frozenset({PaymentStatus.ACSC, PaymentStatus.ACCC})
"""The bank says the money moved. After a refusal that is a contradiction, not a late message."""
DUPLICATE = frozenset({"DUPL", "AM05"})
"""What a bank says of bytes it has already (ISO 20022 external status reason codes): no refusal of the payment."""


class Contradiction(Exception):
    """A bank's word that does not fit what is known: nothing moves, the message is parked for a person."""

    alert = "bank_contradicts"
    """The kind of alert that tells a person."""


class NotOurs(Contradiction):
    """A bank's word about a payment that none of its instructions is."""

    alert = "bank_unknown_payment"


class Correction(Contradiction):
    """A bank's word on the counterparty's account: for the merchant to confirm."""

    alert = "bank_corrects_account"


class Problem(msgspec.Struct, frozen=True):
    """Why a message waits for a person: the kind of alert, a sentence, and which payment of ours it is about."""

    alert: str
    sentence: str
    reference: str | None = None
