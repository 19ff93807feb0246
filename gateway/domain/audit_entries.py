"""The audit log's entries: who did what to what, each chained to the one before it by its hash.

An entry holds ids, codes and counts, never a person's name, an address or a secret: `checked` lets nothing else in.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST = "0" * 64
"""What the first entry is chained to."""
OPERATOR, SYSTEM = "operator", "system"
"""Actors without an id: a person at this machine, and the gateway itself when time makes it act."""

LONGEST_REASON = 500
"""The longest reason a person gives for what it decides, in characters."""
WHO = "Say who decides by the name of an account: lower case letters, digits, . _ -, at most 60"
WHY = f"Say why in at most {LONGEST_REASON} printable characters"
"""What a person is told whom `is_account` turns away."""
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
_PLAIN = re.compile(r"[a-z0-9_.:|-]{1,100}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encoder = msgspec.json.Encoder(order="sorted")


class Action(StrEnum):
    """What can be done that somebody may ask about years later."""

    client_created = "client.created"
    client_rotated = "client.rotated"
    client_disabled = "client.disabled"
    client_placed = "client.placed"
    consent_granted = "consent.granted"
    consent_renewed = "consent.renewed"
    consent_narrowed = "consent.narrowed"
    consent_revoked = "consent.revoked"
    consent_expired = "consent.expired"
    signed_in = "signed_in"
    locked_out = "locked_out"
    passkey_added = "passkey.added"
    passkey_removed = "passkey.removed"
    passkey_locked = "passkey.locked"
    authority_approved = "authority.approved"
    authority_revoked = "authority.revoked"
    change_approved = "change.approved"
    data_erased = "data.erased"
    change_stopped = "change.stopped"
    change_effective = "change.effective"
    widget_session_made = "widget_session.made"
    connection_made = "connection.made"
    connection_secret_told = "connection.secret_told"  # noqa: S105 - the name of an action
    connection_removed = "connection.removed"
    drawdown_confirmed = "drawdown.confirmed"
    agreement_terminated = "agreement.terminated"
    mandate_revoked = "mandate.revoked"
    mandate_stopped = "mandate.stopped"
    review_approved = "review.approved"
    review_declined = "review.declined"
    model_promoted = "model.promoted"
    model_rolled_back = "model.rolled_back"
    model_recalibrated = "model.recalibrated"
    models_stepped = "models.stepped"
    models_reset = "models.reset"
    programme_applied = "programme.applied"
    programme_withdrawn = "programme.withdrawn"
    bank_stopped = "bank.stopped"
    bank_resumed = "bank.resumed"
    doubt_proposed = "doubt.proposed"
    doubt_approved = "doubt.approved"
    arrangement_requested = "arrangement.requested"
    arrangement_proposed = "arrangement.proposed"
    arrangement_decided = "arrangement.decided"
    message_read_again = "message.read_again"
    message_put_away = "message.put_away"
    alert_opened = "alert.opened"
    alert_closed = "alert.closed"
    explanation_proposed = "explanation.proposed"
    explanation_approved = "explanation.approved"
    webhook_created = "webhook.created"
    webhook_changed = "webhook.changed"
    webhook_rotated = "webhook.rotated"
    webhook_deleted = "webhook.deleted"
    import_begun = "import.begun"
    token_revoked = "token.revoked"  # noqa: S105 - the name of an action


class Entry(msgspec.Struct, frozen=True):
    """One line of the log. `occurred_at` is real time, whatever a sandbox's business clock says; `hash` chains it."""

    number: int
    occurred_at: datetime
    actor: str
    action: str
    subject: str
    facts: dict[str, Fact]
    hash: str = ""


def is_account(by: str) -> bool:
    """Whether this can be the name of a person's account, which the log keeps; not a person's name or address."""
    return _ACCOUNT.fullmatch(by) is not None


def is_reason(reason: str) -> bool:
    """Whether this says why a person decided something: not empty, short, and fit to be printed."""
    return 1 <= len(reason.strip()) <= len(reason) <= LONGEST_REASON and reason.isprintable()


def chained(entry: Entry, previous: str) -> Entry:
    """`entry` with its hash: SHA-256, in hex, of the hash before it and of everything else it says."""
    micros = (entry.occurred_at - _EPOCH) // _MICROSECOND
    said = [previous, entry.number, micros, entry.actor, entry.action, entry.subject, entry.facts]
    return msgspec.structs.replace(entry, hash=hashlib.sha256(_encoder.encode(said)).hexdigest())


def checked(entry: Entry) -> Entry:
    """`entry`, unless something in it might be a name, an address or a secret: then ValueError, a fault of ours.

    Ids, codes and hashes are short and lower case; that is all the log has use for.
    """
    lists = [value if isinstance(value, list) else [value] for value in entry.facts.values()]
    values = [value for values in lists for value in values if isinstance(value, str)]
    texts = [entry.actor, entry.subject, *entry.facts, *values]
    if not all(_PLAIN.fullmatch(text) for text in texts):
        raise ValueError(f"{entry.action} would put something into the audit log that is neither an id nor a code")
    return entry


def problems(entries: Iterable[Entry], previous: str, after: int) -> Iterator[str]:
    """Sentences about entries that do not follow from the one before; `previous` is the hash of number `after`."""
    for number, entry in enumerate(entries, after + 1):
        if entry.number != number:
            yield f"audit entry {number} is missing"
            return
        if chained(entry, previous).hash != entry.hash:
            yield f"audit entry {number} was changed, or the one before it"
            return
        previous = entry.hash
