"""What the bank says of one payment: when it takes it, when it is asked, and when it calls us."""

from __future__ import annotations

import msgspec

from adapters.banks.berlin.wire import reasons
from adapters.banks.berlin.wire.wrapping import Label, decoded
from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus, Unreadable

STATUSES = {
    "RCVD": PaymentStatus.RCVD,
    "PDNG": PaymentStatus.PDNG,
    "PATC": PaymentStatus.PDNG,  # authorised by some of those who must, not by all
    "ACTC": PaymentStatus.ACTC,
    "ACCP": PaymentStatus.ACCP,
    "ACFC": PaymentStatus.ACFC,
    "ACWC": PaymentStatus.ACWC,
    "ACSP": PaymentStatus.ACSP,
    "ACWP": PaymentStatus.ACSP,  # accepted, and not on the creditor's account: it has not arrived
    "ACSC": PaymentStatus.ACSC,
    "ACCC": PaymentStatus.ACCC,
    "PART": PaymentStatus.PART,
    "RJCT": PaymentStatus.RJCT,
    "CANC": PaymentStatus.CANC,
}
"""The standard's transactionStatus → ISO's and ours; any other is PDNG."""
REFUSED = frozenset({PaymentStatus.RJCT, PaymentStatus.CANC})
ALREADY_THERE = frozenset({"DUPL", "AM05"})
"""Reasons that refuse a second copy only: the bank has the first one, which lives on."""

_REASONS = {
    "FORMAT_ERROR": "FF01",
    "PARAMETER_NOT_CONSISTENT": "FF01",
    "PARAMETER_NOT_SUPPORTED": "FF01",
    "EXECUTION_DATE_INVALID": "DT01",
    "PERIOD_INVALID": "DT01",
    "FUNDS_NOT_AVAILABLE": "AM04",
    "PAYMENT_FAILED": "MS03",
}
"""The framework's message codes → ISO 20022 reasons, where a bank gives none itself."""
_ELSEWHERE = ("scaRedirect", "scaOAuth")
_STARTS = frozenset({"startAuthorisation", "startAuthorisationWithPsuIdentification"})
"""An authorisation that we start, with no secret of the account holder's."""
_DETAIL_LENGTH = 500
_LINK_LENGTH = 1_000


class Link(msgspec.Struct, frozen=True):
    """A hypermedia link."""

    href: str | None = None


class _Told(msgspec.Struct, frozen=True):
    """A message for us: in a `tppMessages` list, or a problem of RFC 7807."""

    code: str | None = None
    text: str | None = None
    title: str | None = None
    detail: str | None = None

    def words(self) -> str:
        return " ".join(filter(None, (self.code, self.title, self.text, self.detail)))


class Said(msgspec.Struct, frozen=True):
    """What any answer about a payment may carry; which parts it has tells what it is."""

    transaction_status: str | None = msgspec.field(default=None, name="transactionStatus")
    payment_id: str | None = msgspec.field(default=None, name="paymentId")
    links: dict[str, Link] = msgspec.field(default_factory=dict, name="_links")
    messages: tuple[_Told, ...] = msgspec.field(default=(), name="tppMessages")
    psu_message: str | None = msgspec.field(default=None, name="psuMessage")
    code: str | None = None
    title: str | None = None
    detail: str | None = None

    def status(self) -> PaymentStatus:
        """Ours for the bank's: pending when it is unknown."""
        return STATUSES.get(self.transaction_status or "", PaymentStatus.PDNG)

    def reason(self) -> str | None:
        """An ISO reason: the one in the bank's own words, else what its message code comes to."""
        codes = [self.code, *(message.code for message in self.messages)]
        return reasons.find(self.words()) or next((_REASONS[code] for code in codes if code in _REASONS), None)

    def words(self) -> str:
        """All the bank's prose, for a person; unprintable characters left out, cut to a line."""
        own = _Told(code=self.code, title=self.title, detail=self.detail).words()
        prose = " | ".join(filter(None, [own, *(message.words() for message in self.messages), self.psu_message]))
        return "".join(filter(str.isprintable, prose))[:_DETAIL_LENGTH]

    def waits_for(self) -> str | None:
        """Where the account holder authorises the payment, or that he does so elsewhere; None when it does not wait."""
        known = STATUSES.get(self.transaction_status or "")
        return None if known not in {PaymentStatus.RCVD, PaymentStatus.PDNG} else self.authorisation()

    def authorisation(self) -> str | None:
        """The authorisation the links lead to, for a person; None where they lead to none."""
        for name in _ELSEWHERE:
            href = self.links[name].href if name in self.links else None
            if href and len(href) <= _LINK_LENGTH and href.isascii() and href.isprintable():
                return f"awaits the account holder's authorisation at {href}"
        # Such links have long names that begin alike, as startAuthorisationWithPsuIdentification does.
        waits = any(name.startswith(("sca", "startAuthorisation", "update", "select")) for name in self.links)
        return "awaits the account holder's authorisation" if waits else None

    def waits_for_us(self) -> bool:
        """Whether the authorisation is ours to start: no other way to it is offered."""
        return not set(_ELSEWHERE) & set(self.links) and bool(_STARTS & set(self.links))


def decode(answer: bytes) -> Said:
    """What the bank said in an answer about a payment. Raises Unreadable."""
    return decoded(answer, Said, "the bank's answer about a payment cannot be read")


def read_status(label: Label, answer: bytes) -> list[BankEvent]:
    """The bank's word on the payment it was asked after."""
    said = decode(answer)
    if said.transaction_status is None:
        raise Unreadable("the bank's answer has no transactionStatus")
    status = said.status()
    reason = said.reason() if status in REFUSED else None
    if said.transaction_status not in STATUSES:
        detail = f"the bank's status {said.transaction_status[:10]!r} is not one we know"
    else:
        detail = said.waits_for() or said.words()
    return [
        BankEvent(
            kind=BankEventKind.status,
            source=label.source,
            end_to_end_id=label.end_to_end_id,
            original_message_id=label.message_id,
            status=PaymentStatus.RCVD if reason in ALREADY_THERE else status,
            reason=reason,
            detail=detail or None,
            bank_reference=label.payment_id,
        )
    ]


def read_notification(label: Label, answer: bytes) -> list[BankEvent]:
    """A call from the bank about one payment: a reason to ask, never news by itself."""
    said = decode(answer)
    if not said.payment_id:
        raise Unreadable("the notification is not about a payment")
    claim = (said.transaction_status or "news")[:10]
    return [
        BankEvent(
            kind=BankEventKind.status,
            source=label.source,
            end_to_end_id=None,
            status=PaymentStatus.PDNG,
            detail=f"the bank announces {claim}",
            bank_reference=said.payment_id,
        )
    ]
