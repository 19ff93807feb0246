from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import consents, details, grants
from gateway.domain.consents import MOVES, ConsentState
from gateway.domain.details import (
    Datatype,
    Detail,
    Details,
    Drawdown,
    Limits,
    Merchant,
    MerchantData,
    Offers,
    Purpose,
    Recipient,
    RepaymentCollection,
)

if TYPE_CHECKING:
    from enum import StrEnum

TODAY = date(2026, 3, 2)
SHOP = Merchant("mer_" + "0" * 26)
BANKS = st.lists(st.sampled_from(["bnk_a", "bnk_b", "bnk_c"]), unique=True, max_size=3)


def some(values: type[StrEnum]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.sampled_from(list(values)), min_size=1, unique=True).map(tuple)


@st.composite
def data(draw: st.DrawFn, purpose: Purpose) -> MerchantData:
    return MerchantData(
        actions=(details.DataAction.push,),
        datatypes=draw(some(Datatype)),  # type: ignore[arg-type]
        merchant=SHOP,
        lookback_days=draw(st.integers(1, 1_830)),
        purpose=purpose,
        retention_days=draw(st.integers(1, 3_660)),
        recipients=tuple(Recipient(bank) for bank in draw(BANKS)),
        expires_at=TODAY + timedelta(days=draw(st.integers(1, 365))),
    )


@st.composite
def asked(draw: st.DrawFn) -> Details:
    per_draw = draw(st.integers(1, 10**6))
    limits = Limits(per_draw, per_draw + draw(st.integers(0, 10**6)), "CNY")
    every: list[Detail] = [
        draw(data(Purpose.credit_assessment)),
        draw(data(Purpose.repayment_servicing)),
        Offers((details.OfferAction.read,)),
        Drawdown(draw(some(details.DrawAction)), limits),  # type: ignore[arg-type]
        RepaymentCollection(draw(some(details.CollectAction)), draw(st.integers(1, 5_000))),  # type: ignore[arg-type]
    ]
    return tuple(draw(st.permutations(every)))[: draw(st.integers(1, 5))]


def keys(wanted: Details) -> list[str]:
    return [line.key for line in consents.lines(wanted)]


@given(asked(), st.data())
def test_what_is_granted_is_never_more_than_what_was_asked(wanted: Details, choice: st.DataObject) -> None:
    chosen = set(choice.draw(st.lists(st.sampled_from(keys(wanted)), unique=True)))
    granted = consents.narrow(wanted, chosen)
    assert consents.within(granted, wanted)
    assert set(keys(granted)) <= chosen
    assert consents.narrow(granted, chosen) == granted
    assert consents.within(granted, granted)


@given(asked())
def test_all_lines_give_all_of_it_and_none_gives_nothing(wanted: Details) -> None:
    assert consents.narrow(wanted, set(keys(wanted))) == wanted
    assert consents.narrow(wanted, set()) == ()
    assert len(keys(wanted)) == len(set(keys(wanted)))


@given(asked(), st.data())
def test_a_line_that_is_off_allows_nothing_of_its_own(wanted: Details, choice: st.DataObject) -> None:
    off = choice.draw(st.sampled_from(consents.lines(wanted)))
    granted = consents.narrow(wanted, set(keys(wanted)) - {off.key})
    purpose = off.detail.purpose if isinstance(off.detail, MerchantData) else None
    for datatype in off.datatypes:
        assert not grants.allowed(granted, grants.Need("merchant_data", "push", datatype, purpose), TODAY)
    if off.recipient is not None and purpose is not None:
        assert not grants.may_receive(granted, off.recipient.bank, purpose, TODAY)
    if not isinstance(off.detail, MerchantData):
        assert not grants.allowed(granted, grants.Need(details.kind(off.detail), off.detail.actions[0]), TODAY)


@given(data(Purpose.credit_assessment))
def test_anything_wider_is_not_within(one: MerchantData) -> None:
    def widened(**changes: object) -> Details:
        return (msgspec.structs.replace(one, **changes),)

    assert consents.within((one,), (one,))
    assert not consents.within(widened(lookback_days=one.lookback_days + 1), (one,))
    assert not consents.within(widened(retention_days=one.retention_days + 1), (one,))
    assert not consents.within(widened(recipients=(*one.recipients, Recipient("bnk_more"))), (one,))
    assert not consents.within(widened(merchant=Merchant("mer_" + "1" * 26)), (one,))
    assert not consents.within(widened(purpose=Purpose.repayment_servicing), (one,))
    assert not consents.within(widened(expires_at=None), (one,))
    assert not consents.within((one, one), (one,))
    assert not consents.within((one, Offers((details.OfferAction.read,))), (one,))


def test_wider_caps_are_not_within() -> None:
    draw = Drawdown((details.DrawAction.quote,), Limits(100, 200, "CNY"))
    collect = RepaymentCollection((details.CollectAction.debit,), 1_500)
    for wider in (Limits(101, 200, "CNY"), Limits(100, 201, "CNY"), Limits(100, 200, "EUR")):
        assert not consents.within((msgspec.structs.replace(draw, limits=wider),), (draw,))
    assert not consents.within((msgspec.structs.replace(collect, max_withhold_bps=1_501),), (collect,))
    both = (details.DrawAction.quote, details.DrawAction.propose)
    assert not consents.within((msgspec.structs.replace(draw, actions=both),), (draw,))
    assert consents.within((msgspec.structs.replace(draw, limits=Limits(99, 200, "CNY")),), (draw,))


@given(data(Purpose.credit_assessment), st.sampled_from(list(Datatype)), st.sampled_from(list(Purpose)))
def test_data_is_allowed_by_kind_purpose_and_day(one: MerchantData, datatype: Datatype, purpose: Purpose) -> None:
    need = grants.Need("merchant_data", "push", datatype, purpose)
    assert one.expires_at is not None
    right = datatype in one.datatypes and purpose is Purpose.credit_assessment
    assert grants.allowed((one,), need, one.expires_at) is right
    assert not grants.allowed((one,), need, one.expires_at + timedelta(days=1))
    assert not grants.allowed((one,), grants.Need("offers", "read"), TODAY)


@pytest.mark.parametrize("state", list(ConsentState))
def test_an_ended_consent_stays_ended(state: ConsentState) -> None:
    moving = {ConsentState.awaiting_authorisation, ConsentState.authorised}
    assert bool(MOVES[state]) is (state in moving)
    assert all(target in MOVES for target in MOVES[state])
