"""Why a limit is what it is: the terms of the formula first, the risk model only where it moved the grade.

The change between two limits is split over base, affordability, grade, dial and caps (`splits`). What the grade did is
then shared out over what the model itself says of its features, and only if the model is why the grade is what it is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.domain import reasons
from gateway.domain.money import BPS, share, share_out
from gateway.domain.positions import Grounds, Offered, seen
from gateway.domain.splits import Factors, factors, split
from gateway.domain.underwriting import Assessment, Outcome, Terms

if TYPE_CHECKING:
    from gateway.domain.positions import Scores, Verdict
    from gateway.domain.programmes import Programme
    from gateway.domain.reasons import Reason

SHOWN_COUNT = 4
"""The most principal reasons that are named (12 CFR 1002, supplement I, 9(b)(2)-1)."""
FEATURES_COUNT = 3
"""The most features of a model that are named for one grade or stop."""
BOUNDLESS = 10**18
"""A cap that is none."""
_MODEL_LENGTH = 16
"""As much of a model's hash as each merchant's position carries."""


def grounds(fresh: Assessment, scores: Scores | None, programme: Programme) -> Grounds:
    """What the next change is measured against."""
    terms = fresh.terms
    return Grounds(
        affordability_amount=terms.affordability_amount,
        grade_bps=terms.grade_bps,
        dial_bps=terms.dial_bps,
        caps_amount=min(terms.programme_cap_amount, terms.headroom_amount),
        haircut_bps=terms.haircut_bps,
        net_amount=terms.net_closed_amount + terms.net_open_amount,
        programme=programme.ref,
        model=None if scores is None else _model(scores),
        logits=() if scores is None else tuple([logit for _, logit in scores.contributions]),
    )


def standing(
    current: Offered | None, last: Verdict | None, fresh: Assessment, scores: Scores | None, programme: Programme
) -> tuple[Reason, ...]:
    """Why the fresh limit is what it is: the last decision's reasons while they hold, else what changed since."""
    if last is not None and last.outcome == fresh.outcome and _holds(current, last.reasons, fresh):
        return last.reasons
    return explain(current, fresh, scores, programme)


def _holds(current: Offered | None, said: tuple[Reason, ...], fresh: Assessment) -> bool:
    """Whether reasons that were said for the same outcome still say all there is."""
    if fresh.outcome is not Outcome.offered:
        return said[0].code == fresh.reasons[0].code
    if (said[-1].code, said[-1].amount) != (fresh.reasons[-1].code, fresh.reasons[-1].amount):
        return False
    return current is None or not any(_parts(current, fresh))


def explain(
    current: Offered | None, fresh: Assessment, scores: Scores | None, programme: Programme
) -> tuple[Reason, ...]:
    """At most SHOWN_COUNT reasons: what changed since the `current` offer or keeps a first one from the best, by size.

    The term that holds the limit where it is comes last. A stop comes first, with the features behind it.
    """
    if fresh.outcome is not Outcome.offered:
        return (*fresh.reasons, *_behind(fresh.reasons[0].code, scores))
    if current is None or current.grounds is None:
        parts = _first(fresh, scores, programme)
    elif current.grounds.programme.id != programme.id:  # what two lenders' formulas come to cannot be split
        changed = reasons.make("lender_changed", fresh.limit_amount - current.limit_amount)
        parts = [changed, *_first(fresh, scores, programme)]
    else:
        parts = _changed(current, current.grounds, fresh, scores, programme)
    return (*parts[: SHOWN_COUNT - 1], *fresh.reasons)


def _parts(current: Offered, fresh: Assessment) -> Factors:
    old, new = current.grounds, factors(fresh.terms)
    if old is None:
        return new
    return split(Factors(current.base_amount, *_terms_of(old)), new)


def _terms_of(old: Grounds) -> tuple[int, int, int, int]:
    return old.affordability_amount, old.grade_bps, old.dial_bps, old.caps_amount


def _changed(
    current: Offered, old: Grounds, fresh: Assessment, scores: Scores | None, programme: Programme
) -> list[Reason]:
    """Reasons for a change, those that go its way first, each by size."""
    parts = _parts(current, fresh)
    led = []
    if parts.base:
        led.append(reasons.make(_sales_code(old, fresh.terms, parts.base, programme), parts.base))
    if parts.affordability:
        code = "forecast_fell" if parts.affordability < 0 else "forecast_rose"
        led.append(reasons.make(code, parts.affordability))
    if parts.grade:
        led += _regraded(current, fresh, parts.grade, scores, programme)
    if parts.dial:
        led.append(reasons.make("dial_lowered" if parts.dial < 0 else "dial_raised", parts.dial))
    if parts.caps:
        led.append(reasons.make("caps_fell" if parts.caps < 0 else "caps_rose", parts.caps))
    down = sum(parts) < 0
    return sorted(led, key=lambda one: ((_amount(one) < 0) != down, -abs(_amount(one))))


def _sales_code(old: Grounds, terms: Terms, part: int, programme: Programme) -> str:
    """Why the base moved: sales did, unless it went against them: by trust, by the programme, or by the season."""
    if old.haircut_bps != terms.haircut_bps and (terms.haircut_bps > old.haircut_bps) == (part < 0):
        return "trust_fell" if part < 0 else "trust_rose"
    moved = terms.net_closed_amount + terms.net_open_amount - old.net_amount
    if moved == 0 or (moved < 0) != (part < 0):
        if old.programme != programme.ref:
            return "policy_changed"
        if programme.seasonal_max_bps > BPS:
            return "season_fell" if part < 0 else "season_rose"
    return "sales_fell" if part < 0 else "sales_rose"


def _regraded(
    current: Offered, fresh: Assessment, part: int, scores: Scores | None, programme: Programme
) -> list[Reason]:
    """The grade's part, over the features that moved the model the same way if the model moved the grade."""
    grade = fresh.terms.grade
    if grade is None or grade == current.grade:
        return [reasons.make("policy_changed", part)]  # the same grade's share is another one now
    lowered = grade > current.grade
    by_model = scores is not None and scores.grade == grade and (part < 0) == lowered
    if scores is not None and by_model and (not lowered or _refused(current.grade, scores, programme)):
        moved = _moved(current.grounds, scores, 1 if lowered else -1)
        if shared := _shared(part, moved, "worse" if lowered else "better"):
            return shared
    return [reasons.make("grade_lowered" if lowered else "grade_raised", part)]


def _moved(old: Grounds | None, scores: Scores, sign: int) -> dict[str, int]:
    """How far each contribution moved in the direction of `sign`; nothing of another model's."""
    if old is None or old.model != _model(scores) or len(old.logits) != len(scores.contributions):
        return {}
    pairs = zip(scores.contributions, old.logits, strict=True)
    moves = {name: sign * (logit - before) for (name, logit), before in pairs}
    return {name: move for name, move in moves.items() if move > 0}


def _first(fresh: Assessment, scores: Scores | None, programme: Programme) -> list[Reason]:
    """What keeps a first offer from the whole base: full grade, no dial, a forecast that repays it, no cap."""
    real, binding = factors(fresh.terms), fresh.reasons[-1].code
    parts = split(Factors(real.base, BOUNDLESS, BPS, BPS, BOUNDLESS), real)
    led = _graded(fresh.terms.grade, parts.grade, scores, programme)
    led.append(reasons.make("dial_below_full", parts.dial))
    if binding != "affordability_binds":
        led.append(reasons.make("forecast_below_base", parts.affordability))
    return sorted((one for one in led if one.amount), key=_amount)


def _graded(grade: str | None, part: int, scores: Scores | None, programme: Programme) -> list[Reason]:
    """What a grade below the best takes: the features that raise the risk, if the model refused the next better one."""
    names = [one.name for one in programme.grades]
    if scores is None or grade is None or grade != scores.grade or grade == names[0]:
        return [reasons.make("grade_below_best", part)]
    better = next(above for above, name in pairwise(names) if name == grade)
    if not _refused(better, scores, programme):
        return [reasons.make("grade_bounded", part)]
    raising = {name: logit for name, logit in scores.contributions if logit > 0}
    return _shared(part, raising, None, scores) or [reasons.make("grade_below_best", part)]


def _model(scores: Scores) -> str:
    """Which model, in which version: contributions of two cannot be compared."""
    return scores.models.get(scores.model, scores.model)[:_MODEL_LENGTH]


def _refused(grade: str, scores: Scores, programme: Programme) -> bool:
    """Whether the model's PD, and not a rule of the programme, stood in the way of a grade.

    One better than the grade before asks for a PD so much lower (`underwriting.best_grade`).
    """
    names = [one.name for one in programme.grades]
    found = next((one.pd for one in scores.candidates if one.grade == grade), None)
    if grade not in names or found is None:
        return False
    at = names.index(grade)
    held = scores.graded_from in names and at >= names.index(scores.graded_from)
    bound = programme.grades[at].pd_max
    return found > (bound if held else share(bound, BPS - programme.hysteresis_bps))


def _shared(part: int, weights: dict[str, int], how: str | None, scores: Scores | None = None) -> list[Reason]:
    """A part over the features that weigh most; `how` they changed, None = how they stand."""
    top = sorted(weights.items(), key=lambda one: -one[1])[:FEATURES_COUNT]
    if not top or not part:
        return []
    sign = -1 if part < 0 else 1
    amounts = share_out(abs(part), [weight for _, weight in top])
    return [
        reasons.make(f"{name}_{how}" if how else _level(name, scores), sign * amount, name)
        for (name, _), amount in zip(top, amounts, strict=True)
    ]


def _behind(stop: str, scores: Scores | None) -> list[Reason]:
    """The features behind a stop that a model made; a part in minor units makes no sense there."""
    if scores is None:
        return []
    if stop == "risk_too_high":
        return [reasons.make(_level(name, scores), feature=name) for name in _raising(scores.contributions)]
    if stop == "anomaly_suspected":
        return [reasons.make(name, feature=name) for name in _raising(scores.anomaly_contributions)]
    return []


def _raising(contributions: tuple[tuple[str, int], ...]) -> list[str]:
    top = sorted((one for one in contributions if one[1] > 0), key=lambda one: -one[1])
    return [name for name, _ in top[:FEATURES_COUNT]]


def _level(name: str, scores: Scores | None) -> str:
    """The code for a feature as it stands: high, or not known."""
    if scores is None:
        return name
    known = dict(zip((one for one, _ in scores.contributions), seen(scores.features.get("pd", [])), strict=False))
    return f"{name}_unknown" if known.get(name, 0.0) is None else name


def _amount(reason: Reason) -> int:
    return reason.amount or 0
