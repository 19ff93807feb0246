"""Payouts and collections as the bytes that are stored before anything is sent.

The bytes hold all that sending needs and no secret: the bodies, the idempotency keys, and when they may go. A payout is
a consent of its own and an order under it; a collection is an order under the merchant's standing consent, whose id is
its mandate's. The bank executes both at once, so what is due on a day is not sent before that day.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from adapters.banks.obie.wire import shapes
from gateway.bank_ports import Unrenderable
from gateway.domain.money import Money

if TYPE_CHECKING:
    from datetime import date

    from gateway.bank_ports import Collection, Payout

TIMEZONE = "Europe/London"
WINDOW = timedelta(hours=24)
"""How long a bank knows an idempotency key (Read/Write API profile, Idempotency)."""
MARGIN = timedelta(minutes=5)
"""Kept free before the window ends: clocks differ, and a request travels."""


class Kind(StrEnum):
    """Which resource of the API an order is."""

    payment = "domestic-payments"
    vrp = "domestic-vrps"

    @property
    def consents(self) -> str:
        """The resource of the consents that an order needs."""
        return f"{self.value.removesuffix('s')}-consents"


class VrpKind(StrEnum):
    """What a variable recurring payment is, by its contract.

    Sweeping moves money between accounts of the same holder and every large UK bank must offer it. A lender that
    collects from a merchant is paid by somebody else: that is commercial, and needs a contract with the bank.
    """

    sweeping = "UK.OBIE.VRPType.Sweeping"
    commercial = "UK.OBIE.VRPType.Other"


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stored order. `consent_id` is the standing consent's; a payout's consent is made while sending."""

    rail: str
    kind: Kind
    reference: str
    amount: Money
    key: str
    not_before: datetime
    not_after: datetime
    initiation: msgspec.Raw
    risk: msgspec.Raw
    consent_id: str | None = None
    consent_key: str | None = None
    complete_by: datetime | None = None
    rest: msgspec.Raw = msgspec.Raw(b"{}")

    def consent(self) -> bytes:
        """The body that asks for a payout's consent; after `complete_by` nobody may agree to it any more."""
        authorisation = {"AuthorisationType": "Any", "CompletionDateTime": self.complete_by}
        data = {"Initiation": self.initiation, "Authorisation": authorisation}
        return msgspec.json.encode({"Data": data, "Risk": self.risk})

    def order(self, consent_id: str) -> bytes:
        """The body of the order itself: always the same under the same consent."""
        rest = msgspec.json.decode(self.rest, type=dict[str, msgspec.Raw])
        data = {"ConsentId": consent_id, **rest, "Initiation": self.initiation}
        return msgspec.json.encode({"Data": data, "Risk": self.risk})


RAIL = "obie-4.0"


def render_payout(payout: Payout, local_instrument: str | None = None) -> bytes:
    """A domestic payment, with the consent it needs. Raises Unrenderable."""
    reference = shapes.reference(payout.end_to_end_id, shapes.REFERENCE_LENGTH)
    initiation: dict[str, object] = {
        "InstructionIdentification": shapes.reference(payout.message_id, shapes.IDENTIFIER_LENGTH),
        "EndToEndIdentification": reference,
        **({"LocalInstrument": local_instrument} if local_instrument else {}),
        "InstructedAmount": shapes.amount(payout.amount),
        "DebtorAccount": shapes.account(payout.debtor, shapes.NAME_LENGTH),
        "CreditorAccount": shapes.account(payout.creditor, shapes.NAME_LENGTH),
        **shapes.remittance(payout.remittance),
    }
    opens, closes = _window(payout.created_at, payout.execute_on)
    return msgspec.json.encode(
        Order(
            rail=RAIL,
            kind=Kind.payment,
            reference=reference,
            amount=payout.amount,
            key=f"P-{reference}",
            consent_key=f"C-{reference}",
            not_before=opens,
            not_after=closes,
            complete_by=closes,
            initiation=_raw(initiation),
            risk=_raw({"PaymentContextCode": "TransferToThirdParty"}),
        )
    )


def render_collection(collection: Collection, kind: VrpKind) -> bytes:
    """A variable recurring payment under the standing consent that `mandate_id` names. Raises Unrenderable."""
    reference = shapes.reference(collection.end_to_end_id, shapes.REFERENCE_LENGTH)
    parties = initiation(collection, kind)
    instruction = {
        "InstructionIdentification": shapes.reference(collection.message_id, shapes.IDENTIFIER_LENGTH),
        "EndToEndIdentification": reference,
        "InstructedAmount": shapes.amount(collection.amount),
        "CreditorAccount": parties["CreditorAccount"],
        **shapes.remittance(collection.remittance),
    }
    rest = {
        "PSUAuthenticationMethod": "UK.OBIE.SCANotRequired",
        "PSUInteractionType": "OffSession",
        "VRPType": kind.value,
        "Instruction": instruction,
    }
    opens, closes = _window(collection.created_at, collection.collect_on)
    return msgspec.json.encode(
        Order(
            rail=RAIL,
            kind=Kind.vrp,
            reference=reference,
            amount=collection.amount,
            key=f"V-{reference}",
            consent_id=shapes.resource(collection.mandate_id),
            not_before=opens,
            not_after=closes,
            initiation=_raw(parties),
            risk=_raw(risk(kind)),
            rest=_raw(rest),
        )
    )


def initiation(parties: Collection, kind: VrpKind) -> dict[str, dict[str, str]]:
    """The two accounts, in the same words in the standing consent and in every order under it."""
    if kind is VrpKind.sweeping and parties.debtor.name.casefold() != parties.creditor.name.casefold():
        raise Unrenderable("sweeping moves money between accounts of one holder: this needs a commercial consent")
    return {
        "DebtorAccount": shapes.account(parties.debtor, shapes.VRP_NAME_LENGTH),
        "CreditorAccount": shapes.account(parties.creditor, shapes.VRP_NAME_LENGTH),
    }


def risk(kind: VrpKind) -> dict[str, str]:
    """What the bank is told to judge a recurring payment by."""
    sweeping = kind is VrpKind.sweeping
    return {"PaymentContextCode": "TransferToSelf" if sweeping else "BillingGoodsAndServicesInArrears"}


def stored(message: bytes) -> Order:
    """The order in stored bytes. Raises Unrenderable for bytes that are not this rail's."""
    try:
        order = msgspec.json.decode(message, type=Order)
    except shapes.UNDECODABLE as error:
        raise Unrenderable(f"these are not bytes of this rail: {error}") from error
    if order.rail != RAIL:
        raise Unrenderable("these are not bytes of this rail")
    return order


def _window(created_at: datetime, due_on: date) -> tuple[datetime, datetime]:
    """From when an order may go, and until when a second copy of it is surely known as one.

    Nothing goes before it opens, so the bank cannot have heard of the key earlier, nor forget it before it closes.
    """
    day = datetime.combine(due_on, time(), ZoneInfo(TIMEZONE)).astimezone(UTC)
    opens = max(shapes.instant(created_at).astimezone(UTC), day)
    return opens, opens + WINDOW - MARGIN


def _raw(shape: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(shape))
