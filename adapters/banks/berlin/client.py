"""Talks to a bank's NextGenPSD2 interface. Knows no payment's meaning; addresses, keys and consents are settings.

The interface has no idempotency key: a second POST is a second payment. So the bank is asked first, each time: whatever
it shows under the payment's reference on the account, booked or pending, makes `submit` answer DUPL and send nothing;
while it cannot be asked, nothing is sent either. A bank need not show a payment it has just taken. Therefore what this
process sent and heard no answer to is never sent again by it, and `Capabilities.resend_hours` is 0: after a crash the
gateway must not send again either, before a person has looked.
"""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.berlin import wire
from adapters.banks.berlin.interface import BerlinSettings, FundingAccount, Interface, Tokens, request_id
from adapters.banks.berlin.wire import answers, signature, transactions
from adapters.banks.berlin.wire.wrapping import Kind, Label, wrapped
from gateway.bank_ports import (
    Ack,
    BankEvent,
    Capabilities,
    Collection,
    Forged,
    InboundMessage,
    Payout,
    Sent,
    Unanswered,
    Unreachable,
    Unreadable,
    Unrenderable,
)
from gateway.outbound import MayHaveBeenSent, NotSent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.outbound import Outbound
    from gateway.ports import Clock

__all__ = ["BerlinBank", "BerlinSettings", "FundingAccount"]

REFERENCE_LENGTH = 35
CALLBACK_BYTES = 65_536
_REMEMBERED = 10_000
_DUPLICATE = "DUPL"


class BerlinBank:
    """Implements `gateway.bank_ports.Rail`, `Inquiries` and `Callbacks`. `clock` is the business clock."""

    def __init__(
        self, settings: BerlinSettings, outbound: Outbound, clock: Clock, tokens: Tokens | None = None
    ) -> None:
        self._settings = settings
        self._interface = Interface(settings, outbound, tokens)
        self._clock = clock
        self._bank_key = signature.public_key(settings.bank_key.encode()) if settings.bank_key else None
        self._sent: dict[str, str | None] = {}
        self._acknowledged: dict[str, None] = {}
        self.capabilities = Capabilities(
            currencies=frozenset({wire.CURRENCY}),
            reference_length=REFERENCE_LENGTH,
            instant=settings.product.startswith("instant-"),
            collects=False,
            resend_hours=0,
            cutoff=settings.cutoff,
            timezone=settings.timezone,
            calendar=settings.calendar,
        )

    def render_payout(self, payout: Payout) -> bytes:
        """A payment initiation; its account must be one we may read, or nobody could ask after the payment."""
        if self._account(payout.debtor.account.iban) is None:
            raise Unrenderable("the debtor's account is not one this bank's consent covers")
        return wire.render_payout(payout, self._settings.product, dated=self._settings.dated)

    def render_collection(self, collection: Collection) -> bytes:
        """Never: PSD2 initiates credit transfers only."""
        raise Unrenderable(f"a PSD2 interface takes no direct debits, {collection.end_to_end_id[:35]!r} neither")

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored answer; `wire` says what each kind is worth."""
        return wire.read(body)

    async def submit(self, message: bytes) -> Ack:
        """POST the stored body once. `DUPL` = the bank has the payment already; its authorisation may be waited for."""
        order, body = wire.read_order(message)
        reference = order.end_to_end_id
        if reference in self._sent:
            return await self._again(order)
        # Noted before the first question: a second call meanwhile must find it.
        self._remember(reference, None)
        try:
            if await self._on_account(order):
                return Ack(accepted=False, reason=_DUPLICATE)
            answer = await self._interface.initiate(order, body)
            ack = answers.judged(answer.status, answer.body)
        except (NotSent, Unreachable) as error:
            del self._sent[reference]
            raise Unreachable(error.detail) from error
        except MayHaveBeenSent as error:
            raise Unanswered(error.detail) from error
        if ack.accepted or ack.bank_reference or ack.reason == _DUPLICATE:
            self._remember(reference, ack.bank_reference)
        else:
            del self._sent[reference]
        if ack.accepted and ack.bank_reference and answers.waits_for_us(answer.body):
            started = await self._interface.authorise(order, ack.bank_reference)
            return msgspec.structs.replace(ack, detail=answers.started(started))
        return ack

    async def status(self, sent: Sent) -> list[InboundMessage]:
        """The payment's status by the bank's own id; without one, what the account shows under its reference."""
        order, _ = wire.read_order(sent.message)
        label = Label(Kind.status, order.end_to_end_id, order.message_id, sent.bank_reference)
        answer = await self._interface.status(order, sent.bank_reference) if sent.bank_reference else None
        return [wrapped(label, answer)] if answer is not None else await self._on_account(order)

    async def fetch(self) -> list[InboundMessage]:
        """Booked entries of every account, oldest first; what this process acknowledged is left out."""
        since = self._today() - timedelta(days=self._settings.lookback_days)
        messages = []
        for account in self._settings.accounts:
            booked, _ = await self._interface.entries(account, since, "booked")
            messages += transactions.as_messages(transactions.booked_on(account.iban), booked)
        return [message for message in messages if message.message_id not in self._acknowledged]

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Leave these out from now on. The bank knows nothing of it, and another process will see them again."""
        self._acknowledged.update(dict.fromkeys(message_ids))
        _forget_oldest(self._acknowledged)

    def parse_inbound(self, headers: Mapping[str, str], body: bytes) -> InboundMessage:
        """A status notification the bank signed. Its X-Request-ID is signed too, so a replay has the same id."""
        if self._bank_key is None:
            raise Forged("the bank has no key in the settings, so none of its calls is believed")
        if len(body) > CALLBACK_BYTES:
            raise Forged("the callback is too large")
        signature.check(self._bank_key, headers, body)
        message = wrapped(Label(Kind.notification), body)
        return InboundMessage(f"{message.message_id}-{request_id(headers['x-request-id'])}", message.body)

    async def _again(self, order: wire.Order) -> Ack:
        """The answer for what this process sent before. Raises Unanswered where the bank shows nothing of it."""
        payment_id = self._sent[order.end_to_end_id]
        if payment_id is not None and await self._interface.status(order, payment_id) is not None:
            return Ack(accepted=False, reason=_DUPLICATE, bank_reference=payment_id)
        if await self._on_account(order):
            return Ack(accepted=False, reason=_DUPLICATE, bank_reference=payment_id)
        raise Unanswered("the bank may have the payment and shows nothing of it: it was not sent again")

    async def _on_account(self, order: wire.Order) -> list[InboundMessage]:
        """Entries that carry the payment's reference; a pending one counts only while none is booked."""
        account = self._account(order.debtor_iban)
        if account is None:
            raise Unreachable("the settings name the instruction's account no more, so the bank cannot be asked")
        # A day earlier: the bank's calendar may be behind ours.
        since = order.created_on - timedelta(days=1)
        try:
            booked, pending = await self._interface.entries(
                account, since, "both" if self._settings.lists_pending else "booked"
            )
        except Unreadable as error:
            raise Unreachable(error.detail) from error
        about = Label(Kind.pending, order.end_to_end_id, order.message_id, iban=account.iban)
        for label, entries in ((transactions.booked_on(account.iban), booked), (about, pending)):
            ours = [entry for entry in entries if transactions.is_about(entry, order.end_to_end_id)]
            if ours:
                return transactions.as_messages(label, ours)
        return []

    def _account(self, iban: str | None) -> FundingAccount | None:
        return next((account for account in self._settings.accounts if account.iban == iban), None)

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()

    def _remember(self, reference: str, payment_id: str | None) -> None:
        self._sent[reference] = payment_id
        _forget_oldest(self._sent)


def _forget_oldest(remembered: dict[str, str | None] | dict[str, None]) -> None:
    while len(remembered) > _REMEMBERED:
        del remembered[next(iter(remembered))]
