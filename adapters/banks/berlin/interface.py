"""The bank's NextGenPSD2 interface over HTTP: one method for each request, and the headers they carry."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit

import msgspec

from adapters.banks.berlin.wire import answers, signature, transactions
from gateway.bank_ports import Unreachable, Unreadable
from gateway.outbound import Answer, MayHaveBeenSent, NotSent, Outbound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from adapters.banks.berlin.wire import Order

OK = 200
_CREATED = 201
_UNAUTHORISED = 401
_GONE = frozenset({403, 404})
_PAGES = 50
_NAMESPACE = uuid.UUID("b4c0de2d-7f5a-5a6b-9a39-2f6f0c6f9b1e")
"""Ours alone, so that an X-Request-ID made from a payment's reference is like no other TPP's (RFC 9562, version 5)."""


class FundingAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account we pay from: its IBAN and the id its bank gives it (`resourceId`) under our consent."""

    iban: str
    resource_id: str


class BerlinSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    signing_key: str = ""
    certificate: str = ""
    bank_key: str = ""
    psu_id: str = ""
    psu_corporate_id: str = ""
    redirect_uri: str = ""
    decoupled: bool = False
    explicit: bool = False
    """Ask the bank to let every authorisation be started by us: where it heeds that, a payment whose answer was lost is
    never executed, because nobody starts its authorisation."""
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


class Tokens(Protocol):
    """Where access tokens come from, for a bank whose token is not a setting."""

    async def token(self, refused: str | None = None) -> str:
        """A token; never `refused`, one that the bank has just turned away. Raises Unreachable."""


class Interface:
    """Sends requests, signed where a key is set; holds no state."""

    def __init__(self, settings: BerlinSettings, outbound: Outbound, tokens: Tokens | None = None) -> None:
        self._settings = settings
        self._outbound = outbound
        self._tokens = tokens
        key, certificate = settings.signing_key.encode(), settings.certificate.encode()
        self._seal = signature.Seal(key, certificate) if key else None

    async def initiate(self, order: Order, body: bytes) -> Answer:
        """POST the payment, under an id that is the same each time. Raises NotSent or MayHaveBeenSent."""
        headers = {
            **self._authorising(request_id(order.end_to_end_id)),
            "psu-ip-address": self._settings.ip_address,
            "tpp-explicit-authorisation-preferred": "true" if self._settings.explicit else "",
        }
        return await self._send("POST", f"/v1/payments/{order.product}", body, headers)

    async def authorise(self, order: Order, payment_id: str) -> bytes | None:
        """Start the payment's authorisation; the bank's answer, or None when it did not start. It moves no money."""
        path = f"{_payment(order, payment_id)}/authorisations"
        headers = self._authorising(request_id(f"{order.end_to_end_id}/authorisation"))
        try:
            answer = await self._send("POST", path, b"{}", headers)
        except (NotSent, MayHaveBeenSent, Unreachable):
            return None
        return answer.body if answer.status == _CREATED else None

    async def status(self, order: Order, payment_id: str) -> bytes | None:
        """The bank's answer, or None when it does not know the payment (any more)."""
        answer = await self._ask(f"{_payment(order, payment_id)}/status", OK, *_GONE)
        return answer.body if answer.status == OK else None

    async def entries(self, account: FundingAccount, since: date, which: str) -> tuple[list[bytes], list[bytes]]:
        """Booked and pending entries from `since` on, page by page. Raises Unreachable or Unreadable."""
        consent = {"consent-id": self._settings.consent_id}
        path = f"/v1/accounts/{quote(account.resource_id, safe='')}/transactions?bookingStatus={which}&dateFrom={since}"
        booked: list[bytes] = []
        pending: list[bytes] = []
        for _ in range(_PAGES):
            page = transactions.read_page((await self._ask(path, OK, headers=consent)).body, account.iban)
            booked += page.booked
            pending += page.pending
            if page.next_href is None:
                return booked, pending
            path = self._local(page.next_href)
        raise Unreadable(f"the list of transactions has more than {_PAGES} pages")

    def _local(self, href: str) -> str:
        """A link as a path below `base_url`: the bank may write it whole or from the root, and lead nowhere else."""
        base = self._settings.base_url
        path = href.removeprefix(base) if href.startswith(base) else href.removeprefix(urlsplit(base).path)
        if not path.startswith("/v1/accounts/") or "/." in path:
            raise Unreadable("the next page's link leads away from the bank's own lists")
        return path

    def _authorising(self, named: str) -> dict[str, str]:
        """Headers of a request that an authorisation may follow; empty ones are not sent."""
        settings = self._settings
        return {
            "x-request-id": named,
            "content-type": "application/json",
            "psu-id": settings.psu_id,
            "psu-corporate-id": settings.psu_corporate_id,
            "tpp-redirect-preferred": "true" if settings.redirect_uri else "false",
            "tpp-redirect-uri": settings.redirect_uri,
            "tpp-decoupled-preferred": "true" if settings.decoupled else "",
            "tpp-notification-uri": settings.notification_uri,
            "tpp-notification-content-preferred": "status=PROCESS" if settings.notification_uri else "",
        }

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
        url, token = self._settings.base_url + path, await self._token()
        answer = await self._outbound.send(method, url, body=body, headers=carried | _bearer(token))
        if answer.status == _UNAUTHORISED and self._tokens is not None:
            # The token ended early: turned away before anybody looked at what was asked.
            token = await self._tokens.token(token)
            answer = await self._outbound.send(method, url, body=body, headers=carried | _bearer(token))
        return answer

    async def _token(self) -> str:
        return self._settings.access_token if self._tokens is None else await self._tokens.token()


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def request_id(text: str) -> str:
    """An X-Request-ID that is always the same for `text`."""
    return str(uuid.uuid5(_NAMESPACE, text))


def _payment(order: Order, payment_id: str) -> str:
    return f"/v1/payments/{order.product}/{quote(payment_id, safe='')}"
