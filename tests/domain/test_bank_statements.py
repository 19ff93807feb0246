from __future__ import annotations

from datetime import UTC, date, datetime

from gateway.domain.bank_statements import BankStatement, gaps

DAY = date(2026, 3, 2)


def statement(key: str, sequence: int | None, opening: int | None, closing: int | None) -> BankStatement:
    return BankStatement(
        "bnk", key, "rail", "EUR", sequence, DAY, DAY, opening, closing, datetime(2026, 3, 3, tzinfo=UTC)
    )


def test_pages_of_one_statement_and_the_next_one_follow_each_other() -> None:
    pages = [statement("s/1", 7, 100, None), statement("s/1/00002", 7, None, 150)]
    assert gaps([*pages, statement("s/2", 8, 150, 150)]) == []


def test_a_number_left_out_or_gone_back_to_is_a_gap_and_so_is_a_balance_that_jumps() -> None:
    first = statement("s/1", 7, 100, 150)
    for after in (statement("s/3", 9, 150, 150), statement("s/2", 8, 151, 151)):
        assert gaps([first, after]) == [(first, after)]
