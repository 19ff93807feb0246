"""Four eyes: one officer proposes, another one approves. What such a proposal must say, and who may not approve it."""

from __future__ import annotations

from gateway.domain import audit_entries
from gateway.domain.errors import Conflict, Invalid, NotFound


class SamePerson(Conflict):
    """Who proposed it cannot approve it."""

    code = "same_person_approves"
    title = "Another person must approve this"


class NothingProposed(NotFound):
    """Nobody has proposed this."""

    code = "nothing_proposed"
    title = "There is no such proposal"


class BadProposal(Invalid):
    """Whoever decides about money says who they are and why."""

    code = "invalid_proposal"
    title = "A proposal names an account and a reason"


def check(by: str, reason: str) -> None:
    """Raise BadProposal unless an account is named and a reason given."""
    check_officer(by)
    if not audit_entries.is_reason(reason):
        raise BadProposal(audit_entries.WHY)


def check_officer(by: str) -> None:
    """Raise BadProposal unless `by` is the name of an account: it goes into the audit log."""
    if not audit_entries.is_account(by):
        raise BadProposal(audit_entries.WHO)


def check_other(by: str, proposed_by: str) -> None:
    """Raise BadProposal or SamePerson unless another officer than the proposer approves."""
    check_officer(by)
    if by == proposed_by:
        raise SamePerson("Who proposed it cannot approve it", proposed_by=proposed_by)
