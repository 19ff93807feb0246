"""What a bank's status of a payment means to us, and what it is when it cannot be true."""

from __future__ import annotations

from gateway.ports import PaymentStatus

REFUSED = frozenset({PaymentStatus.RJCT, PaymentStatus.CANC, PaymentStatus.BLCK})
ACCEPTED = frozenset({
    PaymentStatus.ACTC, PaymentStatus.ACCP, PaymentStatus.ACFC, PaymentStatus.ACSP, PaymentStatus.ACSC,
    PaymentStatus.ACCC, PaymentStatus.ACWC, PaymentStatus.PDNG,
})  # fmt: skip
"""Any other status, and any we do not know, changes nothing: unknown is pending, never success."""
SETTLED = frozenset({PaymentStatus.ACSC, PaymentStatus.ACCC})
"""The bank says the money moved. After a refusal that is a contradiction, not a late message."""


class Contradiction(Exception):
    """A bank's word that does not fit what is known: nothing moves, the message is parked for a person."""
