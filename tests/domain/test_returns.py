from __future__ import annotations

from datetime import date

import pytest

from gateway.domain import returns
from gateway.domain.returns import Course

DAY = date(2026, 3, 2)


@pytest.mark.parametrize("code", ["AC04", "MD01", "AC06", "AG01"])
def test_an_account_that_is_closed_or_a_mandate_that_is_gone_is_never_debited_again(code: str) -> None:
    assert returns.course(code) is Course.reauthorise
    assert returns.retry_on(code, 1, DAY) is None


def test_a_debtor_without_money_is_tried_twice_more_and_then_left() -> None:
    tries = [returns.retry_on("AM04", count, DAY) for count in (1, 2, 3)]
    assert tries == [date(2026, 3, 5), date(2026, 3, 9), None]


@pytest.mark.parametrize("code", [None, "XX99", ""])
def test_a_reason_nobody_knows_is_for_a_person(code: str | None) -> None:
    assert returns.course(code) is Course.review
    assert returns.retry_on(code, 1, DAY) is None


def test_every_nacha_return_leads_somewhere() -> None:
    courses = {code: returns.course(iso) for code, iso in returns.FROM_NACHA.items()}
    assert courses["R01"] is Course.retry
    assert courses["R02"] is courses["R07"] is courses["R10"] is Course.reauthorise
    assert courses["R06"] is Course.review
