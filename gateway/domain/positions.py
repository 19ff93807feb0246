"""A merchant's position: everything the limit is made of, at hand in one value.

It is what the hot path reads and writes: closed days, open days, the last scores, what was offered and what is owed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from struct import unpack
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calendars, grants, histories, sources
from gateway.domain.categories import Stocking
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import Datatype, Purpose
from gateway.domain.grants import Grant, Need
from gateway.domain.histories import History
from gateway.domain.merchants import CompanyId, MerchantState
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.quality import Finding
from gateway.domain.reasons import Reason
from gateway.domain.sales import Totals, bounded
from gateway.domain.sources import Lead
from gateway.domain.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping


PD = "pd"
"""The features of the risk model among those that are kept."""
Row = bytes | list[float | None]
"""What a model saw of one merchant: packed float32, little end first, NaN = missing; or written out."""


def seen(row: Row) -> list[float | None]:
    """A kept row, feature by feature; None = missing."""
    if not isinstance(row, bytes):
        return row
    return [None if value != value else value for value in unpack(f"<{len(row) // 4}f", row)]  # noqa: PLR0124 - NaN


class GradeScore(msgspec.Struct, frozen=True, gc=False):
    """The PD (1/100 bp) of drawing `exposure_amount`, the whole limit of one grade."""

    grade: str
    exposure_amount: int
    pd: int


class Profile(msgspec.Struct, frozen=True):
    """What is known of the shop besides its sales; pre-screening reads it."""

    country: str = ""
    mcc: str | None = None
    company: CompanyId | None = None
    registered_on: date | None = None
    tier: Tier = Tier.declared


class Track(msgspec.Struct, frozen=True, gc=False):
    """What one horizon's intervals learned: four factors in 1e-6 (`gateway.domain.tracking`).

    `said` is what the model alone answered at the last closes whose horizon has not ended, packed because every
    merchant carries a month of it; `tracking.answers` reads it.
    """

    factors: tuple[int, ...]
    said: bytes = b""


class Tracks(msgspec.Struct, frozen=True, gc=False):
    """Both horizons' tracks, and the last closed day that has taught them."""

    days_7: Track
    days_30: Track
    through_on: date


class Override(msgspec.Struct, frozen=True):
    """A person's decision that policy heeds until `expires_at`: stops and flags it `clears`, a grade it gives.

    It overrules the policy of one programme; None = of the time when there was one.
    """

    review_id: str
    expires_at: datetime
    clears: tuple[str, ...] = ()
    grade: str | None = None
    programme_id: str | None = None


class Grading(msgspec.Struct, frozen=True, gc=False):
    """What the risk model said of the limits of one programme, and the grade that came of it: see `Scores`."""

    programme: ProgrammeRef
    graded_from: str | None
    candidates: tuple[GradeScore, ...]
    grade: str | None
    pd: int | None
    contributions: tuple[tuple[str, int], ...]
    row: Row
    """What the model saw: the row `pd` of the features."""


class Scores(msgspec.Struct, frozen=True, gc=False):
    """What the models said of the closed days through `scored_through_on`.

    Forecasts are seven quantiles (.05 .10 .25 .50 .75 .90 .95) of the net sales of the next 7 and 30 days, in minor
    units; `ratios` are the models' own answers in 1e-6, `factors` what tracking widened them by. `year` is cumulative
    net sales (P10, P50, P90) until the weeks of `paths.KNOTS`, `ratios_year` the model's own answers. `grade` is the
    best one whose own limit keeps the PD within it, None when none does; `graded_from` the one before, which hysteresis
    leans on. `model` says which model the PD is of. An `anomaly` of 1,000,000 and above is an alert. `features` are the
    rows that the models saw; `seen` reads one.

    All that depends on the limits tried (`programme`, `graded_from`, `candidates`, `grade`, `pd`, `contributions`, the
    row `pd`) is of one programme; `others` has the same of the other programmes in force.
    """

    scored_through_on: date
    forecast_7: tuple[int, ...]
    forecast_30: tuple[int, ...]
    ratios_7: tuple[int, ...]
    ratios_30: tuple[int, ...]
    fallback: bool
    candidates: tuple[GradeScore, ...]
    grade: str | None
    pd: int | None
    features: dict[str, Row]
    contributions: tuple[tuple[str, int], ...]
    models: dict[str, str]
    model: str = "pd"
    programme: ProgrammeRef | None = None
    graded_from: str | None = None
    factors_7: tuple[int, ...] = ()
    factors_30: tuple[int, ...] = ()
    year: tuple[tuple[int, int, int], ...] = ()
    ratios_year: tuple[tuple[int, int, int], ...] = ()
    anomaly: int | None = None
    anomaly_contributions: tuple[tuple[str, int], ...] = ()
    others: tuple[Grading, ...] = ()
    stocking: tuple[Stocking, ...] | None = None
    """What to buy for the next week by category, where the shelves are known."""

    def under(self, programme_id: str) -> Scores:
        """The same scores with the grading of that programme in front, if there is one."""
        grading = next((one for one in self.others if one.programme.id == programme_id), None)
        if grading is None or self.programme is None:
            return self
        mine = Grading(
            self.programme, self.graded_from, self.candidates, self.grade, self.pd, self.contributions,
            self.features[PD],
        )  # fmt: skip
        return self.graded(grading, tuple([mine if one is grading else one for one in self.others]))

    def graded(self, grading: Grading, others: tuple[Grading, ...] = ()) -> Scores:
        """The same scores with that grading in front of `others`."""
        return msgspec.structs.replace(
            self,
            programme=grading.programme,
            graded_from=grading.graded_from,
            candidates=grading.candidates,
            grade=grading.grade,
            pd=grading.pd,
            contributions=grading.contributions,
            features=self.features | {PD: grading.row},
            others=others,
        )

    def grade_under(self, programme_id: str) -> str | None:
        """The grade under a programme, whichever of its versions gave it."""
        if self.programme is None or self.programme.id == programme_id:
            return self.grade
        return next((one.grade for one in self.others if one.programme.id == programme_id), None)


class Grounds(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an offer's limit rested on beside base and grade, so that a change of it can be explained; see `Terms`.

    `caps_amount` is the lesser of programme cap and headroom, `net_amount` the closed and open net sales. `logits` are
    the contributions that `model` (the beginning of its SHA-256) said in the order of its features, in 1e-6.
    """

    affordability_amount: int
    grade_bps: int
    dial_bps: int
    caps_amount: int
    haircut_bps: int
    net_amount: int
    programme: ProgrammeRef
    model: str | None = None
    logits: tuple[int, ...] = ()


class Offered(msgspec.Struct, frozen=True, gc=False):
    """The current offer, as much of it as a change is measured against."""

    id: str
    decision_id: str
    limit_amount: int
    grade: str
    base_amount: int
    made_at: datetime
    expires_at: datetime
    raised_at: datetime | None
    frozen: bool = False
    grounds: Grounds | None = None
    price: tuple[int, int, int] | None = None
    """Fee and withheld share in bps, term in days (`Programme.price`); None where it was not noted yet."""
    bank_approved: bool = False
    """The bank approved draws on it beforehand (`gateway.domain.approvals`)."""

    @property
    def programme_id(self) -> str | None:
        """Whose offer it is; None where it was not noted yet."""
        return None if self.grounds is None else self.grounds.programme.id


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The last decision that was written: its outcome and its reasons."""

    decision_id: str
    outcome: str
    reasons: tuple[Reason, ...]
    decided_at: datetime


class Position(msgspec.Struct, frozen=True, gc=False):
    """See the module. `open_days` holds the totals of business days after the last closed one."""

    merchant_id: str
    partner_id: str
    merchant_state: MerchantState
    currency: str
    timezone: str
    day_cutoff: str
    version: int
    exposure_amount: int
    history: History | None
    open_days: dict[date, Totals]
    closes_at: datetime | None
    data_at: datetime | None
    scores: Scores | None
    offered: Offered | None
    verdict: Verdict | None
    grants: tuple[Grant, ...] = ()
    """The consents in force. Whatever changes one raises `version`, so that no write rests on an old one."""
    profile: Profile = Profile()
    tracks: Tracks | None = None
    flags: tuple[str, ...] = ()
    """What sweeps saw (`clone_suspected`): a draw is reviewed while one stands."""
    override: Override | None = None
    leads: tuple[Lead, ...] = ()
    """Whose sales count on which day (`gateway.domain.sources`)."""
    findings: tuple[Finding, ...] = ()
    """What the last night's data-quality gate found."""
    partner_tier: Tier = Tier.declared
    """How far what the partner itself pushes is trusted; `profile.tier` follows from it and from who leads."""

    def today(self, now: datetime) -> date:
        """The shop's current business day."""
        return calendars.business_date(now, self.timezone, self.day_cutoff)

    def under(self, programme_id: str) -> Position:
        """The same position with the scores of a programme in front: what it is assessed by under that one."""
        if self.scores is None or (scores := self.scores.under(programme_id)) is self.scores:
            return self
        return msgspec.structs.replace(self, scores=scores)

    def assessed_under(self, now: datetime) -> tuple[Grant, ...]:
        """The consents that let a limit be worked out of these sales at `now`; none: it must not be."""
        return tuple([grant for grant in self.grants if grant.allows(grants.ASSESS, now)])

    def fed_under(self, now: datetime) -> tuple[Grant, ...]:
        """The consents under which data of any kind come in to be assessed at `now`."""
        return tuple([grant for grant in self.grants if any(grant.allows(need, now) for need in grants.FEEDS)])

    def permit(self, grant_id: str | None, need: Need, now: datetime) -> Grant:
        """The consent under which the holder of a grant may do this at `now`. Raises ConsentRequired."""
        grant = next((grant for grant in self.grants if grant.grant_id == grant_id), None)
        if grant is None or now >= grant.expires_at:
            raise ConsentRequired("The merchant has not consented, or not any more", merchant_id=self.merchant_id)
        if not grant.allows(need, now):
            raise grants.required(need)
        return grant

    def permit_push(self, grant_id: str | None, datatype: Datatype, now: datetime) -> Grant:
        """The same for data coming in: to be assessed by it, or to service a loan that is running."""
        try:
            return self.permit(grant_id, grants.push(datatype, Purpose.credit_assessment), now)
        except ConsentRequired:
            if self.exposure_amount <= 0:
                raise
        return self.permit(grant_id, grants.push(datatype, Purpose.repayment_servicing), now)

    def permit_intake(self, datatype: Datatype, now: datetime) -> Grant:
        """The same for data that no grant's own client sends: under any consent to it in force."""
        refusal = grants.required(grants.push(datatype, Purpose.credit_assessment))
        for grant in self.grants:
            try:
                return self.permit_push(grant.grant_id, datatype, now)
            except ConsentRequired as refused:
                refusal = refused
        raise refusal

    def told(self, first_on: date, end_on: date | None) -> bool:
        """Whether sales count on any day from `first_on` on, before `end_on` where there is one."""
        if any(first_on <= on and (end_on is None or on < end_on) for on, day in self.open_days.items()
               if day != Totals()):  # fmt: skip
            return True
        return self.history is not None and histories.told(self.history, first_on, end_on)

    def trading_days(self) -> list[date]:
        """The days kept on which anything was sold."""
        days = [] if self.history is None else histories.trading_days(self.history)
        return days + [on for on, totals in self.open_days.items() if totals.tickets_count]

    def retiered(self) -> Position:
        """The same with the trust tier of the source that most of the last 30 closed days' net sales came from."""
        history = self.history
        if history is None:
            tier = sources.trusted(self.leads[-1:], self.partner_tier, lambda *_: 0, date.min)
        else:
            since_on = history.through_on - timedelta(days=histories.WINDOW - 1)
            tier = sources.trusted(self.leads, self.partner_tier, partial(histories.net_amount, history), since_on)
        if tier is self.profile.tier:
            return self
        return msgspec.structs.replace(self, profile=msgspec.structs.replace(self.profile, tier=tier))

    def takings_amount(self, now: datetime) -> int:
        """Net sales of the current business day so far, closed early or not."""
        today = self.today(now)
        if self.history is not None and self.history.through_on == today:
            return self.history.tails[1]
        return self.open_days.get(today, Totals()).net_amount


def record(position: Position, changes: Mapping[date, Totals], at: datetime) -> tuple[Position, bool]:
    """Add what arrived to its days; True when a closed day changed, so that the models must look again.

    Raises DayTooLarge, and then nothing of it may be kept.
    """
    history, open_days = position.history, dict(position.open_days)
    rescored = False
    for on, change in changes.items():
        if history is not None and on <= history.through_on:
            history, rescored = histories.amend(history, on, change), True
        else:
            open_days[on] = bounded(on, open_days.get(on, Totals()) + change)
    closes_at = position.closes_at
    if history is None and open_days:
        closes_at = calendars.closes_at(min(open_days), position.timezone, position.day_cutoff)
    changed = msgspec.structs.replace(position, history=history, open_days=open_days, data_at=at, closes_at=closes_at)
    return changed if len(position.leads) == 1 else changed.retiered(), rescored


def close(position: Position, through_on: date, at: datetime | None) -> Position:
    """Close every business day up to `through_on`; a no-op for days that are closed already.

    A history begins with the first record: a shop that never sold anything closes its days without one.
    """
    history = position.history
    if history is None:
        started_on = min(position.open_days, default=None)
        if started_on is None or started_on > through_on:
            return msgspec.structs.replace(position, data_at=at)
        history = histories.build(started_on, through_on, position.open_days)
    elif through_on > history.through_on:
        history = histories.extend(history, through_on, position.open_days)
    open_days = {on: totals for on, totals in position.open_days.items() if on > history.through_on}
    closes_at = calendars.closes_at(history.through_on + timedelta(days=1), position.timezone, position.day_cutoff)
    closed = msgspec.structs.replace(position, history=history, open_days=open_days, closes_at=closes_at, data_at=at)
    return closed if len(closed.leads) == 1 else closed.retiered()
