"""Implements the gateway's ports over the UK Open Banking Read/Write API v4.0. Knows no JSON shape.

A payout takes three steps: ask for a consent, have it authorised, order under it. Only the order moves money, so what
fails before it is `Unreachable` or a refusal, and what fails from there on is `Unanswered`. Every step carries its
idempotency key: within 24 hours the bank knows each again, afterwards nothing goes any more. A collection is one order
under the merchant's standing consent, whose limits are looked at first.

Every answer with a body must be signed by the bank. An event only names what changed: the bank is asked what it is.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.obie.exchange import BAD, CONFLICT, CREATED, Exchange, Refused, read_consent
from adapters.banks.obie.signatures import NotSigned
from adapters.banks.obie.wire import answers, consents, orders, shapes
from adapters.banks.obie.wire.answers import CONSENT_PREFIX, Refusal
from adapters.banks.obie.wire.consents import (
    OVER,
    Alignment,
    Consent,
    ConsentStatus,
    Period,
    PeriodicLimit,
    VrpMandate,
)
from adapters.banks.obie.wire.orders import Kind, Order
from gateway.bank_ports import (
    Ack,
    BankEvent,
    Capabilities,
    Forged,
    InboundMessage,
    NotYet,
    Unanswered,
    Unreachable,
    Unreadable,
    Unrenderable,
)
from gateway.domain.mandates import MandateScheme
from gateway.outbound import MayHaveBeenSent, NotSent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from adapters.banks.obie.settings import Access, ObieSettings, Taken
    from gateway.bank_ports import Collection, Payout, Sent
    from gateway.outbound import Outbound
    from gateway.ports import Clock

_TURNED_AWAY = frozenset({401, 403, 404, 405, 406, 415, 429})
"""HTTP refusals made before anybody looks at the order: nothing was taken."""
EVENT_BYTES = 64 * 1024
EVENT_AGE_SECONDS = 24 * 3_600
"""A callback issued longer ago is refused; the bank repeats one it could not deliver for less than that."""
EVENT_SKEW_SECONDS = 60
EVENTS_AT_ONCE = 100
_DIGEST = 16
_POLLED = "polled-"
"""Begins the id of a message that the bank keeps until it is acknowledged."""


class ObieBank:
    """Implements `gateway.bank_ports.Rail`, `Inquiries` and `Callbacks`.

    `clock` is the one instructions are dated by, `system_clock` the one signatures are made by: the same outside a
    sandbox.
    """

    def __init__(
        self,
        settings: ObieSettings,
        outbound: Outbound,
        access: Access,
        *,
        clock: Clock,
        system_clock: Clock,
        taken: Taken | None = None,
    ) -> None:
        self._settings, self._access, self._taken = settings, access, taken
        self._clock, self._system_clock = clock, system_clock
        self._bank = Exchange(settings, outbound, access, system_clock)
        self.capabilities = Capabilities(
            currencies=settings.currencies,
            reference_length=shapes.REFERENCE_LENGTH,
            instant=True,
            collects=settings.vrp is not None,
            most_amounts=settings.most_amounts,
            mandate_schemes=dict.fromkeys(settings.currencies, MandateScheme.vrp),
            states=False,
            resend_hours=24,
            timezone=orders.TIMEZONE,
        )

    def render_payout(self, payout: Payout) -> bytes:
        """A domestic payment with its consent."""
        return orders.render_payout(payout, self._settings.local_instrument)

    def render_collection(self, collection: Collection) -> bytes:
        """A recurring payment under the standing consent that `mandate_id` names."""
        return orders.render_collection(collection, self._vrp())

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored message."""
        return answers.read(body)

    # --- sending --------------------------------------------------------------------------------------------------

    async def submit(self, message: bytes) -> Ack:
        """Consent, authorisation, order. A copy within the window is answered like the first, by the same id."""
        try:
            order = orders.stored(message)
        except Unrenderable as error:
            return Ack(accepted=False, reason="FF01", detail=error.detail)
        now = self._clock.now()
        if now < order.not_before:
            raise NotYet(f"the bank executes at once: not before {order.not_before:%Y-%m-%dT%H:%MZ}")
        if now >= order.not_after:
            detail = "the bank may have forgotten the key: a copy would be a second payment"
            return Ack(accepted=False, reason="DT02", detail=detail)
        try:
            consent = await (self._staged(order) if order.kind is Kind.payment else self._standing(order, now))
            token = await self._access.authorise(consent.id)
            if order.kind is Kind.payment:
                consent = await self._bank.consent(Kind.payment, consent.id)
                _usable(consent)
            if token is None and consent.status is ConsentStatus.consumed:
                detail, known = "the consent was used already", CONSENT_PREFIX + consent.id
                return Ack(accepted=False, reason="DUPL", detail=detail, bank_reference=known)
            if token is None:
                raise NotYet("nobody has authorised the consent yet")
            return await self._order(order, consent, token)
        except Refused as refused:
            return refused.ack

    async def _staged(self, order: Order) -> Consent:
        """The consent of a payout, made on the first call and found again on every later one."""
        answer = await self._bank.prepare("POST", f"/{order.kind.consents}", order.consent(), order.consent_key)
        return read_consent(answer)

    async def _standing(self, order: Order, now: datetime) -> Consent:
        """The standing consent of a collection, if it allows this payment now."""
        consent = await self._bank.consent(Kind.vrp, order.consent_id or "")
        counted = await self._counted(consent, order, now)
        said = consents.breach(consent, order.amount, now, counted)
        if said is not None:
            raise Refused(*said)
        return consent

    async def _counted(self, consent: Consent, order: Order, now: datetime) -> dict[PeriodicLimit, int]:
        if self._taken is None or consent.control is None:
            return {}
        counted = {}
        for limit in consent.control.limits:
            start, end = consents.period(limit, consent.control.valid_from, now)
            counted[limit] = await self._taken(consent.id, start, end, order.reference)
        return counted

    async def _order(self, order: Order, consent: Consent, token: str) -> Ack:
        """The one step that moves money. Raises Unreachable, or Unanswered with the consent's id as bank_reference."""
        doubt = CONSENT_PREFIX + consent.id
        try:
            answer = await self._bank.order(f"/{order.kind.value}", order.order(consent.id), order.key, token)
        except NotSent as error:
            raise Unreachable(error.detail) from error
        except MayHaveBeenSent as error:
            raise Unanswered(error.detail, bank_reference=doubt) from error
        if answer.status in _TURNED_AWAY:
            raise Unreachable(f"the bank turned the order away with {answer.status}", status=answer.status)
        try:
            self._bank.prove(answer)
            if answer.status == CREATED:
                return _taken(order, consent, answers.read_order(answer.body))
        except (NotSigned, Unreadable) as error:
            raise Unanswered(error.detail, bank_reference=doubt) from error
        refusal = answers.read_refusal(answer.body) if answer.status in {BAD, CONFLICT} else None
        if refusal is None:
            raise Unanswered(f"the bank answered {answer.status}", status=answer.status, bank_reference=doubt)
        return await self._judged(order, consent, refusal)

    async def _judged(self, order: Order, consent: Consent, refusal: Refusal) -> Ack:
        """A refused order; one whose consent is used already was taken before."""
        if refusal.code in answers.TURNED_AWAY:
            raise Unreachable(f"the bank turned the order away: {refusal.detail}")
        if refusal.code not in answers.CONSENT_STATUS_CODES:
            return Ack(accepted=False, reason=refusal.reason, detail=refusal.detail)
        if order.kind is Kind.vrp:
            return Ack(accepted=False, reason=consents.NO_MANDATE, detail=refusal.detail)
        doubt = CONSENT_PREFIX + consent.id
        try:
            now = await self._bank.consent(order.kind, consent.id)
        except Unreachable as error:
            raise Unanswered(error.detail, bank_reference=doubt) from error
        reason = "DUPL" if now.status is ConsentStatus.consumed else refusal.reason
        return Ack(accepted=False, reason=reason, detail=refusal.detail, bank_reference=doubt)

    # --- standing consents ------------------------------------------------------------------------------------------

    def render_mandate(self, mandate: VrpMandate) -> bytes:
        """The exact request for a standing consent, to be stored before it is sent."""
        return consents.render_mandate(mandate, self._vrp())

    async def propose(self, message: bytes) -> Consent:
        """Ask for a standing consent by stored bytes; its id becomes the mandate's. Raises Unreachable, Unrenderable.

        The merchant then agrees at the bank. The request moves no money and may be repeated.
        """
        request = consents.stored_mandate(message)
        try:
            return read_consent(
                await self._bank.prepare("POST", f"/{Kind.vrp.consents}", bytes(request.body), request.key)
            )
        except Refused as refused:
            raise Unrenderable(f"the bank refuses the consent: {refused.ack.detail}") from refused

    async def standing(self, consent_id: str) -> Consent | None:
        """A standing consent as the bank holds it; None = the bank knows none. Raises Unreachable."""
        try:
            return await self._bank.consent(Kind.vrp, shapes.resource(consent_id))
        except Refused:
            return None

    async def ask_standing(self, most: Collection) -> str:
        """Ask for a consent to `most.amount` a payment and a month from `most.created_at` on, without an end; its id.

        Raises Unreachable, or Unrenderable when the bank refuses.
        """
        month = PeriodicLimit(Period.month, Alignment.consent, most.amount)
        wanted = VrpMandate(most.end_to_end_id, most, most.amount, (month,), most.created_at)
        return (await self.propose(self.render_mandate(wanted))).id

    async def has_agreed(self, consent_id: str) -> bool | None:
        """Whether its holder agreed to a standing consent; None = no, or not any more. Raises Unreachable."""
        consent = await self.standing(consent_id)
        if consent is None or consent.status in OVER:
            return None
        return consent.status is ConsentStatus.authorised

    async def withdraw(self, consent_id: str) -> None:
        """Tell the bank that the merchant withdrew a standing consent; one it does not know is as good. Unreachable."""
        try:
            await self._bank.prepare("DELETE", f"/{Kind.vrp.consents}/{shapes.resource(consent_id)}")
        except Refused:
            return

    # --- asking -----------------------------------------------------------------------------------------------------

    async def status(self, sent: Sent) -> list[InboundMessage]:
        """The order by the bank's id; a payout whose order was never answered by its consent."""
        order, known = orders.stored(sent.message), sent.bank_reference
        if known is not None and not known.startswith(CONSENT_PREFIX):
            return await self._told(f"/{order.kind.value}/{shapes.resource(known)}")
        if order.kind is Kind.vrp:
            return []
        try:
            consent_id = known.removeprefix(CONSENT_PREFIX) if known else await self._found(order)
        except Refused:
            return []
        return await self._told(f"/{order.kind.consents}/{shapes.resource(consent_id)}") if consent_id else []

    async def _found(self, order: Order) -> str | None:
        """The id of a payout's consent while the bank still knows its key; asking for it anew moves no money."""
        if not order.not_before <= self._clock.now() < order.not_after:
            return None
        return (await self._staged(order)).id

    async def _told(self, path: str) -> list[InboundMessage]:
        """The bank's word on one resource, if it says anything of a payment. Raises Unreachable."""
        try:
            body = (await self._bank.prepare("GET", path)).body
        except Refused:
            return []
        return [InboundMessage(f"status-{_digest(body)}", body)] if _says_something(body) else []

    # --- events -----------------------------------------------------------------------------------------------------

    async def fetch(self) -> list[InboundMessage]:
        """What the bank has to tell, oldest first: each event with the bank's word on what it names."""
        if self._settings.events_url is None:
            return []
        polled = await self._bank.poll({"maxEvents": EVENTS_AT_ONCE, "returnImmediately": True})
        found = [await self._resolved(jti, token) for jti, token in islice(polled.items(), EVENTS_AT_ONCE)]
        return [message for _, message in sorted(found, key=lambda pair: pair[0])]

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Tell the bank these events were stored. Raises Unreachable."""
        polled = [name.removeprefix(_POLLED).rpartition(".")[0] for name in message_ids if name.startswith(_POLLED)]
        if polled and self._settings.events_url is not None:
            await self._bank.poll({"maxEvents": 0, "returnImmediately": True, "ack": polled})

    def parse_inbound(self, headers: Mapping[str, str], body: bytes) -> InboundMessage:
        """An event the bank pushes: a signed token, for us, issued lately. What it names is asked for, not believed."""
        content = headers.get("content-type", "").split(";")[0].strip().lower()
        if content not in {"application/jwt", "application/secevent+jwt"} or len(body) > EVENT_BYTES:
            raise Forged("the callback is not a signed event")
        try:
            event = self._bank.event(body.decode("ascii").strip())
        except (UnicodeDecodeError, NotSigned, Unreadable) as error:
            raise Forged(f"the callback is not the bank's own: {error}") from error
        age = self._system_clock.now().timestamp() - event.issued_at.timestamp()
        if not -EVENT_SKEW_SECONDS <= age <= EVENT_AGE_SECONDS:
            raise Forged("the callback was not issued lately")
        return InboundMessage(f"pushed-{event.jti}.{_digest(body.strip())}", body.strip())

    async def _resolved(self, jti: str, token: str) -> tuple[str, InboundMessage]:
        """When an event was issued, and what it stands for; one that does not prove is kept, to be looked at."""
        try:
            event = self._bank.event(token)
            if event.jti != jti:
                raise NotSigned("an event carries another id than it was handed over under")  # noqa: TRY301
        except (NotSigned, Unreadable):
            body = msgspec.json.encode({"unproven": token})
            return "", InboundMessage(f"{_POLLED}{jti}.{_digest(body)}", body)
        body = await self._meant(event) or token.encode()
        return event.issued_at.isoformat(), InboundMessage(f"{_POLLED}{jti}.{_digest(body)}", body)

    async def _meant(self, event: answers.Event) -> bytes | None:
        """The bank's word on the one resource an event names; None where it has none that says anything."""
        subject = event.subjects.get(answers.RESOURCE_UPDATE)
        if subject is None or len(event.subjects) > 1:
            return None
        told = await self._told(f"/{subject.resource}/{subject.id}")
        return told[0].body if told else None

    def _vrp(self) -> orders.VrpKind:
        if self._settings.vrp is None:
            raise Unrenderable("no contract for recurring payments is set for this bank: it only pays out")
        return self._settings.vrp


def _says_something(body: bytes) -> bool:
    """Whether an answer tells a fact; one that cannot be read is kept for a person too."""
    try:
        return bool(answers.read(body))
    except Unreadable:
        return True


def _usable(consent: Consent) -> None:
    """Let a payout's consent pass that is agreed to, or used already: then the same order is answered again."""
    if consent.status in {ConsentStatus.authorised, ConsentStatus.consumed}:
        return
    if consent.status is ConsentStatus.awaiting:
        raise NotYet("nobody has authorised the consent yet")
    raise Refused(consent.reason or "CUST", consent.detail or f"the consent is {consent.status.name}")


def _taken(order: Order, consent: Consent, told: answers.OrderAnswer) -> Ack:
    """The bank's first word on an order, if it is about what was ordered. Raises Unreadable."""
    if (told.kind, told.consent_id, told.reference, told.amount) != (
        order.kind,
        consent.id,
        order.reference,
        order.amount,
    ):
        raise Unreadable("the bank answered about another order")
    if told.word == "RJCT":
        return Ack(accepted=False, reason=told.reason, detail=told.detail, bank_reference=told.id)
    return Ack(accepted=True, bank_reference=told.id)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_DIGEST]
