from __future__ import annotations

import pytest

from gateway.api.connect import loan_words
from gateway.api.connect.words import Words, texts
from gateway.domain.loan_statements import LineKind, Totals


def test_every_kind_of_line_and_every_sum_has_its_words_in_both_languages() -> None:
    needed = {f"line.{kind}" for kind in LineKind} | {f"statement.{name}" for name in Totals.__struct_fields__}
    assert needed <= texts().keys()
    assert Words("zh")("line.paid_out") != Words("en")("line.paid_out")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"], ids=ascii)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert loan_words.safe(text) == f"'{text}"
    assert loan_words.safe("Sales") == "Sales"
