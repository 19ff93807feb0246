"""Changes of where a shop's money goes and of who hears about it: asked for, approved by the holder, in force later."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain import names
from gateway.domain.accounts import Number, is_valid_iban, is_valid_routing_number, written
from gateway.domain.errors import Conflict, Invalid, NotFound, Overloaded
from gateway.domain.merchants import Email, Name

APPROVED_WITHIN = timedelta(days=7)
WAITED = timedelta(hours=72)
ASKED_COUNT, ASKED_WITHIN = 10, timedelta(days=1)
"""How many changes of one merchant may be asked for: each is told to its contact, and none may be buried."""
"""Between the holder's approval and the effect, so that whoever reads the old contact can stop it."""


class ChangeKind(StrEnum):
    """What is changed."""

    payout_account = "payout_account"
    contact = "contact"


class ChangeState(StrEnum):
    """Where a change stands."""

    awaiting_approval = "awaiting_approval"
    waiting = "waiting"
    effective = "effective"
    stopped = "stopped"
    expired = "expired"
    replaced = "replaced"


_S = ChangeState
MOVES: dict[ChangeState, frozenset[ChangeState]] = {
    _S.awaiting_approval: frozenset({_S.waiting, _S.stopped, _S.expired, _S.replaced}),
    _S.waiting: frozenset({_S.effective, _S.stopped}),
    _S.effective: frozenset(),
    _S.stopped: frozenset(),
    _S.expired: frozenset(),
    _S.replaced: frozenset(),
}
OPEN = frozenset({_S.awaiting_approval, _S.waiting})

Iban = Annotated[str, msgspec.Meta(min_length=15, max_length=34, description="ISO 13616, capitals, no spaces")]
AccountNumber = Annotated[
    str, msgspec.Meta(pattern=r"\A[0-9A-Z]{6,34}\Z", description="of a scheme without IBANs: digits and capitals")
]
RoutingNumber = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{9}\Z", description="ABA routing transit number")]


class NewPayoutAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account loans are paid out to, in exactly one of two schemes, and whose it is.

    A US account has its bank's routing number, and says when it is a savings account.
    """

    holder_name: Name
    iban: Iban | None = None
    account: AccountNumber | None = None
    routing_number: RoutingNumber | None = None
    savings: bool = False


class NewContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where codes and notices go."""

    email: Email


class Approval(msgspec.Struct, frozen=True):
    """The holder's word: the passkey that signed, and the hash of what it signed."""

    passkey_id: str
    intent_hash: str
    remote_address: str
    approved_at: datetime


class Change(msgspec.Struct, frozen=True):
    """See the module. `value` is sealed. `due_at`: when the state ends by itself. `asked_at`: on the system clock."""

    id: str
    merchant_id: str
    partner_id: str
    client_id: str
    kind: ChangeKind
    state: ChangeState
    holder_name: str | None
    value: bytes
    approval: Approval | None
    asked_at: datetime
    created_at: datetime
    state_at: datetime
    due_at: datetime | None


class NameMismatch(Invalid):
    """The account's holder is not the shop."""

    code = "name_mismatch"
    title = "The account's holder is not the merchant"


class StrangeAccount(Invalid):
    """Not one account: neither or both schemes, or an IBAN that is none."""

    code = "invalid_account"
    title = "This is not an account"


class TooManyChanges(Overloaded):
    """More changes were asked for in a day than a holder can be expected to read about; wait `retry_after` seconds."""

    code = "too_many_changes"
    title = "Too many changes were asked for"


class VerificationNeeded(Conflict):
    """The merchant has none yet: whoever could name the first would own the shop's loans."""

    code = "verification_needed"
    title = "The first one comes from verification"


class ChangeUnderWay(Conflict):
    """The holder has approved another change of the same kind, which only the holder can stop."""

    code = "change_under_way"
    title = "Another change was approved and is waiting to take effect"


class PasskeyTooNew(Conflict):
    """The passkey was made after the change was asked for, so it proves no more than the code that made it."""

    code = "passkey_too_new"
    title = "A change needs a passkey that is older than the request"


class UnknownChange(NotFound):
    """No such change for whoever asks."""

    code = "change_not_found"
    title = "No such change"


def account_number(new: NewPayoutAccount) -> str:
    """The account as it is stored. Raises StrangeAccount."""
    if (new.iban is None) == (new.account is None):
        raise StrangeAccount("Send either iban or account")
    if new.iban is not None and not is_valid_iban(new.iban):
        raise StrangeAccount("The IBAN's country, length or check digits are wrong")
    if new.iban is not None and (new.routing_number is not None or new.savings):
        raise StrangeAccount("An IBAN says by itself which bank and account it is")
    if new.savings and new.routing_number is None:
        raise StrangeAccount("A savings account is told apart by its routing_number's scheme alone")
    if new.routing_number is not None and not is_valid_routing_number(new.routing_number):
        raise StrangeAccount("The routing number's check digit is wrong")
    return new.iban or written(Number(new.account or "", new.routing_number, new.savings))


def check_holder(holder_name: str, legal_name: str) -> None:
    """Raise NameMismatch unless both name the same company or person."""
    if not names.same(holder_name, legal_name):
        raise NameMismatch("The account must be the merchant's own: its holder_name and the legal_name differ")
