"""What the bank says of an order: its status, its refusals, its events."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

import msgspec

from adapters.banks.obie.wire import shapes
from adapters.banks.obie.wire.consents import ConsentStatus, read_consent
from adapters.banks.obie.wire.orders import Kind
from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus, Unreadable, Unrenderable
from gateway.domain.money import Money

STATUSES = {
    "RCVD": PaymentStatus.RCVD,
    "PDNG": PaymentStatus.PDNG,
    "ACTC": PaymentStatus.ACTC,
    "PATC": PaymentStatus.PDNG,  # some, not all, of its account's holders have agreed
    "ACCP": PaymentStatus.ACCP,
    "ACFC": PaymentStatus.ACFC,
    "ACSP": PaymentStatus.ACSP,
    "ACWC": PaymentStatus.ACWC,
    "ACWP": PaymentStatus.ACSP,  # accepted, not posted to the payee, and may still be blocked
    "ACSC": PaymentStatus.ACSC,
    "ACCC": PaymentStatus.ACCC,
    "RJCT": PaymentStatus.RJCT,
    "CANC": PaymentStatus.CANC,
    "BLCK": PaymentStatus.BLCK,
}
"""ExternalPaymentTransactionStatus1Code as version 4 uses it → ours; what is not here is pending."""
ALREADY_THERE = frozenset({"DUPL", "AM05"})
REASONS = {
    "U001": "FF01", "U002": "FF01", "U003": "FF01", "U004": "FF01", "U005": "FF01", "U010": "FF01", "U012": "TM01",
    "U014": "AM14", "U021": "AC01", "U022": "AC01", "U023": "AM03", "U027": "AC01", "U029": "DUPL",
}  # fmt: skip
"""OBExternalStatusReason1Code → the ISO 20022 reason of the same meaning; others are told as the bank says them."""
TURNED_AWAY = frozenset({"U006", "U007", "U015", "U016", "U017", "U018", "U019", "U020", "U028"})
"""Refused for its headers, its signature or its token, before anybody looked at the payment."""
NOT_FOUND = "U011"
CONSENT_STATUS_CODES = frozenset({"U009", "U035"})
"""The consent does not allow an order: not agreed to, withdrawn, or used already."""
CONSENT_PREFIX = "consent:"
"""Stands before a ConsentId where a bank's own id is kept and no order's id is known."""
EVENTS = "urn:uk:org:openbanking:events:"
RESOURCE_UPDATE = EVENTS + "resource-update"
_RESOURCES = {"domestic-payments", "domestic-vrps", "domestic-payment-consents", "domestic-vrp-consents"}


class Refusal(msgspec.Struct, frozen=True):
    """The bank's refusal: its own code, the ISO reason, a sentence."""

    code: str
    reason: str
    detail: str


class OrderAnswer(msgspec.Struct, frozen=True):
    """An order as the bank holds it; `status` None = a word we do not know."""

    id: str
    kind: Kind
    consent_id: str
    word: str
    reference: str
    message_id: str
    amount: Money
    reason: str | None
    detail: str | None


class _Reason(msgspec.Struct):
    StatusReasonCode: str | None = None
    StatusReasonDescription: str | None = None


class _Instruction(msgspec.Struct):
    EndToEndIdentification: str
    InstructionIdentification: str
    InstructedAmount: dict[str, str]


class _Data(msgspec.Struct):
    ConsentId: str
    Status: str | None = None
    DomesticPaymentId: str | None = None
    DomesticVRPId: str | None = None
    Initiation: msgspec.Raw = msgspec.Raw(b"{}")
    Instruction: msgspec.Raw = msgspec.Raw(b"{}")
    StatusReason: list[_Reason] = []


class _Answer(msgspec.Struct):
    Data: _Data


class _Error(msgspec.Struct):
    ErrorCode: str
    Message: str = ""
    Path: str = ""


class _Errors(msgspec.Struct):
    Errors: list[_Error]


def read_refusal(body: bytes) -> Refusal | None:
    """The first error of an OBErrorResponse1; None = it is none, and proves nothing."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).Errors
    except shapes.UNDECODABLE:
        return None
    if not errors:
        return None
    code = errors[0].ErrorCode[:4]
    said = " ".join(part for part in (code, errors[0].Message[:300], errors[0].Path[:100]) if part)
    return Refusal(code, REASONS.get(code, code), said)


def read_order(body: bytes) -> OrderAnswer:
    """An order from the bank's answer. Raises Unreadable."""
    try:
        return _order(msgspec.json.decode(body, type=_Answer).Data)
    except (*shapes.UNDECODABLE, KeyError, Unrenderable) as error:
        raise Unreadable(f"an order cannot be read: {error}") from error


def read(body: bytes) -> list[BankEvent]:
    """The facts in one stored message: an order, a consent, or an event (a token proven before). Raises Unreadable."""
    if not body.startswith(b"{"):
        return event_hints(read_event(_payload(body)))
    try:
        holder = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except shapes.UNDECODABLE as error:
        raise Unreadable(f"the message cannot be read: {error}") from error
    if "unproven" in holder:
        raise Unreadable("an event the bank handed over does not prove to be its own")
    try:
        data = msgspec.json.decode(holder.get("Data", b"{}"), type=_Data)
    except shapes.UNDECODABLE as error:
        raise Unreadable(f"the message cannot be read: {error}") from error
    return _of_consent(body) if data.DomesticPaymentId is data.DomesticVRPId is None else [_of_order(read_order(body))]


def _payload(token: bytes) -> bytes:
    """What a signed token carries. Raises Unreadable."""
    parts = token.split(b".")
    try:
        return base64.urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4))
    except (IndexError, binascii.Error):
        raise Unreadable("the message is neither an answer nor an event") from None


def _order(data: _Data) -> OrderAnswer:
    if data.DomesticPaymentId is not None:
        kind, number, told = Kind.payment, data.DomesticPaymentId, data.Initiation
    elif data.DomesticVRPId is not None:
        kind, number, told = Kind.vrp, data.DomesticVRPId, data.Instruction
    else:
        raise Unreadable("an order without its id")
    instruction = msgspec.json.decode(told, type=_Instruction)
    said = data.StatusReason[0] if data.StatusReason else _Reason()
    return OrderAnswer(
        id=shapes.resource(number),
        kind=kind,
        consent_id=data.ConsentId,
        word=data.Status or "",
        reference=instruction.EndToEndIdentification,
        message_id=instruction.InstructionIdentification,
        amount=shapes.money(instruction.InstructedAmount),
        reason=said.StatusReasonCode,
        detail=said.StatusReasonDescription,
    )


def _of_order(order: OrderAnswer) -> BankEvent:
    known = STATUSES.get(order.word)
    if known is PaymentStatus.RJCT and order.reason in ALREADY_THERE:
        known = PaymentStatus.RCVD
    return BankEvent(
        kind=BankEventKind.status,
        source=f"obie.{order.kind.value}",
        end_to_end_id=order.reference,
        original_message_id=order.message_id,
        status=known or PaymentStatus.PDNG,
        reason=order.reason,
        detail=order.detail if known else f"the bank's status {order.word[:10]} is not one we know",
        bank_reference=order.id,
    )


def _of_consent(body: bytes) -> list[BankEvent]:
    """A payout's consent says one thing of the payout: whether an order was made under it, or never will be."""
    consent = read_consent(body)
    means = {ConsentStatus.consumed: PaymentStatus.RCVD, ConsentStatus.rejected: PaymentStatus.RJCT}
    if consent.reference is None or consent.status not in means:
        return []
    return [
        BankEvent(
            kind=BankEventKind.status,
            source="obie.domestic-payment-consents",
            end_to_end_id=consent.reference,
            original_message_id=consent.message_id,
            status=means[consent.status],
            reason=consent.reason,
            detail=consent.detail,
            bank_reference=CONSENT_PREFIX + consent.id,
        )
    ]


# --- events ---------------------------------------------------------------------------------------------------------


class Subject(msgspec.Struct, frozen=True):
    """Which resource an event is about: the API's resource name and the bank's id."""

    resource: str
    id: str


class Event(msgspec.Struct, frozen=True):
    """A security event token's claims (RFC 8417) as the Read/Write API uses them."""

    jti: str
    issuer: str
    audience: tuple[str, ...]
    issued_at: datetime
    subjects: dict[str, Subject | None]


class _Subject(msgspec.Struct):
    id: str = msgspec.field(default="", name="http://openbanking.org.uk/rid")
    resource: str = msgspec.field(default="", name="http://openbanking.org.uk/rty")


class _About(msgspec.Struct):
    subject: _Subject | None = None


class _Claims(msgspec.Struct):
    iss: str
    iat: int
    jti: str
    aud: str | list[str]
    events: dict[str, _About]


_JTI_LENGTH = 128


def read_event(payload: bytes) -> Event:
    """The claims of an event whose signature was proven. Raises Unreadable."""
    try:
        claims = msgspec.json.decode(payload, type=_Claims)
        issued_at = datetime.fromtimestamp(claims.iat, UTC)
        subjects = {name: _subject(about.subject) for name, about in claims.events.items()}
    except (*shapes.UNDECODABLE, Unrenderable, OverflowError, OSError, ValueError) as error:
        raise Unreadable(f"an event cannot be read: {error}") from error
    if not 0 < len(claims.jti) <= _JTI_LENGTH or not claims.events:
        raise Unreadable("an event has no id, or tells nothing")
    audience = (claims.aud,) if isinstance(claims.aud, str) else tuple(claims.aud)
    return Event(claims.jti, claims.iss, audience, issued_at, subjects)


def event_hints(event: Event) -> list[BankEvent]:
    """An event says only that something changed: ask for the status of what it names. `status` is None."""
    return [
        BankEvent(
            kind=BankEventKind.status,
            source=name,
            end_to_end_id=None,
            detail="a hint: the bank changed something and says nothing of what",
            bank_reference=None if about is None else _named(about),
        )
        for name, about in event.subjects.items()
    ]


def _named(about: Subject) -> str:
    return CONSENT_PREFIX + about.id if about.resource.endswith("consents") else about.id


def _subject(written: _Subject | None) -> Subject | None:
    if written is None or written.resource not in _RESOURCES:
        return None
    return Subject(written.resource, shapes.resource(written.id))
