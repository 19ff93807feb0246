"""Talks to a bank's NextGenPSD2 interface. Knows no payment's meaning; addresses, keys and consents are settings.

The interface has no idempotency key: a second POST is a second payment. So the bank is asked first, each time: whatever
it shows under the payment's reference on the account, booked or pending, makes `submit` answer DUPL and send nothing;
while it cannot be asked, nothing is sent either. A bank need not show a payment it has just taken. Therefore what this
process sent and heard no answer to is never sent again by it, and `Capabilities.resend_hours` is 0: after a crash the
gateway must not send again either, before a person has looked.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from adapters.banks.berlin import wire
from adapters.banks.berlin.wire import answers, signature, transactions
from adapters.banks.berlin.wire.wrapping import Kind, Label, wrapped
from gateway.outbound import Answer, MayHaveBeenSent, NotSent, Outbound
from gateway.ports import (
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
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ports import Clock

REFERENCE_LENGTH = 35
CALLBACK_BYTES = 65_536
_PAGES = 50
_REMEMBERED = 10_000
_OK = 200
_DUPLICATE = "DUPL"
_GONE = frozenset({403, 404})
_NAMESPACE = uuid.UUID("b4c0de2d-7f5a-5a6b-9a39-2f6f0c6f9b1e")
"""Ours alone, so that an X-Request-ID made from a payment's reference is like no other TPP's (RFC 9562, version 5)."""


class FundingAccount(msgspec.Struct, frozen=True):
    """An account we pay from: its IBAN and the id its bank gives it (`resourceId`) under our consent."""

    iban: str
    resource_id: str


class BerlinSettings(msgspec.Struct, frozen=True):
    """Where the bank is and who we are to it. Paths are added to `base_url` (no trailing slash).

    `consent_id` is the account holder's consent to read `accounts`; `ip_address` is this gateway's own (a bank wants
    one with each payment). Keys are PEM; without `signing_key` requests go unsigned, without `bank_key` no callback is
    believed. `redirect_uri` is where the account holder comes back to after authorising by redirect.
    """

    base_url: str
    accounts: tuple[FundingAccount, ...]
    consent_id: str
    ip_address: str
    product: str = "sepa-credit-transfers"
    access_token: str = ""
    signing_key: bytes = b""
    certificate: bytes = b""
    bank_key: bytes = b""
    psu_id: str = ""
    psu_corporate_id: str = ""
    redirect_uri: str = ""
    decoupled: bool = False
    notification_uri: str = ""
    lists_pending: bool = True
    """The bank's lists show pending entries too (`bookingStatus=both`), which the standard leaves to it."""
    dated: bool = False
    """The bank takes an execution date, which the standard leaves to it."""
    lookback_days: int = 30
    """How far back booked entries are read each time; the standard guarantees 90 days."""
    cutoff: str = "23:59"
    timezone: str = "UTC"
    calendar: str | None = None

    def __repr__(self) -> str:
        """Without keys, token and consent: a traceback may show it."""
        return f"BerlinSettings({self.base_url!r}, {self.product!r})"


class BerlinBank:
    """Implements `gateway.ports.Bank`, `Inquiries` and `Callbacks`. `clock` is the business clock."""

    def __init__(self, settings: BerlinSettings, outbound: Outbound, clock: Clock) -> None:
        self._settings = settings
        self._outbound = outbound
        self._clock = clock
        self._seal = signature.Seal(settings.signing_key, settings.certificate) if settings.signing_key else None
        self._bank_key = signature.public_key(settings.bank_key) if settings.bank_key else None
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
            raise wire.Unrenderable("the debtor's account is not one this bank's consent covers")
        return wire.render_payout(payout, self._settings.product, dated=self._settings.dated)

    def render_collection(self, collection: Collection) -> bytes:
        """Never: PSD2 initiates credit transfers only."""
        raise wire.Unrenderable(f"a PSD2 interface takes no direct debits, {collection.end_to_end_id[:35]!r} neither")

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
            answer = await self._post(order, body)
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
        return ack

    async def status(self, sent: Sent) -> list[InboundMessage]:
        """The payment's status by the bank's own id; without one, what the account shows under its reference."""
        order, _ = wire.read_order(sent.message)
        label = Label(Kind.status, order.end_to_end_id, order.message_id, sent.bank_reference)
        answer = await self._status(order, sent.bank_reference) if sent.bank_reference else None
        return [wrapped(label, answer)] if answer is not None else await self._on_account(order)

    async def fetch(self) -> list[InboundMessage]:
        """Booked entries of every account, oldest first; what this process acknowledged is left out."""
        since = self._today() - timedelta(days=self._settings.lookback_days)
        messages = []
        for account in self._settings.accounts:
            booked, _ = await self._entries(account, since, "booked")
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
        call = uuid.uuid5(_NAMESPACE, headers["x-request-id"])
        return InboundMessage(f"{message.message_id}-{call.hex}", message.body)

    # --- what the bank knows ----------------------------------------------------------------------------------------

    async def _again(self, order: wire.Order) -> Ack:
        """The answer for what this process sent before. Raises Unanswered where the bank shows nothing of it."""
        payment_id = self._sent[order.end_to_end_id]
        if payment_id is not None and await self._status(order, payment_id) is not None:
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
            booked, pending = await self._entries(account, since, "both" if self._settings.lists_pending else "booked")
        except Unreadable as error:
            raise Unreachable(error.detail) from error
        about = Label(Kind.pending, order.end_to_end_id, order.message_id, iban=account.iban)
        for label, entries in ((transactions.booked_on(account.iban), booked), (about, pending)):
            ours = [entry for entry in entries if transactions.is_about(entry, order.end_to_end_id)]
            if ours:
                return transactions.as_messages(label, ours)
        return []

    async def _status(self, order: wire.Order, payment_id: str) -> bytes | None:
        """The bank's answer, or None when it does not know the payment (any more)."""
        path = f"/v1/payments/{order.product}/{quote(payment_id, safe='')}/status"
        answer = await self._ask(path, _OK, *_GONE)
        return answer.body if answer.status == _OK else None

    async def _entries(self, account: FundingAccount, since: date, which: str) -> tuple[list[bytes], list[bytes]]:
        """Booked and pending entries from `since` on, page by page."""
        consent = {"consent-id": self._settings.consent_id}
        path = f"/v1/accounts/{quote(account.resource_id, safe='')}/transactions?bookingStatus={which}&dateFrom={since}"
        booked: list[bytes] = []
        pending: list[bytes] = []
        for _ in range(_PAGES):
            page = transactions.read_page((await self._ask(path, _OK, headers=consent)).body, account.iban)
            booked += page.booked
            pending += page.pending
            if page.next_href is None:
                return booked, pending
            path = self._local(page.next_href)
        raise Unreadable(f"the list of transactions has more than {_PAGES} pages")

    def _account(self, iban: str | None) -> FundingAccount | None:
        return next((account for account in self._settings.accounts if account.iban == iban), None)

    def _local(self, href: str) -> str:
        """A link as a path below `base_url`: the bank may write it whole or from the root, and lead nowhere else."""
        base, link = urlsplit(self._settings.base_url), urlsplit(href)
        elsewhere = (link.scheme or link.netloc) and (link.scheme, link.netloc) != (base.scheme, base.netloc)
        path = link.path.removeprefix(base.path)
        if elsewhere or not path.startswith("/v1/accounts/") or "/." in path:
            raise Unreadable("the next page's link leads away from the bank's own lists")
        return f"{path}?{link.query}"

    # --- the wire ---------------------------------------------------------------------------------------------------

    async def _post(self, order: wire.Order, body: bytes) -> Answer:
        settings = self._settings
        headers = {
            "x-request-id": str(uuid.uuid5(_NAMESPACE, order.end_to_end_id)),
            "content-type": "application/json",
            "psu-ip-address": settings.ip_address,
            "psu-id": settings.psu_id,
            "psu-corporate-id": settings.psu_corporate_id,
            "tpp-redirect-preferred": "true" if settings.redirect_uri else "false",
            "tpp-redirect-uri": settings.redirect_uri,
            "tpp-decoupled-preferred": "true" if settings.decoupled else "",
            "tpp-notification-uri": settings.notification_uri,
            "tpp-notification-content-preferred": "status=PROCESS" if settings.notification_uri else "",
        }
        return await self._send("POST", f"/v1/payments/{order.product}", body, headers)

    async def _ask(self, path: str, *expected: int, headers: Mapping[str, str] | None = None) -> Answer:
        """A question that may be repeated at any time; whatever goes wrong, the bank was not reached."""
        named = {**(headers or {}), "x-request-id": str(uuid.uuid4())}
        try:
            answer = await self._send("GET", path, b"", named)
        except (NotSent, MayHaveBeenSent) as error:
            raise Unreachable(error.detail) from error
        if answer.status not in expected:
            said = answers.words(answer.body)
            raise Unreachable(f"the bank answered {answer.status}: {said}", status=answer.status)
        return answer

    async def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        carried = {name: value for name, value in headers.items() if value}
        carried["accept"] = "application/json"
        if self._seal is not None:
            carried |= self._seal.sign(carried, body)
        if self._settings.access_token:
            carried["authorization"] = f"Bearer {self._settings.access_token}"
        return await self._outbound.send(method, self._settings.base_url + path, body=body, headers=carried)

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()

    def _remember(self, reference: str, payment_id: str | None) -> None:
        self._sent[reference] = payment_id
        _forget_oldest(self._sent)


def _forget_oldest(remembered: dict[str, str | None] | dict[str, None]) -> None:
    while len(remembered) > _REMEMBERED:
        del remembered[next(iter(remembered))]
