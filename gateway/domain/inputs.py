"""What policy reads of a position: taken down once, and kept with the decision."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.histories import WINDOW, History
from gateway.domain.merchants import MerchantState
from gateway.domain.money import BPS
from gateway.domain.positions import Override, Profile
from gateway.domain.quality import Finding

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.domain.programmes import Programme

YEAR_DAYS = 364
"""Whole weeks, so that weekdays meet weekdays."""


class Own(msgspec.Struct, frozen=True, gc=False):
    """As much of what policy reads as is another under each programme; the names are those of `Inputs`."""

    headroom_amount: int
    grade: str | None
    pd: int | None
    graded_from: str | None
    stale: bool
    season_ago_amount: int
    season_ahead_amount: int
    override: Override | None
    bank_stop: str | None


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """Everything policy reads, kept with the decision so that `gateway replay` can repeat it exactly."""

    currency: str
    merchant_state: MerchantState
    exposure_amount: int
    headroom_amount: int
    trading_days_count: int
    open_days_count: int
    net_open_amount: int
    tails: tuple[int, ...]
    forecast_30: tuple[int, ...]
    grade: str | None
    pd: int | None
    scored: bool
    stale: bool
    withdrawn: bool = False
    profile: Profile = Profile()
    today: date | None = None
    length_days: int = 0
    year_p10: tuple[int, ...] = ()
    """Cumulative cautious net sales until the weeks of `outlooks.KNOTS`; empty = the 30 days' forecast goes on."""
    season_ago_amount: int = 0
    season_ahead_amount: int = 0
    """The 30 days a year before the last 30 closed ones, and the 30 days after; 0 = not known, or no season asked."""
    anomaly: int | None = None
    flags: tuple[str, ...] = ()
    override: Override | None = None
    monitoring_bps: int = BPS
    graded_from: str | None = None
    """The grade of the scores before, which hysteresis leans on."""
    bank_stop: str | None = None
    """Why the programme's bank takes no new business of this kind, as a reason's code."""
    findings: tuple[Finding, ...] = ()
    """What the data-quality gate found of the data this rests on; `flags` has what policy heeds of it."""

    @property
    def own(self) -> Own:
        """What is the programme's own of it."""
        return Own(*[getattr(self, name) for name in Own.__struct_fields__])

    def under(self, own: Own) -> Inputs:
        """The same moment under another programme."""
        return msgspec.structs.replace(self, **msgspec.structs.asdict(own))


def inputs(
    position: Position,
    programme: Programme,
    headroom_amount: int,
    now: datetime,
    monitoring_bps: int = BPS,
    *,
    bank_stop: str | None = None,
) -> Inputs:
    """Read a position once, for policy and for the record; of one that may not be assessed, nothing of its sales."""
    if position.assessed_under(now):
        return of_assessed(position, programme, headroom_amount, now, monitoring_bps, bank_stop=bank_stop)
    position = msgspec.structs.replace(
        position, history=None, open_days={}, scores=None, flags=(), findings=(), override=None
    )
    given = of_assessed(position, programme, headroom_amount, now, monitoring_bps, bank_stop=bank_stop)
    return msgspec.structs.replace(given, withdrawn=True)


def of_assessed(
    position: Position,
    programme: Programme,
    headroom_amount: int,
    now: datetime,
    monitoring_bps: int = BPS,
    *,
    bank_stop: str | None = None,
) -> Inputs:
    """The same of a position that is known to be one that may be assessed."""
    history, scores, today = position.history, position.scores, position.today(now)
    open_days = 0 if history is None else max(0, (today - history.through_on).days)
    oldest = now - timedelta(days=programme.stale_days)
    ago, ahead = _season(history) if programme.seasonal_max_bps > BPS else (0, 0)
    return Inputs(
        currency=position.currency,
        merchant_state=position.merchant_state,
        exposure_amount=position.exposure_amount,
        headroom_amount=headroom_amount,
        trading_days_count=0 if history is None else history.trading_days_count,
        open_days_count=open_days,
        net_open_amount=_net_open(position, today) if position.open_days else 0,
        tails=(0,) * (WINDOW + 1) if history is None else history.tails,
        forecast_30=() if scores is None else scores.forecast_30,
        grade=None if scores is None else scores.grade,
        pd=None if scores is None else scores.pd,
        scored=scores is not None,
        stale=position.data_at is None or position.data_at < oldest,
        profile=position.profile,
        today=today,
        length_days=0 if history is None else history.length,
        year_p10=() if scores is None else tuple([row[0] for row in scores.year]),
        season_ago_amount=ago,
        season_ahead_amount=ahead,
        anomaly=None if scores is None else scores.anomaly,
        flags=position.flags,
        override=None if position.override is None else _heeded(position.override, programme, now),
        monitoring_bps=monitoring_bps,
        graded_from=None if scores is None else scores.graded_from,
        bank_stop=bank_stop,
        findings=position.findings,
    )


def _heeded(override: Override, programme: Programme, now: datetime) -> Override | None:
    return override if now < override.expires_at and override.programme_id in {None, programme.id} else None


def _net_open(position: Position, today: date) -> int:
    return sum(totals.net_amount for on, totals in position.open_days.items() if 0 <= (today - on).days < WINDOW)


def _season(history: History | None) -> tuple[int, int]:
    """Net of the 30 days a year before the last 30, and of the 30 days after those; zeros where it is not known."""
    if history is None or history.length < YEAR_DAYS + WINDOW:
        return 0, 0
    return sum(history.net[-YEAR_DAYS - WINDOW : -YEAR_DAYS]), sum(history.net[-YEAR_DAYS : -YEAR_DAYS + WINDOW])
