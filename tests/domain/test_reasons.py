"""The catalogue of reasons that partners read is the one the code uses."""

from __future__ import annotations

import re

from gateway.domain import reasons
from gateway.domain.counterfactuals import ACTIONS
from tests.domain import catalogue


def test_the_page_of_reasons_is_current() -> None:
    assert catalogue.FILE.read_text(encoding="utf-8") == catalogue.current()


def test_codes_are_plain_names_and_no_two_say_the_same() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{2,59}", code) for code in reasons.TEXTS)
    for language in (0, 1):
        words = [texts[language] for texts in reasons.TEXTS.values()]
        assert len(words) == len(set(words))
    assert len({action.code for action in ACTIONS}) == len(ACTIONS)


def test_a_reason_is_made_from_the_catalogue() -> None:
    made = reasons.make("sales_fell", -5, "x")
    assert (made.text.en, made.text.zh) == reasons.TEXTS["sales_fell"]
    assert (made.amount, made.feature) == (-5, "x")
