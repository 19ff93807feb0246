"""An authority: what a merchant's signatory approved once with a passkey, so that later draws need one click.

It names the payee, the users who may click, and caps. Its content never changes: another proposal makes another one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain.errors import Conflict, FieldError, Invalid, NotFound
from gateway.domain.merchants import Currency, Name
from gateway.domain.money import MAX_AMOUNT

if TYPE_CHECKING:
    from gateway.domain.programmes import Programme

OPEN_FOR = timedelta(days=7)
"""How long a proposal waits for the signatory."""
DAY, MONTH = timedelta(hours=24), timedelta(days=30)
"""The windows of the caps. They slide: a cap holds over any 24 hours, not over a calendar day."""


class AuthorityState(StrEnum):
    """Where an authority stands; a merchant has at most one that is proposed and one that is active."""

    proposed = "proposed"
    active = "active"
    replaced = "replaced"
    revoked = "revoked"
    expired = "expired"
    refused = "refused"


_S = AuthorityState
MOVES: dict[AuthorityState, frozenset[AuthorityState]] = {
    _S.proposed: frozenset({_S.active, _S.expired, _S.refused, _S.replaced}),  # replaced: by a newer proposal
    _S.active: frozenset({_S.replaced, _S.revoked}),
    _S.replaced: frozenset(),
    _S.revoked: frozenset(),
    _S.expired: frozenset(),
    _S.refused: frozenset(),
}


class StepUp(StrEnum):
    """Why one click is not enough and the draw needs a passkey."""

    no_authority = "no_authority"
    first_draw = "first_draw"
    new_payee = "new_payee"
    new_user = "new_user"
    over_cap = "over_cap"
    flagged = "flagged"
    foreign_page = "foreign_page"
    """A partner's own page asks, not our frame: it could press for the person."""
    new_agreement = "new_agreement"


Amount = Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]
UserId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[\x21-\x7e]+\Z")]


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person at the till as the partner knows them; `id` is what a widget session names."""

    id: UserId
    name: Name
    role: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"\S")]


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that one click may draw, and that clicks and passkeys together may within any 24 hours and 30 days."""

    per_draw_amount: Amount
    per_24h_amount: Amount
    per_30d_amount: Amount
    currency: Currency


class NewAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner proposes to the signatory."""

    users: Annotated[tuple[User, ...], msgspec.Meta(min_length=1, max_length=50)]
    caps: Caps


class Agreement(msgspec.Struct, frozen=True):
    """The terms of borrowing an authority stands on: their version and the hash of every figure in them."""

    version: str
    hash: str


class Approval(msgspec.Struct, frozen=True):
    """What the signatory signed and how: kept for ever with the authority. `payee_hash` is keyed, see `usecases`."""

    payee_hash: str
    agreement: Agreement
    passkey_id: str
    intent_hash: str
    remote_address: str
    locale: str
    text_version: str
    approved_at: datetime


class Authority(msgspec.Struct, frozen=True):
    """See the module."""

    id: str
    merchant_id: str
    partner_id: str
    state: AuthorityState
    users: tuple[User, ...]
    caps: Caps
    approval: Approval | None
    created_at: datetime
    expires_at: datetime
    """When the proposal runs out, unless it was approved."""
    state_at: datetime

    def user(self, user_id: str) -> User | None:
        """The user of that id, if allowed to click."""
        return next((user for user in self.users if user.id == user_id), None)


class Drawn(msgspec.Struct, frozen=True):
    """What a merchant confirmed in the windows before a draw, however it was confirmed."""

    per_24h_amount: int
    per_30d_amount: int


class Draw(msgspec.Struct, frozen=True):
    """One draw that asks to be confirmed by a click. `first`: no money ever reached this merchant by a draw of ours."""

    user_id: str
    amount: int
    currency: str
    payee_hash: str
    agreement: Agreement
    first: bool
    flagged: bool


class UnknownAuthority(NotFound):
    """No such authority for whoever asks."""

    code = "authority_not_found"
    title = "No such authority"


class CapsTooHigh(Invalid):
    """A cap is higher than the programme allows, or than the cap of the longer window."""

    code = "caps_too_high"
    title = "A cap is higher than it may be"


class StepUpRequired(Conflict):
    """The click is not inside an authority: the merchant has to confirm this draw with a passkey. Nothing changed."""

    code = "step_up_required"
    title = "This draw needs the merchant's passkey"


class NoPayee(Conflict):
    """The merchant has no payout account yet: there is nothing an authority or a draw could pay to."""

    code = "no_payout_account"
    title = "There is no payout account yet"


class PayeeChanged(Conflict):
    """Between the confirmation and the instruction the payout account became another one: a person must look."""

    code = "payee_changed"
    title = "The payout account is not the one that was confirmed"


def check(new: NewAuthority, currency: str, programme: Programme) -> None:
    """Raise Invalid for users named twice, another currency, or caps above the next longer window's or the programme's.

    No cap may be above what the programme lends to one merchant at most.
    """
    caps, errors = new.caps, []
    if len({user.id for user in new.users}) < len(new.users):
        errors.append(FieldError("/users", "not_unique", "a user is named twice"))
    if caps.currency != currency:
        errors.append(FieldError("/caps/currency", "wrong_currency", f"the shop's books are kept in {currency}"))
    if errors:
        raise Invalid("; ".join(error.detail for error in errors), errors=tuple(errors))
    most = programme.cap_amount(currency)
    ladder = (
        ("per_draw_amount", caps.per_24h_amount),
        ("per_24h_amount", caps.per_30d_amount),
        ("per_30d_amount", most),
    )
    for name, bound in ladder:
        if getattr(caps, name) > bound:
            error = FieldError(f"/caps/{name}", CapsTooHigh.code, f"at most {bound}")
            raise CapsTooHigh(f"{name} may be at most {bound}", errors=(error,), most_amount=bound)


def agreement(programme: Programme) -> Agreement:
    """What borrowing under a programme means now; any changed figure changes the hash."""
    return Agreement(programme.terms_version, _digest(programme))


def users_hash(users: tuple[User, ...]) -> str:
    """One hash for a list of users, whatever their order."""
    return _digest(sorted(users, key=lambda user: user.id))


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def why_not(authority: Authority | None, draw: Draw, drawn: Drawn) -> tuple[StepUp, ...]:
    """Why a click cannot confirm this draw; empty when it is inside the authority."""
    found = [StepUp.flagged] if draw.flagged else []
    if draw.first:
        found.append(StepUp.first_draw)
    approval = None if authority is None or authority.state is not AuthorityState.active else authority.approval
    if authority is None or approval is None or approval.agreement != draw.agreement:
        return (StepUp.no_authority, *found)
    if approval.payee_hash != draw.payee_hash:
        found.append(StepUp.new_payee)
    if authority.user(draw.user_id) is None:
        found.append(StepUp.new_user)
    if not within(authority.caps, draw, drawn):
        found.append(StepUp.over_cap)
    return tuple(found)


def within(caps: Caps, draw: Draw, drawn: Drawn) -> bool:
    """Whether every cap holds with this draw counted in."""
    return (
        draw.currency == caps.currency
        and draw.amount <= caps.per_draw_amount
        and drawn.per_24h_amount + draw.amount <= caps.per_24h_amount
        and drawn.per_30d_amount + draw.amount <= caps.per_30d_amount
    )
