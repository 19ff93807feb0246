"""Consents: what the bank says of one, and the limits a standing consent sets to each payment under it."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.obie.wire import orders, shapes
from gateway.bank_ports import Collection, Unreadable, Unrenderable
from gateway.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.banks.obie.wire.orders import VrpKind

ABOVE_AGREED_LIMIT, NO_MANDATE = "AM14", "MD01"
"""ISO 20022 reasons: above what was agreed with the bank's customer; no valid mandate."""


class ConsentStatus(StrEnum):
    """OBInternalConsentStatus1Code, and what a standing consent adds; an unknown word is read as awaiting."""

    awaiting = "AWAU"
    authorised = "AUTH"
    consumed = "COND"
    rejected = "RJCT"
    cancelled = "CANC"
    expired = "EXPD"


OVER = frozenset({ConsentStatus.rejected, ConsentStatus.cancelled, ConsentStatus.expired})
"""A consent that will never be authorised (any more)."""


class Period(StrEnum):
    """How long a limit counts."""

    day = "Day"
    week = "Week"
    fortnight = "Fortnight"
    month = "Month"
    half_year = "Half-year"
    year = "Year"


class Alignment(StrEnum):
    """Whether periods begin with the consent's first day or with the calendar's."""

    consent = "Consent"
    calendar = "Calendar"


class PeriodicLimit(msgspec.Struct, frozen=True):
    """The most that all payments within one period may come to."""

    period: Period
    alignment: Alignment
    limit: Money


class VrpMandate(msgspec.Struct, frozen=True):
    """What a merchant is asked to agree to: who may take how much, how often, from which account, until when.

    `reference` is ours (≤ 31 characters); the bank's ConsentId becomes the mandate's id. `parties` says who and where;
    its amount and days are not looked at.
    """

    reference: str
    parties: Collection
    maximum: Money
    limits: tuple[PeriodicLimit, ...]
    valid_from: datetime
    valid_to: datetime | None = None


class StoredMandate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The exact request for a standing consent, stored before it is sent."""

    rail: str
    key: str
    body: msgspec.Raw


class Control(msgspec.Struct, frozen=True):
    """The limits of a standing consent as the bank holds them."""

    maximum: Money
    limits: tuple[PeriodicLimit, ...]
    valid_from: datetime
    valid_to: datetime | None


class Consent(msgspec.Struct, frozen=True):
    """A consent as the bank holds it; `control` is a standing one's, `reference` a single payment's."""

    id: str
    status: ConsentStatus
    reason: str | None = None
    detail: str | None = None
    reference: str | None = None
    message_id: str | None = None
    control: Control | None = None


def render_mandate(mandate: VrpMandate, kind: VrpKind) -> bytes:
    """The request for a standing consent, the same bytes every time. Raises Unrenderable."""
    if not mandate.limits:
        raise Unrenderable("a standing consent has at least one limit for a period")
    if any(_forbidden(limit, mandate.maximum.currency) for limit in mandate.limits):
        raise Unrenderable("a limit is in another currency, or counts fortnights by the calendar")
    control = {
        "ValidFromDateTime": shapes.instant(mandate.valid_from),
        **({"ValidToDateTime": shapes.instant(mandate.valid_to)} if mandate.valid_to else {}),
        "MaximumIndividualAmount": shapes.amount(mandate.maximum),
        "PeriodicLimits": [
            {"PeriodType": one.period, "PeriodAlignment": one.alignment, **shapes.amount(one.limit)}
            for one in mandate.limits
        ],
        "VRPType": [kind.value],
        "PSUAuthenticationMethods": ["UK.OBIE.SCANotRequired"],
        "PSUInteractionTypes": ["OffSession"],
    }
    data = {"ControlParameters": control, "Initiation": orders.initiation(mandate.parties, kind)}
    body = msgspec.json.encode({"Data": data, "Risk": orders.risk(kind)})
    key = f"M-{shapes.reference(mandate.reference, shapes.REFERENCE_LENGTH)}"
    return msgspec.json.encode(StoredMandate(orders.RAIL, key, msgspec.Raw(body)))


def stored_mandate(message: bytes) -> StoredMandate:
    """The request in stored bytes. Raises Unrenderable."""
    try:
        request = msgspec.json.decode(message, type=StoredMandate)
    except shapes.UNDECODABLE as error:
        raise Unrenderable(f"these are not bytes of this rail: {error}") from error
    if request.rail != orders.RAIL:
        raise Unrenderable("these are not bytes of this rail")
    return request


class _Limit(msgspec.Struct):
    PeriodType: Period
    PeriodAlignment: Alignment
    Amount: str
    Currency: str


class _Control(msgspec.Struct):
    MaximumIndividualAmount: dict[str, str]
    PeriodicLimits: list[_Limit]
    ValidFromDateTime: datetime | None = None
    ValidToDateTime: datetime | None = None


class _Reason(msgspec.Struct):
    StatusReasonCode: str | None = None
    StatusReasonDescription: str | None = None


class _Data(msgspec.Struct):
    ConsentId: str
    Status: str
    CreationDateTime: datetime
    StatusReason: list[_Reason] = []
    Initiation: dict[str, msgspec.Raw] = {}
    ControlParameters: _Control | None = None


class _Answer(msgspec.Struct):
    Data: _Data


def read_consent(body: bytes) -> Consent:
    """A consent from the bank's answer. Raises Unreadable."""
    try:
        data = msgspec.json.decode(body, type=_Answer).Data
        control = _control(data.ControlParameters, data.CreationDateTime) if data.ControlParameters else None
        reference, message_id = (
            msgspec.json.decode(data.Initiation[name], type=str) if name in data.Initiation else None
            for name in ("EndToEndIdentification", "InstructionIdentification")
        )
        named = shapes.resource(data.ConsentId)
    except (*shapes.UNDECODABLE, KeyError, Unrenderable) as error:
        raise Unreadable(f"a consent cannot be read: {error}") from error
    said = data.StatusReason[0] if data.StatusReason else _Reason()
    known = ConsentStatus(data.Status) if data.Status in set(ConsentStatus) else ConsentStatus.awaiting
    return Consent(
        id=named,
        status=known,
        reason=said.StatusReasonCode,
        detail=said.StatusReasonDescription,
        reference=reference,
        message_id=message_id,
        control=control,
    )


def breach(
    consent: Consent, amount: Money, now: datetime, taken: Mapping[PeriodicLimit, int]
) -> tuple[str, str] | None:
    """Why the bank would refuse `amount` under a standing consent: an ISO reason and a sentence; None = it may go.

    `taken` is what was collected already within the current period of each limit, in minor units; a limit that is not
    in it counts from zero. The bank's own count is what holds.
    """
    control = consent.control
    if consent.status is not ConsentStatus.authorised:
        return consent.reason or NO_MANDATE, f"the standing consent is {consent.status.name}"
    if control is None:
        return NO_MANDATE, "the consent sets no limits: it is not a standing one"
    if now < control.valid_from or (control.valid_to is not None and now >= control.valid_to):
        return NO_MANDATE, "the standing consent is not valid now"
    if amount.currency != control.maximum.currency or amount.amount > control.maximum.amount:
        return ABOVE_AGREED_LIMIT, f"more than the {control.maximum.decimal():f} agreed for one payment"
    for limit in control.limits:
        if taken.get(limit, 0) + amount.amount > limit.limit.amount:
            return ABOVE_AGREED_LIMIT, f"more than the {limit.limit.decimal():f} agreed for one {limit.period.value}"
    return None


def period(limit: PeriodicLimit, valid_from: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The current period of a limit as [start, end): whole days in UTC, which is how banks reset them."""
    first, day = valid_from.astimezone(UTC).date(), now.astimezone(UTC).date()
    if limit.alignment is Alignment.calendar:
        first = _calendar_start(limit.period, day)
    months = {Period.month: 1, Period.half_year: 6, Period.year: 12}.get(limit.period)
    if months is None:
        length = {Period.day: 1, Period.week: 7}.get(limit.period, 14)
        start = first + timedelta(days=(day - first).days // length * length)
        return _midnight(start), _midnight(start + timedelta(days=length))
    passed = ((day.year - first.year) * 12 + day.month - first.month) // months * months
    if _months_later(first, passed) > day:
        passed -= months
    return _midnight(_months_later(first, passed)), _midnight(_months_later(first, passed + months))


def _forbidden(limit: PeriodicLimit, currency: str) -> bool:
    by_calendar = limit.alignment is Alignment.calendar
    return limit.limit.currency != currency or (limit.period is Period.fortnight and by_calendar)


def _control(written: _Control, created_at: datetime) -> Control:
    return Control(
        maximum=shapes.money(written.MaximumIndividualAmount),
        limits=tuple(
            PeriodicLimit(
                one.PeriodType, one.PeriodAlignment, shapes.money({"Amount": one.Amount, "Currency": one.Currency})
            )
            for one in written.PeriodicLimits
        ),
        valid_from=written.ValidFromDateTime or created_at,
        valid_to=written.ValidToDateTime,
    )


def _calendar_start(kind: Period, day: date) -> date:
    if kind is Period.week:
        return day - timedelta(days=day.weekday())
    if kind is Period.year:
        return day.replace(month=1, day=1)
    if kind is Period.half_year:
        return day.replace(month=1 if day.month <= 6 else 7, day=1)  # noqa: PLR2004 - the sixth month of twelve
    return day.replace(day=1) if kind is Period.month else day


def _months_later(day: date, count: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
