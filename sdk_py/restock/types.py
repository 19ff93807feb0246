# Made by sdk_py/generate.py from the gateway's description.
"""What goes to the gateway and comes back, as it stands in JSON."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


ActionType = Literal["authorise", "confirm", "name_account", "pay", "renew_mandate", "step_up", "verify"]
"""What has to happen; `step_up` answers a click, the others stand in a summary until they are done."""


class Advance(TypedDict):
    """How many days to move on."""

    days: int


class AgreementData(TypedDict):
    """The state it came to, and the lender."""

    bank_id: str
    id: str
    merchant_id: str
    sequence: int
    state: AgreementState


class AgreementRef(TypedDict):
    """An agreement in force, and the hosted page on which its merchant reads it."""

    url: str
    version: str


AgreementState = Literal["active", "superseded", "terminated"]
"""Where an agreement stands; a merchant has at most one active for each bank and programme."""


class AgreementView(TypedDict):
    """An agreement: `hash` is over every word of `document`, `signed_by_id` the draw whose confirmation signed it."""

    bank_id: str
    document: Document
    hash: str
    id: str
    language: str
    method: str
    programme_id: str
    signed_at: str
    signed_by_id: str
    state: AgreementState
    state_at: str
    version: str


class AgreementViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[AgreementView]
    next_cursor: NotRequired[str | None]


class AlertData(TypedDict):
    """`kind` says what was seen."""

    id: str
    kind: str
    merchant_id: NotRequired[str | None]
    sequence: int
    severity: Severity


class Alternative(TypedDict):
    """What one of several lenders says of a merchant, and why it is first or not (`standing`). `cost_amount` is what
    borrowing costs in all at the amount at which all lenders were compared; it and `fee_bps` are null where
    this one does not offer. `pays_on` is the bank's day on which money drawn now goes out. `reason` holds its
    limit where it is, or stops it."""

    available_amount: int
    cost_amount: int | None
    fee_bps: int | None
    lender: Lender
    limit_amount: int
    pays_on: str | None
    reason: ReasonsReason
    standing: Standing


class AnomalyContributionView(TypedDict):
    """One feature's part of the anomaly score, in 1e-6."""

    feature: str
    score: int


class ArrangementData(TypedDict):
    """What two officers agreed for a loan."""

    drawdown_id: str
    id: str
    kind: ArrangementKind
    merchant_id: str
    sequence: int
    state: ArrangementState


ArrangementKind = Literal["pause", "plan", "write_off"]
"""What is agreed."""


ArrangementState = Literal["approved", "declined", "proposed"]
"""Where it stands."""


class ArrangementView(TypedDict):
    """What was asked for: `proposed` until officers have decided, who also say for how many `days`."""

    created_at: str
    days: int | None
    drawdown_id: str
    id: str
    kind: ArrangementKind
    state: ArrangementState


class Assumptions(TypedDict):
    """What the estimates rest on."""

    apr_method: str
    daily_repayment_amount: int
    median_sales_30d_amount: int


class AttemptView(TypedDict):
    """One request. `status` is what was answered; `code` says why it was no delivery, null where it was one."""

    code: Failure | None
    duration_ms: int
    ended_at: str
    status: int | None


class AuthoritiesView(TypedDict):
    """The authority in force, and the one that waits for the signatory; either may be absent."""

    active: AuthorityView | None
    merchant_id: str
    proposed: AuthorityView | None


class AuthorityData(TypedDict):
    """The state it came to."""

    id: str
    merchant_id: str
    sequence: int
    state: AuthorityState


AuthorityState = Literal["active", "expired", "proposed", "refused", "replaced", "revoked"]
"""Where an authority stands; a merchant has at most one that is proposed and one that is active."""


class AuthorityView(TypedDict):
    """An authority: its users and caps never change. The signatory approves or refuses it at `approval_url`."""

    approval_url: str
    approved_at: str | None
    caps: Caps
    created_at: str
    expires_at: str
    id: str
    state: AuthorityState
    state_at: str
    users: list[User]


class BankBehaviour(TypedDict):
    """See the module; `return_days` is how long what is given back stays."""

    debits: NotRequired[Debits]
    decides: NotRequired[Decides]
    payouts: NotRequired[Payouts]
    return_days: NotRequired[int]
    tells: NotRequired[Tells]


class BankDecisionView(TypedDict):
    """What the bank last said of the loan, and whether it was asked, had approved beforehand, or an officer decided."""

    bank_reference: str | None
    decided_at: str
    outcome: BankOutcome
    reason: str | None
    source: DecisionSource


BankOutcome = Literal["approved", "referred", "rejected"]
"""What the bank says: it lends, it does not, or one of its officers looks first."""


class BankRef(TypedDict):
    """The lender of record."""

    id: str
    name: str


class Basis(TypedDict):
    """The version of a consent under which data was used."""

    grant_id: str
    version: int


class Caps(TypedDict):
    """The most that one click may draw, and that clicks and passkeys together may within any 24 hours and 30 days."""

    currency: str
    per_24h_amount: int
    per_30d_amount: int
    per_draw_amount: int


class Cash(TypedDict):
    """One day of one of the shop's own bank accounts (camt.053): money in, money out, and the balance at its end.
    `account_ref` tells accounts apart and is no account number. The balance is negative when overdrawn."""

    account_ref: str
    balance_amount: NotRequired[int | None]
    currency: str
    in_amount: int
    kind: Literal["cash"]
    on: str
    out_amount: int
    signal_id: str
    version: NotRequired[int]


Cause = Literal["event", "ping", "replay"]
"""What a delivery was made for."""


class Change(TypedDict):
    """What moved: a feature's value in 1e-6, before and after."""

    after: int
    before: int
    feature: str


class ChangeData(TypedDict):
    """The state it came to. What is changed is never said."""

    id: str
    kind: ChangeKind
    merchant_id: str
    sequence: int
    state: ChangeState


ChangeKind = Literal["contact", "payout_account"]
"""What is changed."""


ChangeState = Literal["awaiting_approval", "effective", "expired", "replaced", "stopped", "waiting"]
"""Where a change stands."""


class ChangeView(TypedDict):
    """A change of a payout account or contact. `shown` is as much of the new value as one needs to recognise it. While
    it is `awaiting_approval`, the holder approves it at `approval_url` with a passkey, until `expires_at`; then
    it is `waiting` until `effective_at`, and the old value stays in force. The holder can stop it there at any
    time before."""

    approval_url: str | None
    created_at: str
    effective_at: str | None
    expires_at: str | None
    holder_name: str | None
    id: str
    kind: ChangeKind
    merchant_id: str
    shown: str
    state: ChangeState
    state_at: str


class ChangeViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[ChangeView]
    next_cursor: NotRequired[str | None]


Channel = Literal["debit", "payout", "transfer", "withheld"]
"""Which way a repayment's money comes."""


class ClockView(TypedDict):
    """The business clock: it rules business dates, offers, schedules and interest."""

    now: str


class ClosedDay(TypedDict):
    """A closed business day without tax and tip, what was withheld for repayment, and what comes next."""

    business_on: str
    net_amount: int
    next_7_days: ForecastView | None
    offer: CurrentOffer
    refunds_amount: int
    sales_amount: int
    state: str
    tickets_count: int
    voids_amount: int
    withheld_amount: int


CollectAction = Literal["debit", "withhold"]
"""How a repayment may be taken."""


CollectionMode = Literal["bank_debit", "partner_split"]
"""How a programme gets its shares of sales: one way only."""


Commitment = Literal["bank_approved", "indicative"]
"""Whether the bank decides after the click, or has decided before it."""


class CompanyId(TypedDict):
    """A registry's number for the company, and which registry."""

    scheme: str
    value: str


Component = Literal["consents", "manage", "offer", "tile"]
"""What a frame can show."""


class Confirmation(TypedDict):
    """The merchant's click: the hash of the terms that were shown."""

    terms_hash: str


class ConnectionChange(TypedDict):
    """The secret by which the platform signs from now on."""

    secret: str


ConnectionState = Literal["active", "removed", "waiting"]
"""Whether calls come in by it."""


class ConnectionView(TypedDict):
    """A connection; its secret is never shown. The platform is to be told to call `address`."""

    account_id: str
    address: str
    created_at: str
    id: str
    platform: str
    state: ConnectionState
    state_at: str


class ConnectionViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[ConnectionView]
    next_cursor: NotRequired[str | None]


class ConsentData(TypedDict):
    """`id` is the grant's, `version` that of what was agreed; `by` who ended it: the merchant, or `time`. `days`: how
    many are left. The counts are of the records that were erased."""

    by: NotRequired[str | None]
    days: NotRequired[int | None]
    days_count: NotRequired[int | None]
    decisions_count: NotRequired[int | None]
    erasure_id: NotRequired[str | None]
    id: str
    merchant_id: str
    sales_count: NotRequired[int | None]
    sequence: int
    version: int


class ConsentFact(TypedDict):
    """One thing to know of a line, as how far back or how long it is kept, in words."""

    name: str
    value: str


class ConsentLine(TypedDict):
    """One thing that was agreed to: `what` and `why` in words; of data how far back, and to which bank it goes.
    `until_on` is the last day on which it holds. Without a `needed` line nothing can be offered."""

    bank: str | None
    facts: list[ConsentFact]
    key: str
    lookback_days: int | None
    needed: bool
    until_on: str
    what: str
    why: str


ConsentState = Literal["authorised", "awaiting_authorisation", "expired", "rejected", "revoked", "superseded"]
"""Where a consent stands; one that awaits its merchant is the pushed request itself."""


class ContestView(TypedDict):
    """A merchant's contest of a decision: whether a person has decided, or by when one is to."""

    due_at: str
    review_id: str
    state: ReviewState


class ContributionView(TypedDict):
    """One feature's part of the PD's logit, in 1e-6; positive raises the risk."""

    feature: str
    logit: int


class Counterfactual(TypedDict):
    """What one change alone would have made of the decision; amounts in minor units."""

    change: Change | None
    code: str
    difference_amount: int
    limit_amount: int
    text: Text


class CurrentOffer(TypedDict):
    """Where the merchant stands this moment. `limit_amount` and `available_amount` are fresh: limit = min(grade_bps x
    min(base, affordability) / 10000, programme cap, headroom), available = limit less exposure, in steps.
    `offered_limit_amount` is what the current immutable offer `id` says; it follows material changes only.
    `state` is `open`, `frozen` or `none`; while it is not `open`, both fresh amounts are 0 and `reasons` say
    why."""

    alternatives: list[Alternative]
    available_amount: int
    change: NotRequired[LimitChange | None]
    commitment: Commitment
    currency: str
    data_as_of: str | None
    decided_at: str | None
    decision_id: str | None
    exposure_amount: int
    id: str | None
    lender: Lender
    limit_amount: int
    merchant_id: str
    minimum_amount: int
    offered_limit_amount: int | None
    pd: int | None
    reasons: list[ReasonsReason]
    state: str
    step_amount: int
    suggested_amount: int
    terms: Terms


class DataStatus(TypedDict):
    """Where a merchant's data stand; `tier` is the trust its limit rests on, `findings` what looked wrong lately."""

    data_as_of: str | None
    findings: list[QualityFinding]
    sources: list[SourceView]
    tier: Tier


class DayAhead(TypedDict):
    """One of the next seven days in minor units: p50 the middle, 8 days of 10 between p10 and p90."""

    on: str
    p10_amount: int
    p50_amount: int
    p90_amount: int


class DayRepaid(TypedDict):
    """What a closed business day sold and what of it is repaid."""

    amount: int
    business_on: str
    net_amount: int
    state: DayState


class DaySales(TypedDict):
    """A closed business day's net sales in minor units."""

    net_amount: int
    on: str


DayState = Literal["canceled", "carried_over", "failed", "paused", "pending", "returned", "settled"]
"""What became of a day's share."""


Debits = Literal["collect", "fail", "give_back", "hold", "refuse"]
"""What it does with a debit."""


Decides = Literal["approve", "by_amount", "refer", "reject"]
"""What it answers when it is asked for a loan."""


DecisionSource = Literal["approval", "bank", "officer"]
"""How an answer came about."""


class DecisionView(TypedDict):
    """A decision with its reasons and what the models said; `pd` in 1/100 bp. `consents` are the versions under which
    the data it rests on was held; once that was erased, what the models said is `sealed` and shows no more."""

    anomaly: NotRequired[int | None]
    anomaly_contributions: NotRequired[list[AnomalyContributionView]]
    consents: list[Basis]
    contest: NotRequired[ContestView | None]
    contributions: list[ContributionView]
    counterfactuals: NotRequired[list[Counterfactual]]
    counterfactuals_from: NotRequired[str | None]
    data_as_of: str | None
    decided_at: str
    forecast_30: list[int]
    forecast_7: list[int]
    grade: str | None
    id: str
    limit_amount: int
    merchant_id: str
    model: NotRequired[str | None]
    models: dict[str, str]
    outcome: UnderwritingOutcome
    pd: int | None
    programme: ProgrammeRef
    reasons: list[ReasonsReason]
    route: NotRequired[RouteView | None]
    sealed: bool
    terms: Terms
    year: NotRequired[list[WeekView]]


class DecisionViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[DecisionView]
    next_cursor: NotRequired[str | None]


DeliveryState = Literal["canceled", "delivered", "failed", "pending"]
"""Where a delivery stands."""


class DeliveryView(TypedDict):
    """One event on its way to an endpoint; `webhook-id` is its `event_id` at every attempt, and of a replay too."""

    attempts: list[AttemptView]
    cause: Cause
    created_at: str
    event_id: str
    id: str
    next_attempt_at: str | None
    state: DeliveryState
    type: str


class DeliveryViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[DeliveryView]
    next_cursor: NotRequired[str | None]


class Device(TypedDict):
    """How long a shop's tills or machines were at work on one day."""

    active_minutes_count: int
    devices_count: int
    kind: Literal["device"]
    on: str
    signal_id: str
    version: NotRequired[int]


class Document(TypedDict):
    """An agreement as it is read and signed."""

    clauses: list[list[Any]]
    language: str
    parties: list[Party]
    title: str
    version: str


DrawAction = Literal["propose", "quote"]
"""What a partner may do towards a drawdown; only the merchant confirms one."""


class Drawdown(TypedDict):
    """Prepare a loan for the merchant to confirm."""

    actions: list[DrawAction]
    limits: Limits
    type: Literal["drawdown"]


class DrawdownData(TypedDict):
    """The state it came to."""

    amount: int
    currency: str
    id: str
    merchant_id: str
    sequence: int
    state: DrawdownState


DrawdownState = Literal[
    "active",
    "approved",
    "awaiting_confirmation",
    "canceled",
    "charged_off",
    "expired",
    "failed",
    "in_doubt",
    "pending",
    "refinanced",
    "rejected",
    "repaid",
    "requested",
    "returned",
    "reviewing",
    "submitted",
]
"""Where a drawdown stands."""


class DrawdownView(TypedDict):
    """A drawdown; `outstanding_amount` is owed by settled money, `repaid_amount` has arrived. `rebate_amount`: what of
    the fee need not be paid, because it was repaid early. Of a loan that is out `health` says how it does,
    `interval` what has to be repaid next and by when, `short_amount` what that will lack by the forecast;
    `pending_amount` is on its way and not counted yet. `steps` are the states it went through. While it is in
    doubt `next_check_at` says when its bank is asked again, while the money has not gone out `expected_on` on
    which of its bank's days it does. `pause`: what the merchant last asked for, if it did. `required_action`:
    what the merchant has to do before anything is borrowed, in the answer to a click that was not enough."""

    active_on: str | None
    amount: int
    bank: BankRef
    bank_decision: BankDecisionView | None
    bank_reference: str | None
    confirmation_url: str
    created_at: str
    currency: str
    end_to_end_id: str | None
    expected_on: str | None
    fee_amount: int
    final_due_on: str
    health: SchedulesHealth | None
    id: str
    interval: Interval | None
    merchant_id: str
    minimum_amount: int
    new_money_amount: int
    next_check_at: str | None
    next_collection: NextCollection | None
    offer_id: str
    outstanding_amount: int
    past_due_amount: int
    past_due_days: int
    pause: NotRequired[PauseView | None]
    paused_until_on: str | None
    payout_account_ending: str | None
    pending_amount: int
    quote_id: str
    reason: str | None
    rebate_amount: int
    refinances: str | None
    repaid_amount: int
    required_action: NotRequired[RequiredAction | None]
    short_amount: int
    state: DrawdownState
    state_at: str
    steps: list[Step]
    terms_hash: str
    total_amount: int
    withhold_bps: int


class DrawdownViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[DrawdownView]
    next_cursor: NotRequired[str | None]


class DueView(TypedDict):
    """By the end of `due_on`, `amount` of the total has to be repaid; `paid_amount` of it has arrived."""

    amount: int
    due_on: str
    paid_amount: int


Ending = Literal["asked", "failing", "gone"]
"""Why an endpoint is disabled."""


ErasureState = Literal["canceled", "erased", "erasing", "partial", "scheduled"]
"""Where an erasure stands; `partial` waits for an open loan to be repaid."""


class ErasureView(TypedDict):
    """What became of the merchant's data once nothing let it be assessed any more. `state`: `scheduled` until
    `due_at`; `erasing`; `partial` while an open loan needs its sales; `erased`; `canceled` when the merchant
    agreed again before it was done. `kept` says what stays, why, until when (`kept_until_on`, its last day, for
    what is kept as evidence), and what of it is `sealed`: encrypted, and shown nowhere."""

    due_at: str
    erased: list[Gone]
    grant_id: str
    id: str
    kept: list[Kept]
    kept_until_on: str | None
    merchant_id: str
    state: ErasureState
    state_at: str


ErasuresReason = Literal["account", "agreement", "audit_chain", "books", "credit_records", "customer", "open_loan"]
"""Why something is kept; the dashboard has words for each."""


class EventPage(TypedDict):
    """Events after a position; read on with `after=next_after`."""

    data: list[EventView]
    next_after: int


class EventView(TypedDict):
    """One event; `position` orders all of them, `sequence` those about one `id`. `data` is that of the webhook."""

    data: dict[str, Any]
    id: str
    merchant_id: str
    occurred_at: str
    position: int
    sequence: int
    type: str


Failure = Literal[
    "address_forbidden",
    "connection_broken",
    "gone",
    "name_not_resolved",
    "not_connected",
    "redirected",
    "status_refused",
    "timed_out",
    "tls_failed",
]
"""Why an attempt failed."""


class ForecastView(TypedDict):
    """Net sales of the next `days` days in minor units: quantiles, p50 the middle. `fallback`: too little history."""

    days: int
    fallback: bool
    p05_amount: int
    p10_amount: int
    p25_amount: int
    p50_amount: int
    p75_amount: int
    p90_amount: int
    p95_amount: int


class Forecasts(TypedDict):
    """What the models expect of the days from `as_of_on` on, and what to buy for the next week. Where stock is
    counted, that is what the week's sales use up less what is there and what is on its way."""

    as_of_on: str
    currency: str
    days: list[DayAhead]
    forecast_30: ForecastView
    forecast_7: ForecastView
    stocking: list[Stocking]
    stocking_need_amount: int
    year: list[WeekView]


class Gap(TypedDict):
    """Usual days in a row without a record; days that are not usual may lie between them."""

    days_count: int
    from_on: str
    to_on: str


class Gone(TypedDict):
    """How many records of a kind were erased."""

    count: int
    kind: Kind


class GrantView(TypedDict):
    """A grant as it stands: what was granted is in `authorization_details`, and may be less than was asked for."""

    authorization_details: list[MerchantData | Offers | Drawdown | RepaymentCollection]
    client_id: str
    created_at: str
    expires_at: str
    grant_id: str
    merchant_id: str
    state: ConsentState
    version: int


class HealthData(TypedDict):
    """`id` is the drawdown's."""

    currency: str
    drawdown_id: str
    id: str
    merchant_id: str
    past_due_amount: int
    past_due_days: int
    sequence: int


class Interval(TypedDict):
    """The interval that runs now: what has been paid of what it asks for, and what is left of it."""

    due_on: str
    minimum_amount: int
    paid_amount: int
    remaining_amount: int


class Kept(TypedDict):
    """How many records of a kind are kept, why, and the last day; None: until the reason is gone, or as it says.
    `sealed` ones are encrypted and read for nothing but an inquiry into them."""

    count: int | None
    kind: Kind
    reason: ErasuresReason
    sealed: NotRequired[bool]
    until_on: NotRequired[str | None]


Kind = Literal[
    "agreements", "audit", "consents", "days", "decisions", "loans", "offers", "sales", "shop", "verifications"
]
"""A kind of data that a report speaks of."""


class Lender(TypedDict):
    """A programme and its bank."""

    bank_id: str
    lender_name: str
    programme_id: str
    programme_version: int


class LimitChange(TypedDict):
    """The current offer's limit against the one it replaced: `amount` is what it is more, or less."""

    amount: int
    at: str
    limit_before_amount: int


class Limits(TypedDict):
    """The most that may be proposed: at once, and outstanding in all, in minor units."""

    currency: str
    outstanding_amount: int
    per_draw_amount: int


LineKind = Literal[
    "adjusted",
    "early",
    "fee",
    "fee_reversed",
    "instalment",
    "minimum",
    "not_paid_out",
    "overpaid",
    "overpayment_returned",
    "overpayment_taken_back",
    "paid_out",
    "rebate",
    "rebate_reversed",
    "recovery",
    "recovery_returned",
    "refinanced",
    "refunds",
    "refused",
    "retry",
    "returned",
    "sales",
    "share",
    "share_of_days",
    "taken_over",
    "written_off",
]
"""What a line is about; each has its sentence in both languages."""


class LineView(TypedDict):
    """One line in plain words. `amount` changes what is owed, `credit_amount` what is kept for the merchant.
    `told_amount` is the figure of a line that changes neither, such as a day's sales; `balance_amount` is owed
    after it."""

    amount: int
    balance_amount: int
    business_on: str | None
    credit_amount: int
    kind: LineKind
    on: str
    reason: str | None
    repayment_id: str | None
    text: str
    told_amount: int


class Logistics(TypedDict):
    """Parcels and deliveries of one day."""

    kind: Literal["logistics"]
    on: str
    received_count: NotRequired[int]
    sent_count: int
    signal_id: str
    version: NotRequired[int]


class Made(TypedDict):
    """A session for a partner's page. `client_secret` opens the frame at `frame_url` once, until `expires_at`."""

    client_secret: str
    expires_at: str
    frame_url: str
    id: str


class MandateData(TypedDict):
    """The state it came to, and the lender it is given to."""

    bank_id: str
    id: str
    merchant_id: str
    sequence: int
    state: MandateState


MandateScheme = Literal["ach", "other", "sepa_b2b", "sepa_core", "vrp"]
"""Whose rules a debit follows."""


MandateState = Literal["active", "pending", "replaced", "revoked", "suspended"]
"""Where a mandate stands; a merchant has at most one that is pending, active or suspended for each bank."""


class MandateView(TypedDict):
    """A mandate. Of its account only the ending is shown. `refundable_amount` is what was debited under it and may
    still be taken back without a reason; `signed_by_id` names the drawdown whose confirmation signed it, or the
    change of the payout account."""

    account_ending: str
    bank_id: str
    creditor_scheme_id: str
    id: str
    reason: str | None
    reference: str
    refundable_amount: int
    scheme: MandateScheme
    signed_at: str
    signed_by_id: str
    state: MandateState
    state_at: str
    uses_count: int


class MandateViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[MandateView]
    next_cursor: NotRequired[str | None]


class MerchantChange(TypedDict):
    """What a partner may correct later. Currency and time zone stay: the books are kept in them."""

    company_id: NotRequired[CompanyId | None]
    legal_name: NotRequired[str]
    mcc: NotRequired[str | None]
    registered_on: NotRequired[str | None]


class MerchantData(TypedDict):
    """`reasons`: what the verification found, by code."""

    id: str
    merchant_id: str
    reasons: NotRequired[list[str]]
    sequence: int


MerchantState = Literal["closed", "created", "suspended", "verified"]
"""Where a merchant stands."""


class MerchantView(TypedDict):
    """A shop as its partner sees it. The payout account comes from verification and is never shown."""

    company_id: CompanyId | None
    country: str
    created_at: str
    currency: str
    day_cutoff: str
    id: str
    legal_name: str
    mcc: str | None
    partner_reference: str | None
    registered_on: str | None
    state: MerchantState
    timezone: str
    updated_at: str


class MerchantViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[MerchantView]
    next_cursor: NotRequired[str | None]


class Metric(TypedDict):
    """One metric of a shop and the share of its cohort below it, in percent."""

    metric: str
    percentile: int
    value: int


class NewArrangement(TypedDict):
    """What a merchant asks for, and why; officers decide, and for how long."""

    kind: Literal["pause"]
    reason: NotRequired[str | None]


class NewAuthority(TypedDict):
    """What a partner proposes to the signatory."""

    caps: Caps
    users: list[User]


class NewConnection(TypedDict):
    """A shop's account at a platform, by the platform's own id of it; the secret may be told later."""

    account_id: str
    platform: str
    secret: NotRequired[str | None]


class NewContact(TypedDict):
    """Where codes and notices go."""

    email: str


class NewContest(TypedDict):
    """A merchant disagrees with a decision."""

    statement: str


class NewDrawdown(TypedDict):
    """A partner proposes to draw a quote; the merchant still has to confirm it."""

    quote_id: str
    terms_hash: str


class NewMerchant(TypedDict):
    """What a partner says of a shop it brings."""

    company_id: NotRequired[CompanyId | None]
    contact_email: NotRequired[str | None]
    country: str
    currency: str
    day_cutoff: NotRequired[str]
    legal_name: str
    mcc: NotRequired[str | None]
    partner_reference: NotRequired[str | None]
    registered_on: NotRequired[str | None]
    timezone: str


class NewParty(TypedDict):
    """One party; the same `reference` in the same role is the same party. `share_bps`: what an owner holds."""

    kind: PartyKind
    name: str
    reference: str
    role: Role
    share_bps: NotRequired[int | None]


class NewPayoutAccount(TypedDict):
    """The account loans are paid out to, in exactly one of two schemes, and whose it is. A US account has its bank's
    routing number, and says when it is a savings account."""

    account: NotRequired[str | None]
    holder_name: str
    iban: NotRequired[str | None]
    routing_number: NotRequired[str | None]
    savings: NotRequired[bool]


class NewPurchase(TypedDict):
    """One document; `refers_to` is the order an invoice bills, or the invoice that is credited or paid."""

    amount: int
    currency: str
    due_on: NotRequired[str | None]
    issued_on: str
    kind: PurchaseKind
    lines: NotRequired[list[SalesLine] | None]
    purchase_id: str
    refers_to: NotRequired[str | None]
    supplier_ref: NotRequired[str | None]
    tax_amount: NotRequired[int]
    version: NotRequired[int]


class NewQuote(TypedDict):
    """Which offer, and how much of it; `programme_id` of another lender than the offer's, one of its alternatives."""

    amount: int
    offer_id: str
    programme_id: NotRequired[str | None]
    refinances: NotRequired[str | None]


class NewRemittance(TypedDict):
    """What a partner withheld; `reference` is its own, given once."""

    currency: str
    lines: list[WithheldLine]
    reference: str


class NewRepayment(TypedDict):
    """Paying early: a part of `amount`, or with `payoff` all that is owed; by default the way the programme collects.
    By debit where that is the way, else by the merchant's own transfer."""

    amount: NotRequired[int | None]
    channel: NotRequired[Literal["debit", "transfer"] | None]
    payoff: NotRequired[bool]


class NewSale(TypedDict):
    """One record of a till; see the module for what `amount` means."""

    amount: int
    business_on: NotRequired[str | None]
    channel: NotRequired[str | None]
    currency: str
    customer_ref: NotRequired[str | None]
    kind: SaleKind
    lines: NotRequired[list[SalesLine] | None]
    location_id: NotRequired[str | None]
    occurred_at: str
    refund_of: NotRequired[str | None]
    sale_id: str
    tax_amount: NotRequired[int]
    tenders: NotRequired[list[Tender] | None]
    tip_amount: NotRequired[int]
    version: NotRequired[int]


class NewScenario(TypedDict):
    """What is to become of a shop."""

    connection_id: NotRequired[str | None]
    daily_amount: NotRequired[int | None]
    history_days: NotRequired[int]
    scenario: ScenarioKind
    seed: NotRequired[int]


class NewSession(TypedDict):
    """What a partner's server asks for when its page is about to show the frame."""

    components: list[Component]
    merchant_id: str
    parent_origins: list[str]
    user: User


class NewStock(TypedDict):
    """One count of one item at one location; `unit_cost_amount` is what one cost, in minor units without tax."""

    category: NotRequired[str | None]
    counted_at: str
    currency: str
    gtin: NotRequired[str | None]
    item_id: str
    location_id: NotRequired[str | None]
    on_order_quantity: NotRequired[str]
    quantity: str
    stock_id: str
    unit_cost_amount: NotRequired[int | None]
    version: NotRequired[int]


class NewWebhook(TypedDict):
    """Where events are to be sent, and which."""

    types: NotRequired[list[str]]
    url: str


class NextCollection(TypedDict):
    """The next debit: of one that is on its way, or of what the next due date lacks still."""

    amount: int
    collect_on: str


NoticeKind = Literal["adverse_action"]
"""What a notice tells."""


NoticeState = Literal["open", "sent", "withdrawn"]
"""Where a notice stands."""


class NoticeView(TypedDict):
    """What a merchant must be told by `due_at`: decisions took its limit from `before_amount` to `after_amount`. It is
    sent to the merchant's verified contact at `send_at`: a day after a material cut or a stop, weeks after
    small ones. Without a contact it stays `open`, and telling the merchant is yours to do. `withdrawn`: the
    limit came back before anything was sent."""

    after_amount: int
    before_amount: int
    currency: str
    decision_ids: list[str]
    due_at: str
    id: str
    kind: NoticeKind
    merchant_id: str
    opened_at: str
    reasons: list[ReasonsReason]
    send_at: str
    sent_at: str | None
    state: NoticeState


class NoticeViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[NoticeView]
    next_cursor: NotRequired[str | None]


class OfMerchant(TypedDict):
    """About something of a merchant's."""

    id: str
    merchant_id: str
    sequence: int


OfferAction = Literal["read"]
"""What a partner may do with offers."""


class OfferData(TypedDict):
    """`decision_id`: what changed it, where a decision did."""

    decision_id: NotRequired[str | None]
    id: str
    merchant_id: str
    sequence: int


OfferState = Literal["canceled", "delivered", "expired", "replaced", "undelivered"]
"""Where an offer stands; `frozen` is an overlay beside it."""


class OfferView(TypedDict):
    """An offer as it was made: immutable but for `state`, `frozen_at` and what replaced it."""

    commitment: Commitment
    created_at: str
    currency: str
    data_as_of: str | None
    decision_id: str
    delivered_at: str | None
    expires_at: str
    findings: list[QualityFinding]
    frozen_at: str | None
    id: str
    limit_amount: int
    merchant_id: str
    price: Price
    programme: ProgrammeRef
    reasons: list[ReasonsReason]
    replaced_by: str | None
    replaces: str | None
    state: OfferState
    terms: Terms


class Offers(TypedDict):
    """See what can be borrowed."""

    actions: list[OfferAction]
    type: Literal["offers"]


class Parties(TypedDict):
    """All parties of a shop."""

    data: list[PartyView]


class Party(TypedDict):
    """Who signs: what they are called in the text, their name, and the registry's number where one is known."""

    name: str
    number: str | None
    role: str


PartyKind = Literal["company", "person"]
"""What a party is."""


class PartyView(TypedDict):
    """A party as its shop's partner sees it; its reference is not kept, only a hash that nobody can turn back.
    `elsewhere_count`: behind how many other shops of yours the same party stands."""

    created_at: str
    elsewhere_count: int
    id: str
    kind: PartyKind
    name: str
    role: Role
    share_bps: int | None
    updated_at: str


class PauseView(TypedDict):
    """A pause that the merchant asked for: `proposed` until officers have decided."""

    created_at: str
    id: str
    state: ArrangementState


class PayoffDates(TypedDict):
    """When all will be repaid: 8 times in 10 between `p10_on` and `p90_on`."""

    p10_on: str
    p50_on: str
    p90_on: str


class PayoffView(TypedDict):
    """What clears a drawdown today: `amount`, beside `pending_amount` on its way already, and `rebate_amount` less."""

    amount: int
    as_of_on: str
    currency: str
    drawdown_id: str
    outstanding_amount: int
    pending_amount: int
    rebate_amount: int


Payouts = Literal["give_back", "hold", "pay", "reject"]
"""What it does with a payout."""


class Peers(TypedDict):
    """A shop beside its like, as of the last night. `available` is false while the cohort has fewer than 30 merchants
    or too little is known of the shop. `industry` is the first two digits of the MCC. Metrics, over the last 28
    closed days: `growth_bps` (net sales to those of the 28 days before), `average_ticket_amount`, `refunds_bps`
    (of sales), `stock_turnover_days` (how long the stock counted lasts, at a cost of 60 % of sales), and over
    91 days `repurchase_bps` (known customers who came on two days or more). `percentile`: the share of the
    cohort below, 0…100 in steps of 5."""

    available: bool
    built_on: NotRequired[str | None]
    country: NotRequired[str | None]
    currency: NotRequired[str | None]
    industry: NotRequired[str | None]
    merchants_count: NotRequired[int | None]
    metrics: NotRequired[list[Metric]]


class Point(TypedDict):
    """Repaid altogether until the end of a day, in minor units."""

    amount: int
    on: str


class PointAhead(TypedDict):
    """The same of a day to come: 8 times in 10 between low and high, as likely above `likely_amount` as below."""

    high_amount: int
    likely_amount: int
    low_amount: int
    on: str


class Price(TypedDict):
    """What borrowing costs and how it is repaid."""

    fee_bps: int
    kind: str
    term_days: int
    withhold_bps: int


class ProgrammeRef(TypedDict):
    """Which programme, and which version of it, a decision was made under."""

    id: str
    version: int


class Progress(TypedDict):
    """How a loan comes along; all sums are cumulative, in minor units, what is given up of the fee counted as paid.
    `planned_payoff_on` and `plan` are the quote's estimate. `paid` is of settled money: its last sum and what
    is outstanding are the total, as in the statement. `ahead` and `payoff` are told of a loan that is out,
    where its shop's sales are foreseen. `days` are the last closed business days, newest first."""

    ahead: list[PointAhead]
    currency: str
    days: list[DayRepaid]
    drawdown_id: str
    paid: list[Point]
    payoff: PayoffDates | None
    plan: list[Point]
    planned_payoff_on: str | None


PurchaseKind = Literal["credit_note", "invoice", "order", "payment"]
"""What the record is."""


class QualityFinding(TypedDict):
    """One thing that looks wrong; `count` says how often, of days, rows or basis points as its code means."""

    code: str
    count: NotRequired[int]
    weight: Weight


class QuoteView(TypedDict):
    """What the merchant must see before the click; a confirmation repeats `terms_hash`. All costs never come to more
    than `all_in_cap_bps` a year, at whatever day it is paid off. A quote that `refinances` a drawdown takes
    over `refinanced_amount` of its principal and `refinanced_fee_amount` of its fee, both part of `amount` and
    `fee_amount` and charged once, and pays out `new_money_amount`. Sales as foreseen pay it off between
    `payoff_from_on` and `payoff_to_on` 8 times in 10; these are no terms, and null where nothing is foreseen."""

    all_in_cap_bps: int
    amount: int
    apr_bps: int
    assumptions: Assumptions
    bank: BankRef
    collection: CollectionMode
    created_at: str
    currency: str
    early_rebate_bps: int
    estimated_payoff_on: str
    expires_at: str
    fee_amount: int
    final_due_on: str
    id: str
    interval_days: int
    merchant_id: str
    minimum_amount: int
    new_money_amount: int
    offer_id: str
    partner_revenue_share_amount: int
    payoff_from_on: str | None
    payoff_to_on: str | None
    programme_id: str
    programme_version: int
    refinanced_amount: int
    refinanced_fee_amount: int
    refinances: str | None
    terms_hash: str
    terms_version: str
    total_amount: int
    withhold_bps: int


class Rating(TypedDict):
    """What customers say on a platform as of a day: the mean score (10,000 = the best), over so many reviews."""

    kind: Literal["rating"]
    on: str
    platform: str
    reviews_count: int
    score_bps: int
    signal_id: str
    version: NotRequired[int]


class ReasonsReason(TypedDict):
    """One reason; `amount` is its part of the change or the term's own value, in minor units; `feature` its source.
    The last reason of an offer is the term that holds the limit where it is, with that term's value; those
    before it are parts of a change, or of what keeps a first offer from the best there is. A stop's first
    reason is the stop."""

    amount: NotRequired[int | None]
    code: str
    feature: NotRequired[str | None]
    text: Text


class RemittanceData(TypedDict):
    """The partner's own, about no single merchant."""

    amount: int
    currency: str
    id: str
    sequence: int
    state: RemittanceState


class RemittanceLines(TypedDict):
    """The same with its lines."""

    amount: int
    bank_id: str
    created_at: str
    currency: str
    id: str
    lines: NotRequired[list[RemittancesLine]]
    outstanding_amount: int
    received_amount: int
    reference: str
    state: RemittanceState
    state_at: str
    transfer_reference: str


RemittanceState = Literal["announced", "received", "short"]
"""Where a remittance stands."""


class RemittanceView(TypedDict):
    """What was withheld and reported. Pay `outstanding_amount` to the bank with exactly `transfer_reference`."""

    amount: int
    bank_id: str
    created_at: str
    currency: str
    id: str
    outstanding_amount: int
    received_amount: int
    reference: str
    state: RemittanceState
    state_at: str
    transfer_reference: str


class RemittanceViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[RemittanceView]
    next_cursor: NotRequired[str | None]


class RemittancesLine(TypedDict):
    """What was withheld for one repayment, and what of it came."""

    amount: int
    drawdown_id: str
    received_amount: int
    repayment_id: str


class RemittancesOutcome(TypedDict):
    """What became of one line: taken, with what of it stays due; or refused by a `code`, and nothing of it moved."""

    code: NotRequired[str | None]
    detail: NotRequired[str | None]
    index: int
    repayment_id: str | None
    short_amount: NotRequired[int]
    taken: bool
    withheld_amount: NotRequired[int]


class RepaymentCollection(TypedDict):
    """Take repayments out of sales, never more than this share of a day's net sales."""

    actions: list[CollectAction]
    max_withhold_bps: int
    type: Literal["repayment_collection"]


class RepaymentData(TypedDict):
    """The state it came to."""

    amount: int
    currency: str
    drawdown_id: str
    id: str
    merchant_id: str
    sequence: int
    state: RepaymentState


RepaymentKind = Literal["early", "instalment", "minimum", "recovery", "refund", "share"]
"""What a repayment is for."""


RepaymentState = Literal[
    "canceled", "failed", "in_doubt", "initiated", "pending", "returned", "reversed", "scheduled", "settled"
]
"""Where a repayment stands."""


class RepaymentView(TypedDict):
    """Money on its way to the bank, or there: a share of a day's net sales, or what `kind` says. `rebate_amount` is
    what of the fee need not be paid once it settles. `transfer_reference` is what a transfer must carry to be
    known. `fee_amount` below zero: so much of the fee paid before pays principal."""

    amount: int
    attempts_count: int
    business_on: str
    channel: Channel
    collect_on: str | None
    currency: str
    drawdown_id: str
    fee_amount: int
    id: str
    kind: RepaymentKind
    principal_amount: int
    reason: str | None
    rebate_amount: int
    recovered_amount: int
    retry_of: str | None
    settled_on: str | None
    state: RepaymentState
    suspense_amount: int
    transfer_reference: str | None


class RepaymentViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[RepaymentView]
    next_cursor: NotRequired[str | None]


class Replay(TypedDict):
    """What is to be sent again: events by their ids, or those of a range, by position in the log or by time. `from_…`
    and `to_…` are inside the range; of times both are needed."""

    event_ids: NotRequired[list[str] | None]
    from_at: NotRequired[str | None]
    from_position: NotRequired[int | None]
    to_at: NotRequired[str | None]
    to_position: NotRequired[int | None]


class Replayed(TypedDict):
    """How many events are sent again; where the range holds more, `next_position` is where the next replay starts."""

    count: int
    next_position: NotRequired[int | None]


class ReportedView(TypedDict):
    """The same with what became of each line that was sent."""

    amount: int
    bank_id: str
    created_at: str
    currency: str
    id: str
    outcomes: NotRequired[list[RemittancesOutcome]]
    outstanding_amount: int
    received_amount: int
    reference: str
    state: RemittanceState
    state_at: str
    transfer_reference: str


class RequiredAction(TypedDict):
    """One thing to be done, and where; `why` holds codes."""

    amount: NotRequired[int | None]
    drawdown_id: NotRequired[str | None]
    due_on: NotRequired[str | None]
    type: ActionType
    url: NotRequired[str | None]
    why: NotRequired[list[str]]


class RestView(TypedDict):
    """Nothing falls due from `from_on` until `until_on`."""

    from_on: str
    until_on: str


class ReviewData(TypedDict):
    """`subject_id`: the drawdown or the decision that a person looks at."""

    id: str
    kind: ReviewKind
    merchant_id: str
    sequence: int
    subject_id: str


ReviewKind = Literal["bank_referral", "contest", "drawdown"]
"""What a review is about: a drawdown that waits for us or for its bank, or a decision that is contested."""


ReviewState = Literal["approved", "canceled", "declined", "open"]
"""Where a review stands."""


Role = Literal["affiliate", "controller", "owner", "signatory"]
"""What a party is to the shop."""


class Rotation(TypedDict):
    """`force`: end the secret before the current one at once, where it still overlaps."""

    force: NotRequired[bool]


class RouteView(TypedDict):
    """What every lender said, by their ids; `common_amount` is the one at which their prices were compared."""

    common_amount: int
    lenders: list[Alternative]


class RowResult(TypedDict):
    """Why the row at `index` was not taken."""

    code: str
    detail: str
    index: int


SaleKind = Literal["refund", "sale", "void"]
"""What the record is."""


class SalesData(TypedDict):
    """`id` is the merchant's; `data_at`: the newest record there is."""

    data_at: NotRequired[str | None]
    id: str
    merchant_id: str
    sequence: int


class SalesLine(TypedDict):
    """One item of the ticket (UBL InvoiceLine); `quantity` is a decimal string."""

    amount: int
    category: NotRequired[str | None]
    gtin: NotRequired[str | None]
    item_id: str
    quantity: str


ScenarioKind = Literal[
    "closed_shop", "data_silence", "declining", "healthy", "inflated_sales", "refund_wave", "seasonal"
]
"""What becomes of the shop."""


class ScenarioView(TypedDict):
    """The scenario at a shop; what happened until `told_at` was pushed."""

    connection_id: str | None
    daily_amount: int
    merchant_id: str
    scenario: ScenarioKind
    seed: int
    since_on: str
    told_at: str


class ScheduleView(TypedDict):
    """What has to be repaid by when, shares of sales included; a surplus counts for the next due date. Empty before
    the money went and after the loan was written off, unless a plan was agreed after that. `pauses` are in the
    dates already."""

    currency: str
    drawdown_id: str
    dues: list[DueView]
    paid_amount: int
    pauses: list[RestView]
    pending_amount: int
    total_amount: int


SchedulesHealth = Literal["charged_off", "current", "defaulted", "late", "near_breach", "recovered"]
"""How a loan that is out does; `paused` lies over it."""


class SessionConsent(TypedDict):
    """The consent behind a widget session; at `manage_url` its merchant reads all of it and takes it back."""

    client: str
    given_at: str
    grant_id: str
    lines: list[ConsentLine]
    locale: str
    manage_url: str
    until_on: str


Severity = Literal["critical", "warning"]
"""How much of it: `warning` is to be looked at, after `critical` the gateway itself has become more careful."""


class ShortfallData(TypedDict):
    """`id` is the drawdown's: by the forecast its sales will miss the minimum due by `short_amount`."""

    currency: str
    drawdown_id: str
    due_on: str
    id: str
    merchant_id: str
    sequence: int
    short_amount: int


class SourceView(TypedDict):
    """What one source told of one kind of data (`sales`, `stock`, `purchases`, `signals.tax` and so on). `tier` is how
    far it is trusted. `leading`, of sales, says whether its sales are the ones that count now; another source's
    are kept and compared, and never counted twice. `stale`: it spoke and has fallen silent. `gaps` are its
    usual days without a record. `last_rejects` are those of the last request that had any."""

    accepted_count: int
    duplicates_count: int
    first_on: str | None
    gaps: list[Gap]
    kind: str
    last_on: str | None
    last_received_at: str | None
    last_rejected_at: str | None
    last_rejects: list[RowResult]
    late_count: int
    leading: bool | None
    rejected_count: int
    source: str
    stale: bool
    tier: Tier


Standing = Literal[
    "bank_stopped",
    "chosen",
    "currency_not_served",
    "higher_price",
    "later_id",
    "later_payout",
    "lower_limit",
    "no_capacity",
    "not_eligible",
    "not_materially_better",
]
"""What became of one lender: chosen, or why not."""


class StatementView(TypedDict):
    """Every line of a loan; the totals are the sums of the lines, and the ledger's to the minor unit."""

    currency: str
    drawdown_id: str
    lines: list[LineView]
    made_at: str
    merchant_id: str
    totals: Totals


class Step(TypedDict):
    """A state that a drawdown came to, and when."""

    at: str
    state: DrawdownState


class Stocking(TypedDict):
    """One category's part of the stocking need: minor units, and its share in basis points."""

    category: str
    need_amount: int
    share_bps: int


class SummaryView(TypedDict):
    """Where a shop stands; each part is there when the token has the right to it. `past` are the last closed business
    days, `takings_today_amount` what the open one took so far. `forecast` is null before the first day was
    closed. `payout_account_ending`: the last four of the account that a loan is paid to. An offer needs
    `trading_days_needed_count` days on which something was sold, `trading_days_count` are known. `agreement` is
    the one signed with this lender; null before the first loan signs it. `drawdowns` are those that have not
    ended, newest first. `required_actions` says what has to be done before the shop can borrow or go on, by
    whom its type says."""

    agreement: NotRequired[AgreementRef | None]
    currency: str
    data_as_of: str | None
    drawdowns: NotRequired[list[DrawdownView] | None]
    forecast: NotRequired[Forecasts | None]
    lender: NotRequired[BankRef | None]
    merchant_id: str
    offer: NotRequired[CurrentOffer | None]
    past: NotRequired[list[DaySales]]
    payout_account_ending: NotRequired[str | None]
    required_actions: list[RequiredAction]
    takings_today_amount: NotRequired[int | None]
    timezone: str
    today_on: str
    trading_days_count: NotRequired[int | None]
    trading_days_needed_count: NotRequired[int | None]


class Taken(TypedDict):
    """What became of the rows, and where the merchant stands after them. `rejected` rows are not stored; `duplicates`
    were known already. `takings_today_amount` is the current business day's net sales so far."""

    accepted: int
    data_as_of: str | None
    duplicates: int
    offer: CurrentOffer
    rejected: list[RowResult]
    takings_today_amount: int


class Tax(TypedDict):
    """One return: the turnover declared for a period, what is due on it by when, and what was paid (SAF-T TaxTable)."""

    currency: str
    declared_amount: int
    due_amount: int
    due_on: str
    from_on: str
    kind: Literal["tax"]
    paid_amount: NotRequired[int]
    paid_on: NotRequired[str | None]
    signal_id: str
    to_on: str
    version: NotRequired[int]


Tells = Literal["contradictions", "everything", "no_bookings", "nothing", "twice"]
"""What it says of what it did; what it kept to itself it tells once `everything` is set again."""


class Tender(TypedDict):
    """One means of payment and what it paid (UBL PaymentMeans)."""

    amount: int
    means: str


class Terms(TypedDict):
    """The terms of the formula: `limit_amount` can be recomputed from them alone."""

    affordability_amount: int
    base_amount: int
    dial_bps: NotRequired[int]
    grade: str | None
    grade_bps: int
    haircut_bps: NotRequired[int]
    headroom_amount: int
    net_closed_amount: int
    net_open_amount: int
    programme_cap_amount: int


class Text(TypedDict):
    """The same sentence in both languages."""

    en: str
    zh: str


Tier = Literal["bank_matched", "declared", "settled"]
"""Where a merchant's sales are known from; a programme's policy gives each a haircut and a best grade."""


class Totals(TypedDict):
    """The sums of the lines; `outstanding_amount` is owed still, `credit_amount` kept for the merchant."""

    credit_amount: int
    fee_amount: int
    outstanding_amount: int
    paid_out_amount: int
    rebate_amount: int
    recovered_amount: int
    refinanced_amount: int
    repaid_amount: int
    taken_over_amount: int
    written_off_amount: int


UnderwritingOutcome = Literal["declined", "frozen", "offered"]
"""What a decision comes to."""


class User(TypedDict):
    """A person at the till as the partner knows them; `id` is what a widget session names."""

    id: str
    name: str
    role: str


Utility = Literal["gas", "power", "rent", "telecom", "water"]
"""What is supplied."""


class UtilityBill(TypedDict):
    """One bill of a utility or the landlord; `consumption` in the utility's own unit, the same every time."""

    consumption: NotRequired[str | None]
    currency: str
    due_amount: int
    due_on: str
    from_on: str
    kind: Literal["utility"]
    paid_amount: NotRequired[int]
    paid_on: NotRequired[str | None]
    signal_id: str
    to_on: str
    utility: Utility
    version: NotRequired[int]


class VerificationView(TypedDict):
    """What was last found; `outcome` is null before the first answer. The evidence is never shown."""

    outcome: VerificationsFinding | None
    reasons: list[str]
    recorded_at: str | None
    state: MerchantState


VerificationsFinding = Literal["referred", "refused", "verified"]
"""What the verification says; `referred`: a person looks, ask again."""


class WebhookChange(TypedDict):
    """What may be changed. Enabled again, an endpoint is sent what happens from then on; the rest by a replay."""

    state: NotRequired[WebhookState]
    types: NotRequired[list[str]]
    url: NotRequired[str]


class WebhookData(TypedDict):
    """An endpoint of the partner's; `reason`: why no more is sent there."""

    failing_since: NotRequired[str | None]
    id: str
    reason: NotRequired[str | None]
    sequence: int


WebhookState = Literal["disabled", "enabled"]
"""Whether an endpoint is sent anything."""


class WebhookView(TypedDict):
    """An endpoint. `public_key` checks the `v1a` signature of what it is sent. `version` is that of the API whose
    shapes it is sent: its client's when it was made. `previous_secret_until` is how long the secret before the
    current one still signs; `failing_since` is since when nothing could be delivered; `paused_until` is what
    its last Retry-After asked for."""

    created_at: str
    disabled_at: str | None
    disabled_because: Ending | None
    failing_since: str | None
    id: str
    paused_until: str | None
    previous_secret_until: str | None
    public_key: str
    state: WebhookState
    types: list[str]
    updated_at: str
    url: str
    version: str


class WebhookViewPage(TypedDict):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[WebhookView]
    next_cursor: NotRequired[str | None]


class WebhookWithSecret(TypedDict):
    """The same with its new secret, which is shown this once; it checks the `v1` signature."""

    created_at: str
    disabled_at: str | None
    disabled_because: Ending | None
    failing_since: str | None
    id: str
    paused_until: str | None
    previous_secret_until: str | None
    public_key: str
    secret: str
    state: WebhookState
    types: list[str]
    updated_at: str
    url: str
    version: str


class WeekView(TypedDict):
    """Net sales from now until the end of a week ahead, in minor units; p50 the middle."""

    p10_amount: int
    p50_amount: int
    p90_amount: int
    week: int


Weight = Literal["flag", "note", "stop"]
"""What a finding leads to; see the module."""


class WithheldLine(TypedDict):
    """One due withholding, by its id or by its loan and day, and what was withheld of it: 0 = nothing could be."""

    business_on: NotRequired[str | None]
    drawdown_id: NotRequired[str | None]
    repayment_id: NotRequired[str | None]
    withheld_amount: int


class ZTotals(TypedDict):
    """What the till's own close says, without tax and tip; those given must agree with the rows we hold."""

    net_amount: NotRequired[int | None]
    refunds_amount: NotRequired[int | None]
    sales_amount: NotRequired[int | None]
    tickets_count: NotRequired[int | None]
    voids_amount: NotRequired[int | None]
