"""The bank's immediate answer to a payment initiation, by its HTTP status and body."""

from __future__ import annotations

from adapters.banks.berlin.wire.status import REFUSED, decode
from gateway.bank_ports import Ack, Unanswered, Unreachable, Unreadable

_ID_LENGTH = 200
"""The standard sets no bound to a payment's id; none seen comes near this."""
_CREATED, _BAD_REQUEST, _CONFLICT = 201, 400, 409
_TURNED_AWAY = frozenset({401, 403, 404, 405, 406, 411, 413, 415, 429})
"""Refusals of the asker, the path or the form, made before a payment exists: it may be sent again once mended."""


def judged(status: int, body: bytes) -> Ack:
    """Taken, refused for good, or neither. Raises Unreachable (surely not taken) or Unanswered (may be taken).

    A payment that is taken and waits for its account holder says where in `Ack.detail`.
    """
    if status in _TURNED_AWAY:
        raise Unreachable(f"the bank turned the request away with {status}: {words(body)}", status=status)
    if status == _CONFLICT:
        return Ack(accepted=False, reason="DUPL", detail=words(body) or None)
    if status == _BAD_REQUEST:
        return _refused(body)
    if status != _CREATED:
        raise Unanswered(f"the bank answered {status}", status=status)
    return _taken(body)


def waits_for_us(body: bytes) -> bool:
    """Whether the bank, having taken the payment, wants us to start its authorisation."""
    return decode(body).waits_for_us()


def started(body: bytes | None) -> str:
    """How it stands with an authorisation we started, for a person; None = it did not start."""
    try:
        told = None if body is None else decode(body)
    except Unreadable:
        told = None
    if told is None:
        return "the account holder's authorisation could not be started: the bank will let the payment lapse"
    return told.authorisation() or told.words() or "awaits the account holder's authorisation"


def words(body: bytes) -> str:
    """The bank's own prose in an answer, for a person; empty when it cannot be read."""
    try:
        return decode(body).words()
    except Unreadable:
        return ""


def _taken(body: bytes) -> Ack:
    try:
        said = decode(body)
    except Unreadable as error:
        raise Unanswered(error.detail) from error
    if said.transaction_status is None or not 0 < len(said.payment_id or "") <= _ID_LENGTH:
        raise Unanswered("the bank's answer names no payment that could be asked after")
    if said.status() in REFUSED:
        return Ack(accepted=False, reason=said.reason(), detail=said.words() or None, bank_reference=said.payment_id)
    return Ack(accepted=True, detail=said.waits_for(), bank_reference=said.payment_id)


def _refused(body: bytes) -> Ack:
    """A 400 in the standard's own form was read and refused; any other might come from anybody in between."""
    try:
        said = decode(body)
    except Unreadable as error:
        raise Unanswered("the bank answered 400 in no known form") from error
    if said.code is None and not any(message.code for message in said.messages):
        raise Unanswered("the bank answered 400 without a reason")
    return Ack(accepted=False, reason=said.reason(), detail=said.words() or None)
