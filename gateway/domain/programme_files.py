"""Programme files: TOML in, a checked Programme out, and back. docs/programmes.md explains every key."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import outlooks
from gateway.domain.errors import FieldError, Invalid
from gateway.domain.histories import DAYS
from gateway.domain.money import BPS, EXPONENTS
from gateway.domain.pricing import WITHHOLD_STEP_BPS
from gateway.domain.programmes import Programme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Fault = tuple[str, str]

LONGEST_CHARACTERS = 60_000
MOST_MAJOR = 10**12
"""The largest amount, in major units: in minor units of any currency it is still one the gateway can count with."""
MOST_PD = 1_000_000
MOST_LISTED_COUNT = 10_000
MOST_GRADES_COUNT = 20

_RANGES = {
    "version": (1, 1_000_000),
    "base_bps": (1, BPS),
    "seasonal_max_bps": (BPS, 3 * BPS),
    "hysteresis_bps": (0, BPS // 2),
    "thin_days": (1, DAYS),
    "stale_days": (1, 30),
    "default_cap_major": (1, MOST_MAJOR),
    "default_step_major": (1, MOST_MAJOR),
    "capacity_major": (1, MOST_MAJOR),
    "partner_cap_major": (1, MOST_MAJOR),
    "all_in_cap_bps": (0, BPS),
    "early_rebate_bps": (0, BPS),
    "partner_share_bps": (0, BPS),
    "withhold_bps": (WITHHOLD_STEP_BPS, BPS // 2),
    "withhold_min_bps": (1, BPS // 2),
    "target_days": (1, outlooks.DAYS),
    "term_days": (1, outlooks.DAYS),
    "interval_days": (1, outlooks.DAYS),
    "offer_days": (1, 365),
    "quote_minutes": (1, 60),
    "material_bps": (1, BPS),
    "raise_cooldown_hours": (0, 720),
    "draws_24h_count": (1, 1_000),
    "draws_24h_bps": (1, 10 * BPS),
    "thin.below_days": (0, DAYS),
    "thin.dial_bps": (0, BPS),
    "approval.max_amount_major": (0, MOST_MAJOR),
    "approval.total_major": (0, MOST_MAJOR),
    "review.default_amount_major": (0, MOST_MAJOR),
    "review.anomaly": (1, 10**9),
    "review.anomaly_stop": (1, 10**9),
    "eligibility.company_age_days": (0, 36_500),
}
"""Key → (least, most)."""
_TEXTS = {
    "id": r"prg_[a-z0-9_]{1,40}",
    "bank_id": r"bnk_[a-z0-9_]{1,40}",
    "name": r"[^\x00-\x1f\x7f]{0,80}",
    "terms_version": r"[\x21-\x7e]{1,40}",
}


class BadProgramme(Invalid):
    """A programme file that cannot be used; `errors` say where and why."""

    code = "invalid_programme"
    title = "The programme file cannot be used"


def read(text: str) -> Programme:
    """A programme from its file, every rule checked. Raises BadProgramme naming each key that is wrong."""
    if len(text) > LONGEST_CHARACTERS:
        raise _refused([("", f"the file is longer than {LONGEST_CHARACTERS} characters")])
    try:
        programme = msgspec.convert(tomllib.loads(text), Programme)
    except tomllib.TOMLDecodeError as error:
        raise _refused([("", f"not TOML: {error}")]) from None
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at ")
        raise _refused([(where.strip("`").removeprefix("$").removeprefix("."), said)]) from None
    if faults := list(_faults(programme)):
        raise _refused(faults)
    return programme


def write(programme: Programme) -> str:
    """The file of a programme, every key said, defaults too; `read` gives the same programme back."""
    body = msgspec.to_builtins(programme)
    grades = body.pop("grades")
    lines = _table("", body)
    for grade in grades:
        lines += ["", "[[grades]]", *(f"{key} = {_value(value)}" for key, value in grade.items())]
    return "\n".join(lines) + "\n"


def _refused(faults: list[Fault]) -> BadProgramme:
    errors = tuple(
        FieldError(re.sub(r"\.|\[|^(?=.)", "/", path.replace("]", "")), "invalid", detail) for path, detail in faults
    )
    return BadProgramme("; ".join(f"{path}: {detail}" if path else detail for path, detail in faults), errors=errors)


def _table(path: str, table: Mapping[str, object]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"{json.dumps(key) if key.isdigit() else key} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            inner = f"{path}.{key}" if path else key
            lines += ["", f"[{inner}]", *_table(inner, value)]
    return lines


def _value(value: object) -> str:
    """A TOML value; JSON's texts, integers and lists of texts are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def _faults(programme: Programme) -> Iterator[Fault]:
    yield from _plain(programme)
    yield from _grades(programme)
    yield from _amounts(programme)
    yield from _rules(programme)
    yield from _lists(programme)
    yield from _between(programme)


def _plain(programme: Programme) -> Iterator[Fault]:
    for path, pattern in _TEXTS.items():
        if not re.fullmatch(pattern, _at(programme, path)):
            yield path, f"must match {pattern}"
    for path, (least, most) in _RANGES.items():
        yield from _range(path, _at(programme, path), least, most)


def _at(programme: Programme, path: str) -> Any:
    found: Any = programme
    for step in path.split("."):
        found = getattr(found, step)
    return found


def _range(path: str, value: int, least: int, most: int) -> Iterator[Fault]:
    if not least <= value <= most:
        yield path, f"must be from {least} to {most}, not {value}"


def _grades(programme: Programme) -> Iterator[Fault]:
    """The best first: risk and price rise, limits fall, and names sort like the grades, for they are compared."""
    grades = programme.grades
    if not 1 <= len(grades) <= MOST_GRADES_COUNT:
        yield "grades", f"there must be 1 to {MOST_GRADES_COUNT}"
    for at, grade in enumerate(grades):
        path = f"grades[{at}]"
        if not re.fullmatch(r"[A-Z][A-Z0-9]?", grade.name):
            yield f"{path}.name", "must be one or two characters, a capital letter first"
        yield from _range(f"{path}.pd_max", grade.pd_max, 1, MOST_PD)
        yield from _range(f"{path}.limit_bps", grade.limit_bps, 1, BPS)
        yield from _range(f"{path}.fee_bps", grade.fee_bps, 0, BPS // 2)
    for at, (better, worse) in enumerate(pairwise(grades), 1):
        path = f"grades[{at}]"
        if worse.name <= better.name:
            yield f"{path}.name", f"must sort after {better.name}, the better grade"
        if worse.pd_max <= better.pd_max:
            yield f"{path}.pd_max", f"must be above the better grade's {better.pd_max}"
        if worse.limit_bps > better.limit_bps:
            yield f"{path}.limit_bps", f"must not be above the better grade's {better.limit_bps}"
        if worse.fee_bps < better.fee_bps:
            yield f"{path}.fee_bps", f"must not be below the better grade's {better.fee_bps}"


def _amounts(programme: Programme) -> Iterator[Fault]:
    tables = {
        "cap_major": (programme.cap_major, 1),
        "step_major": (programme.step_major, 1),
        "review.amount_major": (programme.review.amount_major, 0),
    }
    for path, (table, least) in tables.items():
        for currency, major in table.items():
            if currency not in EXPONENTS:
                yield f"{path}.{currency}", "is not a currency the gateway knows"
            yield from _range(f"{path}.{currency}", major, least, MOST_MAJOR)
    for currency in sorted({*programme.cap_major, *programme.step_major}):
        cap = programme.cap_major.get(currency, programme.default_cap_major)
        step = programme.step_major.get(currency, programme.default_step_major)
        if step > cap:
            yield f"step_major.{currency}", f"must not be above the cap, {cap}"
    if programme.default_step_major > programme.default_cap_major:
        yield "default_step_major", f"must not be above default_cap_major, {programme.default_cap_major}"


def _rules(programme: Programme) -> Iterator[Fault]:
    names = [grade.name for grade in programme.grades]
    best = {f"tiers.{tier}.best_grade": rule.best_grade for tier, rule in programme.tiers.items()}
    if programme.thin.below_days:
        best["thin.best_grade"] = programme.thin.best_grade
    for path, name in best.items():
        if name not in names:
            yield path, f"must be one of the grades {', '.join(names)}"
    for tier, rule in programme.tiers.items():
        yield from _range(f"tiers.{tier}.haircut_bps", rule.haircut_bps, 0, BPS)


def _lists(programme: Programme) -> Iterator[Fault]:
    for start, bps in programme.sectors.items():
        if not re.fullmatch(r"[0-9]{1,4}", start):
            yield f"sectors.{start}", "must be an MCC of four digits or the start of one"
        yield from _range(f"sectors.{start}", bps, 0, BPS)
    listed = {
        "eligibility.countries": (programme.eligibility.countries, r"[A-Z]{2}"),
        "eligibility.currencies": (programme.eligibility.currencies, "|".join(EXPONENTS)),
        "eligibility.mccs_excluded": (programme.eligibility.mccs_excluded, r"[0-9]{1,4}"),
        "eligibility.companies_blocked": (
            programme.eligibility.companies_blocked,
            r"[^\x00-\x1f\x7f]{1,35}:[^\x00-\x1f\x7f]{1,35}",
        ),
    }
    for path, (values, pattern) in listed.items():
        if len(values) > MOST_LISTED_COUNT:
            yield path, f"must have at most {MOST_LISTED_COUNT} entries"
        for at, value in enumerate(values[:MOST_LISTED_COUNT]):
            if not re.fullmatch(pattern, value):
                yield f"{path}[{at}]", f"must match {pattern}"


def _between(programme: Programme) -> Iterator[Fault]:
    """What one key demands of another."""
    least = -(-programme.withhold_min_bps // WITHHOLD_STEP_BPS) * WITHHOLD_STEP_BPS
    if least > programme.withhold_bps:
        yield "withhold_min_bps", f"rounded up to whole percents it must not be above withhold_bps, {least}"
    for path in ("target_days", "interval_days"):
        if _at(programme, path) > programme.term_days:
            yield path, f"must not be above term_days, {programme.term_days}"
    yield from _approval(programme)
    if programme.review.anomaly_stop < programme.review.anomaly:
        yield "review.anomaly_stop", f"must not be below review.anomaly, {programme.review.anomaly}"


def _approval(programme: Programme) -> Iterator[Fault]:
    rule, names = programme.approval, [grade.name for grade in programme.grades]
    if not rule.valid_until:
        return
    try:
        date.fromisoformat(rule.valid_until)
    except ValueError:
        yield "approval.valid_until", "must be a date, YYYY-MM-DD"
    for key in ("best_grade", "worst_grade"):
        if getattr(rule, key) not in names:
            yield f"approval.{key}", f"must be one of the grades {', '.join(names)}"
    if rule.worst_grade < rule.best_grade:
        yield "approval.worst_grade", f"must not be better than best_grade, {rule.best_grade}"
    if rule.max_amount_major > rule.total_major:
        yield "approval.max_amount_major", f"must not be above total_major, {rule.total_major}"
