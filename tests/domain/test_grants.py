"""What a consent permits, held against a naive reading of the JSON that the merchant was shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from gateway.domain import consents, details, grants
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import (
    CollectAction,
    DataAction,
    Datatype,
    DrawAction,
    Drawdown,
    Limits,
    Merchant,
    MerchantData,
    OfferAction,
    Offers,
    Purpose,
    Recipient,
    RepaymentCollection,
)
from gateway.domain.grants import Draw, Grant, Need
from tests.domain.positions import CONSENT, at, position
from tests.gateways import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

    from gateway.domain.details import Detail, Details
    from gateway.domain.positions import Position

ACTIONS: dict[str, type[StrEnum]] = {
    "merchant_data": DataAction,
    "offers": OfferAction,
    "drawdown": DrawAction,
    "repayment_collection": CollectAction,
}
DAYS = [NOW.date() + timedelta(days=days) for days in range(4)]
INSTANTS = [
    datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(microseconds=moved)
    for on in DAYS
    for moved in (-1, 0, 1)
]
"""Around midnight (UTC), where a last day turns into the day after."""
MOMENTS = st.sampled_from(INSTANTS[:9])
ENDS = st.sampled_from(INSTANTS[3:])
WHOSE = st.sampled_from(["grt_a", "grt_a", "grt_b", None])
DATATYPES = [Datatype.sales, Datatype.stock, Datatype.tax]


def some(values: Iterable[StrEnum]) -> st.SearchStrategy[tuple[StrEnum, ...]]:
    held = list(values)
    return st.sampled_from([chosen for count in range(1, len(held) + 1) for chosen in combinations(held, count)])


def mostly(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Three times in four, or nothing: else hardly anything would ever be permitted."""
    return st.tuples(st.sampled_from([True, True, True, False]), one).map(lambda drawn: drawn[1] if drawn[0] else None)


def data(purpose: Purpose) -> st.SearchStrategy[MerchantData]:
    return st.builds(
        MerchantData,
        actions=st.just((DataAction.push,)),
        datatypes=some(DATATYPES),
        merchant=st.just(Merchant("mer_x")),
        lookback_days=st.just(730),
        purpose=st.just(purpose),
        retention_days=st.just(1_825),
        recipients=st.sampled_from([(), (Recipient("bnk_a"),), (Recipient("bnk_a"), Recipient("bnk_b"))]),
        expires_at=st.sampled_from([None, *DAYS]),
    )


LINES: list[st.SearchStrategy[Detail]] = [
    data(Purpose.credit_assessment),
    data(Purpose.repayment_servicing),
    st.builds(Offers, some(OfferAction)),
    st.builds(Drawdown, some(DrawAction), st.just(Limits(500, 800, "EUR"))),
    st.builds(RepaymentCollection, some(CollectAction), st.just(1_500)),
]
DETAILS = st.tuples(*(mostly(line) for line in LINES)).map(lambda lines: tuple(filter(None, lines)))
"""Each line given or not."""
PLAIN = [Need(kind, action) for kind, actions in ACTIONS.items() for action in (*actions, "confirm")]
OF_DATA = [
    Need("merchant_data", action, datatype, purpose)
    for action in ("push", "confirm")
    for datatype in (None, Datatype.sales, Datatype.tax)
    for purpose in (None, *Purpose)
]
STRANGE = [Need("offers", "read", Datatype.sales), Need("drawdown", "quote", None, Purpose.credit_assessment)]
NEEDS = st.sampled_from([*PLAIN, *PLAIN, *OF_DATA, *STRANGE])
GRANTS = st.tuples(*(
    mostly(st.builds(Grant, st.just(name), st.just("cli_x"), st.integers(1, 9), ENDS, DETAILS))
    for name in ("grt_a", "grt_b")
)).map(lambda held: tuple(filter(None, held)))  # fmt: skip


def covers(grant: Grant, need: Need, now: datetime) -> bool:
    """What a person would say who reads the JSON and knows nothing of our types."""
    if now >= grant.expires_at:
        return False
    for line in json.loads(details.encode(grant.details)):
        if line["type"] != need.kind or need.action not in line["actions"]:
            continue
        if need.datatype is not None and need.datatype.value not in line.get("datatypes", []):
            continue
        if need.purpose is not None and need.purpose.value != line.get("purpose"):
            continue
        last_day = line.get("expires_at")
        if last_day is not None and now >= datetime.fromisoformat(f"{last_day}T00:00:00+00:00") + timedelta(days=1):
            continue
        return True
    return False


def permitted(found: Position, grant_id: str | None, need: Need, now: datetime) -> Grant | None:
    try:
        return found.permit(grant_id, need, now)
    except ConsentRequired:
        return None


@given(held=GRANTS, whose=WHOSE, need=NEEDS, now=MOMENTS)
def test_a_position_permits_what_a_naive_reading_of_the_details_does(
    held: tuple[Grant, ...], whose: str | None, need: Need, now: datetime
) -> None:
    naive = [grant for grant in held if grant.grant_id == whose and covers(grant, need, now)]
    found = permitted(position([], grants=held), whose, need, now)
    event("permitted" if found else "refused")
    assert ([] if found is None else [found]) == naive


@given(held=GRANTS, whose=WHOSE, datatype=st.sampled_from(Datatype), now=MOMENTS, owed=st.integers(0, 1))
def test_data_comes_in_to_assess_by_or_while_something_is_owed_to_service_it(
    held: tuple[Grant, ...], whose: str | None, datatype: Datatype, now: datetime, owed: int
) -> None:
    purposes = [Purpose.credit_assessment] + [Purpose.repayment_servicing] * owed
    naive = any(
        covers(grant, Need("merchant_data", "push", datatype, purpose), now)
        for grant in held
        for purpose in purposes
        if grant.grant_id == whose
    )
    found = position([], grants=held, exposure_amount=owed)
    event("permitted" if naive else "refused")
    if naive:
        assert found.permit_push(whose, datatype, now).grant_id == whose
    else:
        with pytest.raises(ConsentRequired):
            found.permit_push(whose, datatype, now)


@given(held=GRANTS, now=MOMENTS)
def test_a_limit_is_worked_out_under_every_consent_to_assess_sales_and_no_other(
    held: tuple[Grant, ...], now: datetime
) -> None:
    sales = Need("merchant_data", "push", Datatype.sales, Purpose.credit_assessment)
    naive = tuple(grant for grant in held if covers(grant, sales, now))
    assert position([], grants=held).assessed_under(now) == naive


@given(agreed=DETAILS, need=NEEDS, now=MOMENTS, kept=st.sets(st.integers(0, 15)))
def test_taking_lines_back_never_permits_more(agreed: Details, need: Need, now: datetime, kept: set[int]) -> None:
    keys = [line.key for line in consents.lines(agreed)]
    less = consents.narrow(agreed, {key for number, key in enumerate(keys) if number in kept})
    assert not grants.allowed(less, need, now.date()) or grants.allowed(agreed, need, now.date())
    assert consents.narrow(agreed, keys) == agreed


@given(agreed=DETAILS, before=MOMENTS, after=MOMENTS, need=NEEDS, ends=ENDS)
def test_what_time_has_ended_does_not_come_back(
    agreed: Details, before: datetime, after: datetime, need: Need, ends: datetime
) -> None:
    grant = Grant("grt_a", "cli_x", 1, ends, agreed)
    early, late = sorted((before, after))
    assert grant.allows(need, early) or not grant.allows(need, late)


def test_the_refusal_says_what_the_merchant_would_have_to_agree_to() -> None:
    found = position([], grants=(CONSENT,))
    with pytest.raises(ConsentRequired) as narrow:
        found.permit(CONSENT.grant_id, grants.PROPOSE, NOW)
    assert narrow.value.facts == {"kind": "drawdown", "action": "propose"}
    with pytest.raises(ConsentRequired) as over:
        found.permit(CONSENT.grant_id, grants.ASSESS, CONSENT.expires_at)
    assert over.value.facts == {"merchant_id": "mer_x"}


AGREED = (
    MerchantData(
        actions=(DataAction.push,),
        datatypes=(Datatype.sales,),
        merchant=Merchant("mer_x"),
        lookback_days=730,
        purpose=Purpose.credit_assessment,
        retention_days=1_825,
        recipients=(Recipient("bnk_a"),),
        expires_at=NOW.date(),
    ),
    Drawdown((DrawAction.propose,), Limits(500, 800, "EUR")),
    RepaymentCollection((CollectAction.debit,), 1_500),
)
DRAW = Draw(bank_id="bnk_a", currency="EUR", amount=500, outstanding_amount=800, withhold_bps=1_500)


def check(agreed: Details, draw: Draw = DRAW, now: datetime = NOW) -> None:
    grants.check_draw(Grant("grt_a", "cli_x", 1, at(days=9), agreed), draw, now)


def test_a_loan_may_be_as_large_as_was_agreed_to() -> None:
    check(AGREED)


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"amount": 501}, "per_draw_amount"),
        ({"outstanding_amount": 801}, "outstanding_amount"),
        ({"currency": "CNY"}, "currency"),
        ({"bank_id": "bnk_b"}, "bank"),
        ({"withhold_bps": 1_501}, "max_withhold_bps"),
    ],
)
def test_a_loan_beyond_one_of_the_limits_agreed_to_is_refused_and_says_which(
    changes: dict[str, object], fact: str
) -> None:
    with pytest.raises(ConsentRequired) as refused:
        check(AGREED, msgspec.structs.replace(DRAW, **changes))
    assert fact in refused.value.facts


def test_a_loan_needs_its_bank_to_be_told_and_its_repayment_to_be_agreed_to() -> None:
    data, draw, collect = AGREED
    for agreed in (
        (msgspec.structs.replace(data, recipients=()), draw, collect),
        (msgspec.structs.replace(data, purpose=Purpose.repayment_servicing), draw, collect),
        (data, draw),
        (data, draw, msgspec.structs.replace(collect, actions=(CollectAction.withhold,))),
    ):
        with pytest.raises(ConsentRequired):
            check(agreed)
    with pytest.raises(ConsentRequired):
        check(AGREED, now=at(days=1))


def test_a_line_that_has_ended_lets_nobody_look_back() -> None:
    common = {"type": "merchant_data", "actions": ["push"], "datatypes": ["sales"], "merchant": {"id": f"mer_{0:026}"},
              "retention_days": 365}  # fmt: skip
    found = details.parse(
        json.dumps(
            [
                common | {"purpose": "credit_assessment", "lookback_days": 730, "expires_at": "2026-04-01"},
                common | {"purpose": "repayment_servicing", "lookback_days": 30, "expires_at": "2026-12-01"},
            ]
        ),
        datetime(2026, 3, 2, tzinfo=UTC).date(),
    )
    grant = grants.Grant("grt", "cli", 1, datetime(2026, 12, 2, tzinfo=UTC), found)
    days = [grant.lookback_days(Datatype.sales, datetime(2026, 4, day, tzinfo=UTC).date()) for day in (1, 2)]
    assert days == [730, 30]
