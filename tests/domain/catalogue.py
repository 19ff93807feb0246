"""docs/reasons.md, written from the code: `python -m tests.domain.catalogue`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.domain import explanations, notices, reasons
from gateway.domain.counterfactuals import ACTIONS, MORE_SALES
from gateway.domain.feature_texts import ODD, RISK

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).parents[2] / "docs" / "reasons.md"
TOP = f"""# Reasons

Every limit, refusal, hold and cut says why, in English and Chinese, by codes that stay. This page is written from the
code (`python -m tests.domain.catalogue`); a test holds it current.

**On an offer** come at most {explanations.SHOWN_COUNT} reasons. The last one is the term that holds the limit where
it is, with that term's value. Those before it are parts of the change since the offer before, in minor units, split by
Shapley values over the terms of

    limit = min(grade x dial x min(base, affordability), programme cap, headroom)

so that they add up to the change. What the grade did is shared out over the features of the risk model that moved it,
and only if the model moved it: a `feature` is named with a part of its own, and where the grade stayed no feature is
ever blamed. A first offer is held against the best there is: the whole base at full grade, no dial, no cap.

**On a refusal or a hold** the stop comes first. If a model made it, the features that weighed most follow.

Beside its reasons `GET /v1/decisions/{{id}}` says what would have raised the limit (below), and decisions against a
merchant open a **notice**: due within {notices.DUE_AFTER.days} days of the first of them (12 CFR 1002.9), sent to the
merchant's verified contact {notices.SEND_AFTER.total_seconds() / 3600:.0f} hours after the limit was stopped, or after
all cuts together became material, else after {notices.SMALL_SEND_AFTER.days} days, with everything that joined it until
then; withdrawn if the limit is back by then, left open for the partner where there is no contact
(`GET /v1/merchants/{{id}}/notices`). A consent taken back, or a history still too short for a first offer, opens none.
"""
FEATURES_TOP = """
## Features of the risk model

`x`: it weighs now. `x_worse`, `x_better`: it moved since the last offer. `x_unknown`: it is not known, which never
lowers a risk.
"""
ACTIONS_TOP = """
## What would raise the limit

One action at a time, on the model that judged, through grades and formula; only features the decision knew, only
actions that raise the limit, the largest four. `change` gives the feature before and after in 1e-6.
"""


def current() -> str:
    """The page this version should have."""
    features = {code for feature in RISK for code in (feature, *(f"{feature}_{way}" for way in _WAYS))}
    terms = {code: words for code, words in reasons.TEXTS.items() if code not in features and code not in ODD}
    parts = [
        TOP,
        "\n## Terms and stops\n",
        _table(("code", "English", "中文"), ((f"`{code}`", *words) for code, words in terms.items())),
        FEATURES_TOP,
        *(_table((f"`{feature}`", "English", "中文"), _ways(feature)) for feature in RISK),
        "\n## Features of the anomaly score\n",
        _table(("code", "English", "中文"), ((f"`{code}`", *words) for code, words in ODD.items())),
        ACTIONS_TOP,
        _table(
            ("code", "feature", "English", "中文"),
            [
                *((f"`{one.code}`", f"`{one.feature}`", one.en, one.zh) for one in ACTIONS),
                ("`more_sales`", "", MORE_SALES.en, MORE_SALES.zh),
            ],
        ),
    ]
    return "".join(parts)


_WAYS = ("worse", "better", "unknown")


def _ways(feature: str) -> Iterable[tuple[str, ...]]:
    codes = (feature, *(f"{feature}_{way}" for way in _WAYS))
    return (
        ("", *reasons.TEXTS[code]) if code == feature else (code[len(feature) :], *reasons.TEXTS[code])
        for code in codes
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    FILE.write_text(current(), encoding="utf-8")
