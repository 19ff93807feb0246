"""Talks to a bank that takes ACH files by HTTP POST and keeps its messages in a mailbox. Knows no records.

The mailbox is the mock bank's: a listing as JSON, `?leave` to look without taking, and no way to take one message.
A bank may notify bookings in XML beside its BAI2 statements, as the mock bank does: `notices` reads those, and is given
by whoever composes the gateway, because one adapter does not know another.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.nacha import wire
from adapters.banks.nacha.wire import names
from gateway.outbound import Answer, MayHaveBeenSent, NotSent, Outbound
from gateway.ports import (
    Account,
    Ack,
    BankEvent,
    Capabilities,
    Collection,
    InboundMessage,
    Payout,
    Unanswered,
    Unreachable,
    Unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_TURNED_AWAY = frozenset({401, 403, 404, 405, 411, 413, 415, 429})
"""HTTP refusals made before anybody looks at the file: it did not arrive, and may be sent again once that is mended."""
_OK, _CREATED_RANGE_END, _CONFLICT, _UNPROCESSABLE = 200, 300, 409, 422


class NachaSettings(msgspec.Struct, frozen=True):
    """Where the bank is and who we are to it. Paths are added to `base_url`; `user` and `password` are HTTP Basic.

    `aliases` maps an IBAN under which XML notices name one of our accounts to the number the statements name it by.
    `cutoff` and `timezone` are those of the last window in which the bank takes files for the same day.
    """

    base_url: str
    originator: wire.Originator
    submit_path: str = "/payments"
    look_path: str = "/_mock/mailbox?leave"
    take_path: str = "/_mock/mailbox"
    put_back_path: str = "/_mock/mailbox/{number}/unread"
    user: str = ""
    password: str = ""
    aliases: dict[str, str] = {}
    reference_in: str = "bank"
    cutoff: str = "16:45"
    timezone: str = "America/New_York"
    calendar: str | None = None


class _Waiting(msgspec.Struct):
    """One row of the mailbox listing; the bank sends more fields than these."""

    id: int
    body: str


class _Refusal(msgspec.Struct):
    """What the bank says about a file it refuses whole."""

    status: str
    reason: str | None = None
    reason_text: str | None = None


class NachaBank:
    """Implements `gateway.ports.Bank`."""

    def __init__(
        self, settings: NachaSettings, outbound: Outbound, notices: Callable[[bytes], list[BankEvent]] | None = None
    ) -> None:
        self._settings = settings
        self._outbound = outbound
        self._notices = notices
        self.capabilities = Capabilities(
            currencies=frozenset({wire.CURRENCY}),
            reference_length=wire.REFERENCE_LENGTH,
            files_per_day=wire.FILES_PER_DAY,
            entry_references=False,
            return_reasons=False,
            returns_unbooked=True,
            cutoff=settings.cutoff,
            timezone=settings.timezone,
            calendar=settings.calendar,
        )

    def render_payout(self, payout: Payout) -> bytes:
        """An ACH file with one credit."""
        return wire.render_payout(self._settings.originator, payout)

    def render_collection(self, collection: Collection) -> bytes:
        """An ACH file with one debit."""
        return wire.render_collection(self._settings.originator, collection)

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored message; `wire` says how the same fact shows up twice."""
        if self._notices is not None and body.lstrip().startswith(b"<"):
            return [self._own(event) for event in self._notices(body)]
        return wire.read(body, self._settings.reference_in)

    async def submit(self, message: bytes) -> Ack:
        """POST the file. A refusal of the whole file is an answer; `DUPL` in it means the bank has it already."""
        try:
            answer = await self._send("POST", self._settings.submit_path, message, "text/plain")
        except NotSent as error:
            raise Unreachable(error.detail) from error
        except MayHaveBeenSent as error:
            raise Unanswered(error.detail) from error
        return _judged(answer)

    async def fetch(self) -> list[InboundMessage]:
        """Everything in the mailbox, oldest first, left where it is."""
        return [InboundMessage(_message_id(row), row.body.encode()) for row in await self._mailbox("look")]

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Empty the mailbox if it holds nothing but `message_ids`; otherwise leave it for the next time.

        The mailbox can only be taken whole, so it is looked at first; a message that slips in between is put back.
        """
        known = set(message_ids)
        waiting = await self._mailbox("look")
        if not waiting or not {_message_id(row) for row in waiting} <= known:
            return
        for row in await self._mailbox("take"):
            if _message_id(row) not in known:
                await self._ask("POST", self._settings.put_back_path.format(number=row.id))

    def _own(self, event: BankEvent) -> BankEvent:
        """A fact from XML in this rail's own names, so that it equals the one the statement tells.

        Its ISO reason is dropped from a booking: each bank has its own idea of which one an R code is, and two words
        for one return would look like two returns. The return file's R code counts.
        """
        number = self._settings.aliases.get(event.account.iban or "") if event.account else None
        named, booked = event.original_message_id, event.booked_on is not None
        return msgspec.structs.replace(
            event,
            account=Account(other_id=number) if number else event.account,
            original_message_id=names.message_id(named) if named else None,
            bank_reference=None if booked else event.bank_reference,
            reason=None if booked else event.reason,
        )

    async def _mailbox(self, how: str) -> list[_Waiting]:
        path = self._settings.look_path if how == "look" else self._settings.take_path
        answer = await self._ask("GET", path)
        try:
            return msgspec.json.decode(answer.body, type=list[_Waiting])
        except msgspec.DecodeError as error:
            raise Unreadable(f"the mailbox listing cannot be read: {error}") from error

    async def _ask(self, method: str, path: str) -> Answer:
        """An exchange that may be repeated at any time; whatever goes wrong, the bank was not reached."""
        try:
            answer = await self._send(method, path, b"", "")
        except (NotSent, MayHaveBeenSent) as error:
            raise Unreachable(error.detail) from error
        if answer.status != _OK:
            raise Unreachable(f"the bank's mailbox answered {answer.status}", status=answer.status)
        return answer

    async def _send(self, method: str, path: str, body: bytes, content_type: str) -> Answer:
        headers = {"content-type": content_type} if content_type else {}
        if self._settings.user:
            secret = base64.b64encode(f"{self._settings.user}:{self._settings.password}".encode()).decode()
            headers["authorization"] = f"Basic {secret}"
        return await self._outbound.send(method, self._settings.base_url + path, body=body, headers=headers)


def _judged(answer: Answer) -> Ack:
    """The answer to a submitted file: taken, refused for good, or not usable."""
    if _OK <= answer.status < _CREATED_RANGE_END:
        return Ack(accepted=True)
    if answer.status == _CONFLICT:
        return Ack(accepted=False, reason="DUPL")
    if answer.status in _TURNED_AWAY:
        raise Unreachable(f"the bank turned the request away with {answer.status}", status=answer.status)
    refusal = _refusal(answer)
    if refusal is None:
        raise Unanswered(f"the bank answered {answer.status}", status=answer.status)
    # The status of a file seen before is DUPL itself at some banks and a reason beside RJCT at others.
    return Ack(accepted=False, reason=refusal.reason or refusal.status, detail=refusal.reason_text)


def _refusal(answer: Answer) -> _Refusal | None:
    if answer.status != _UNPROCESSABLE:
        return None
    try:
        refusal = msgspec.json.decode(answer.body, type=_Refusal)
    except msgspec.DecodeError:
        return None
    return refusal if refusal.status in {"RJCT", "DUPL"} else None


def _message_id(row: _Waiting) -> str:
    """The bank's number with a hash of what it says: a sandbox that starts again counts from 1 again."""
    return f"{row.id}-{hashlib.sha256(row.body.encode()).hexdigest()[:16]}"
