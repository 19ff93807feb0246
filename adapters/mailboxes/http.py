"""A bank that takes payment files by HTTP POST and keeps its messages in a mailbox, whatever the files' language.

The mailbox is the mock bank's: a listing as JSON, `?leave` to look without taking, and no way to take one message.
Addresses are settings, so another HTTP file gateway of this shape needs no code.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import Ack, InboundMessage, Unanswered, Unreachable, Unreadable
from gateway.outbound import Answer, MayHaveBeenSent, NotSent

if TYPE_CHECKING:
    from adapters.mailboxes.places import HttpPlace
    from gateway.outbound import Outbound

_TURNED_AWAY = frozenset({401, 403, 404, 405, 411, 413, 415, 429})
"""HTTP refusals made before anybody looks at the file: it did not arrive, and may be sent again once that is mended."""
_OK, _CREATED_RANGE_END, _CONFLICT, _UNPROCESSABLE = 200, 300, 409, 422


_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a bank's JSON can end in: besides wrong shapes, bytes that are no UTF-8 and nesting without end."""


class _Waiting(msgspec.Struct):
    """One row of the mailbox listing; the bank sends more fields than these."""

    id: int
    body: str


class _Refusal(msgspec.Struct):
    """What the bank says about a file it refuses whole."""

    status: str
    reason: str | None = None
    reason_text: str | None = None


class FileMailbox:
    """Sends files and fetches messages; what either says is the adapter's to know."""

    def __init__(self, place: HttpPlace, outbound: Outbound) -> None:
        self._place = place
        self._outbound = outbound

    async def submit(self, message: bytes, content_type: str, reference: str = "") -> Ack:  # noqa: ARG002 - unnamed
        """POST the file. A refusal of the whole file is an answer; `DUPL` in it means the bank has it already."""
        try:
            answer = await self._send("POST", self._place.submit_path, message, content_type)
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
                await self._ask("POST", self._place.put_back_path.format(number=row.id))

    async def _mailbox(self, how: str) -> list[_Waiting]:
        path = self._place.look_path if how == "look" else self._place.take_path
        answer = await self._ask("GET", path)
        try:
            return msgspec.json.decode(answer.body, type=list[_Waiting])
        except _UNDECODABLE as error:
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
        if self._place.user:
            secret = base64.b64encode(f"{self._place.user}:{self._place.password}".encode()).decode()
            headers["authorization"] = f"Basic {secret}"
        return await self._outbound.send(method, self._place.base_url + path, body=body, headers=headers)


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
    # The group status of a file seen before is DUPL itself at some banks and a reason beside RJCT at others.
    return Ack(accepted=False, reason=refusal.reason or refusal.status, detail=refusal.reason_text)


def _refusal(answer: Answer) -> _Refusal | None:
    if answer.status != _UNPROCESSABLE:
        return None
    try:
        refusal = msgspec.json.decode(answer.body, type=_Refusal)
    except _UNDECODABLE:
        return None
    return refusal if refusal.status in {"RJCT", "DUPL"} else None


def _message_id(row: _Waiting) -> str:
    """The bank's number with a hash of what it says: a sandbox that starts again counts from 1 again."""
    return f"{row.id}-{hashlib.sha256(row.body.encode()).hexdigest()[:16]}"
