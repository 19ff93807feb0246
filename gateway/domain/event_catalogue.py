"""Every event there is: its name from a noun's states, what it means, and what its `data` holds.

`EVENTS` is read by the OpenAPI description (`webhooks`), by the filters of `/v1/events` and of webhook endpoints, and
by docs/events.md. A state without a sentence here is a fault, found when this module is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.domain import event_data as shapes
from gateway.domain.agreements import AgreementState
from gateway.domain.alerts import AlertState
from gateway.domain.arrangements import ArrangementState
from gateway.domain.authorities import AuthorityState
from gateway.domain.changes import ChangeState
from gateway.domain.consents import ConsentState
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.mandates import MandateState
from gateway.domain.merchants import MerchantState
from gateway.domain.notices import NoticeState
from gateway.domain.offers import OfferState
from gateway.domain.remittances import RemittanceState
from gateway.domain.repayments import RepaymentState
from gateway.domain.reviews import ReviewState
from gateway.domain.schedules import Health
from gateway.domain.webhooks import WebhookState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import StrEnum


class EventKind(msgspec.Struct, frozen=True):
    """One entry: `name` is `noun.past_verb`, `meaning` a sentence, `data` the shape."""

    name: str
    noun: str
    meaning: str
    data: type[shapes.Data]


class Noun(NamedTuple):
    """A noun with states: the shape of its data, and its sentences by verb; `more` are those that no state has."""

    name: str
    states: type[StrEnum]
    data: type[shapes.Data]
    meanings: Mapping[str, str]
    more: Mapping[str, str] = {}


VERBS = {
    "offer.undelivered": "created", "alert.open": "opened", "notice.open": "created", "review.open": "opened",
    "health.current": "cured",
}  # fmt: skip
"""States whose event is not called like them."""
_OFFICERS = "an officer's proposal concerns nobody until a second one agrees"
SILENT = {
    "consent.awaiting_authorisation": "it is the pushed request itself, which its client has just made",
    "merchant.closed": "no step leads there yet",
    "webhook.enabled": "you did it yourself",
    "arrangement.proposed": _OFFICERS,
}
"""States that no event tells, and why."""

NOUNS: tuple[Noun, ...] = (
    Noun("merchant", MerchantState, shapes.MerchantData, {
        "created": "The shop was brought.",
        "verified": "The shop was verified: it can borrow.",
        "suspended": "Its verification no longer holds: it cannot borrow until it is verified again.",
    }),
    Noun("consent", ConsentState, shapes.ConsentData, {
        "authorised": "The merchant agreed.",
        "revoked": "The merchant took its consent back: tokens of the grant ended.",
        "expired": "The consent ran out.",
        "superseded": "The merchant agreed to a newer request of the same client.",
        "rejected": "The merchant said no.",
    }, more={
        "renewed": "The merchant agreed to go on; it is another version of the same consent.",
        "narrowed": "The merchant took a part of it back.",
        "expiring": "The consent runs out in `days` days.",
        "erased": "What it was about was erased.",
    }),
    Noun("offer", OfferState, shapes.OfferData, {
        "created": "There is a new offer.",
        "delivered": "The partner showed the offer to the merchant.",
        "replaced": "A newer offer stands in its place.",
        "expired": "Its time ran out.",
        "canceled": "It was taken back.",
    }, more={
        "frozen": "Nothing can be drawn under it for now; it is not lost.",
        "unfrozen": "It can be drawn under again.",
    }),
    Noun("drawdown", DrawdownState, shapes.DrawdownData, {
        "awaiting_confirmation": "The merchant must confirm it.",
        "requested": "The merchant asked for the money.",
        "reviewing": "A person looks at it.",
        "approved": "The bank's decision was yes.",
        "submitted": "The payment order is with the bank.",
        "pending": "The bank took the payment order.",
        "active": "The money was paid out, and is owed.",
        "in_doubt": "The bank may or may not have paid; nothing is sent again until it says so.",
        "repaid": "All of it was repaid.",
        "refinanced": "A newer loan repaid it.",
        "charged_off": "It was written off; it is still owed.",
        "returned": "The money came back from the merchant's bank.",
        "expired": "Nobody confirmed it in time.",
        "rejected": "The answer was no.",
        "canceled": "It was called off before any money went.",
        "failed": "The bank refused the payment.",
    }),
    Noun("repayment", RepaymentState, shapes.RepaymentData, {
        "scheduled": "It will be collected.",
        "initiated": "Its debit was written.",
        "pending": "The bank took its debit.",
        "in_doubt": "Its debit may be with the bank, which does not say so.",
        "settled": "The money came.",
        "failed": "It could not be collected.",
        "returned": "The debit was sent back after it had been paid.",
        "reversed": "The creditor's side took the debit back.",
        "canceled": "It will not be collected.",
    }),
    Noun("health", Health, shapes.HealthData, {
        "cured": "Nothing is overdue any more.",
        "near_breach": "By the forecast the next minimum will be missed.",
        "late": "A minimum was missed.",
        "defaulted": "It is overdue for so long that it counts as lost.",
        "charged_off": "It was written off.",
        "recovered": "What had been written off was repaid.",
    }, more={"paused": "Nothing falls due for some days: two officers agreed."}),
    Noun("remittance", RemittanceState, shapes.RemittanceData, {
        "announced": "You reported what you withheld.",
        "short": "Less came than you reported.",
        "received": "All of it came.",
    }),
    Noun("agreement", AgreementState, shapes.AgreementData, {
        "active": "The merchant signed the framework agreement with the lender.",
        "superseded": "A newer agreement stands in its place.",
        "terminated": "The merchant ended it: what is owed stays owed.",
    }),
    Noun("mandate", MandateState, shapes.MandateData, {
        "pending": "The debit mandate waits for the merchant's bank.",
        "active": "Debits can be drawn.",
        "suspended": "The account refuses debits for now.",
        "replaced": "A newer mandate stands in its place.",
        "revoked": "It ended.",
    }),
    Noun("authority", AuthorityState, shapes.AuthorityData, {
        "proposed": "You proposed who may draw at the till; the merchant must approve.",
        "active": "The merchant approved who may draw, and how much.",
        "replaced": "A newer one stands in its place.",
        "revoked": "The merchant took it back.",
        "expired": "Nobody approved it in time.",
        "refused": "The merchant said no.",
    }),
    Noun("change", ChangeState, shapes.ChangeData, {
        "awaiting_approval": "The merchant must approve the change of its account or contact.",
        "waiting": "It was approved and takes effect after its waiting time.",
        "effective": "It took effect.",
        "stopped": "The merchant stopped it.",
        "expired": "Nobody approved it in time.",
        "replaced": "A newer change stands in its place.",
    }),
    Noun("arrangement", ArrangementState, shapes.ArrangementData, {
        "approved": "Two officers agreed on a pause, a plan or a write-off for a loan.",
        "declined": "What the merchant asked for was declined; what officers alone proposed is not told.",
    }),
    Noun("review", ReviewState, shapes.ReviewData, {
        "opened": "A person is to look at a drawdown or at a contested decision.",
        "approved": "The person's answer was yes.",
        "declined": "The person's answer was no.",
        "canceled": "There is nothing left to look at.",
    }),
    Noun("notice", NoticeState, shapes.OfMerchant, {
        "created": "The merchant must be told of a decision against it.",
        "sent": "The merchant was told.",
        "withdrawn": "The limit came back before the merchant had to be told.",
    }),
    Noun("alert", AlertState, shapes.AlertData, {
        "opened": "Something about one of your merchants should be looked at.",
        "closed": "It is no longer so.",
    }),
    Noun("webhook", WebhookState, shapes.WebhookData, {
        "disabled": "Nothing more is sent to one of your endpoints.",
    }, {
        "pinged": "You asked for a ping: it is sent to that endpoint alone, whatever its types, and is in no log.",
    }),
)  # fmt: skip
_MORE = (
    EventKind("sales.stale", "sales", "No sales came of usual trading days: the source fell silent.", shapes.SalesData),
    EventKind("sales.resumed", "sales", "Sales came again of usual trading days.", shapes.SalesData),
    EventKind("repayment.short", "repayment", "By the forecast, sales will miss the minimum.", shapes.ShortfallData),
)


def verb(noun: str, state: str) -> str | None:
    """What the event of a noun that came to `state` is called; None where none tells of it."""
    return None if f"{noun}.{state}" in SILENT else VERBS.get(f"{noun}.{state}", str(state))


def _kinds() -> Iterator[EventKind]:
    for noun in NOUNS:
        if {verb(noun.name, state) for state in noun.states} - {None} != noun.meanings.keys():
            raise ValueError(f"each state of {noun.name} needs its sentence, and nothing else does")
        for called, meaning in {**noun.meanings, **noun.more}.items():
            yield EventKind(f"{noun.name}.{called}", noun.name, meaning, noun.data)
    yield from _MORE


EVENTS: dict[str, EventKind] = {kind.name: kind for kind in sorted(_kinds(), key=lambda kind: kind.name)}
"""Name → entry, ordered by name."""
