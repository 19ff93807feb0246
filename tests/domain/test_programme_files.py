"""A programme file is read strictly, every fault by the path of its key, and written back as it was."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import programme_files
from gateway.domain.money import EXPONENTS
from gateway.domain.programme_files import BadProgramme
from gateway.domain.programmes import INVENTORY, Eligibility, Grade, Programme, ReviewRule, ThinRule, TierRule
from gateway.domain.tiers import Tier

BUILT_IN = files("gateway").joinpath("programmes", "inventory.toml").read_text(encoding="utf-8")
BPS = st.integers(1, 10_000)
MAJOR = st.integers(1, 10**12)


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """Any programme that may be applied."""
    names = draw(st.lists(st.from_regex(r"[A-Z][A-Z0-9]?", fullmatch=True), min_size=1, max_size=6, unique=True))
    count = len(names)
    pds = draw(st.lists(st.integers(1, 10**6), min_size=count, max_size=count, unique=True))
    limits = draw(st.lists(BPS, min_size=count, max_size=count))
    fees = draw(st.lists(st.integers(0, 5_000), min_size=count, max_size=count))
    grades = zip(sorted(names), sorted(pds), sorted(limits, reverse=True), sorted(fees), strict=True)
    caps = draw(st.dictionaries(st.sampled_from(sorted(EXPONENTS)), MAJOR, max_size=4))
    texts = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20)
    return msgspec.structs.replace(
        INVENTORY,
        name=draw(texts),
        grades=tuple(Grade(*row) for row in grades),
        cap_major=caps,
        step_major=dict.fromkeys(caps, 1),
        eligibility=Eligibility(
            ("NL", "CN"), ("54", "7995"), tuple(draw(st.lists(texts.map("x:".__add__), max_size=3))), 365
        ),
        tiers={tier: TierRule(draw(st.integers(0, 10_000)), draw(st.sampled_from(names))) for tier in Tier},
        sectors=draw(st.dictionaries(st.from_regex(r"[0-9]{1,4}", fullmatch=True), BPS, max_size=4)),
        thin=ThinRule(draw(st.integers(0, 400)), draw(BPS), draw(st.sampled_from(names))),
        review=ReviewRule(caps, draw(MAJOR)),
    )


@given(programme=programmes())
def test_whatever_may_be_applied_is_read_back_as_it_was_written(programme: Programme) -> None:
    assert programme_files.read(programme_files.write(programme)) == programme


def test_the_built_in_programme_is_such_a_file_and_may_be_written_by_hand() -> None:
    assert programme_files.read(BUILT_IN) == INVENTORY
    assert programme_files.read(programme_files.write(INVENTORY)) == INVENTORY
    assert {tier: (rule.haircut_bps, rule.best_grade) for tier, rule in INVENTORY.tiers.items()} == {
        Tier.declared: (1_000, "B"),
        Tier.settled: (0, "A"),
        Tier.bank_matched: (0, "A"),
    }


FAULTS = [
    ("version = 2", "version = 0", "version: must be from 1 to"),
    ("version = 2", 'version = "2"', "version: Expected `int`, got `str`"),
    ("version = 2", "version = 2.0", "version: Expected `int`, got `float`"),
    ("version = 2", "version = true", "version: Expected `int`, got `bool`"),
    ("version = 2", "", "Object missing required field `version`"),
    ("version = 2", "version = 2\nversion = 3", "not TOML: "),
    ("version = 2", "version = 2\nlimit = 3", "Object contains unknown field `limit`"),
    ('id = "prg_inventory"', 'id = "inventory"', "id: must match"),
    ("base_bps = 8_000", "base_bps = 10_001", "base_bps: must be from 1 to 10000, not 10001"),
    ("all_in_cap_bps = 2_400", "all_in_cap_bps = -1", "all_in_cap_bps: must be from 0"),
    ("term_days = 270", "term_days = 365", "term_days: must be from 1 to 364"),
    ("term_days = 270", "term_days = 50", "target_days: must not be above term_days, 50"),
    ("withhold_min_bps = 300", "withhold_min_bps = 1_501", "withhold_min_bps: rounded up to whole percents"),
    ("default_step_major = 10", "default_step_major = 70_000", "default_step_major: must not be above"),
    ("CNY = 100\n", "CNY = 600_000\n", "step_major.CNY: must not be above the cap, 500000"),
    ("CNY = 100\n", "XAU = 100\n", "step_major.XAU: is not a currency"),
    ("CNY = 500_000", "CNY = 1_000_000_000_001", "cap_major.CNY: must be from 1 to"),
    ("pd_max = 35_000", "pd_max = 15_000", "grades[1].pd_max: must be above the better grade's 15000"),
    ("pd_max = 120_000", "pd_max = 1_000_001", "grades[3].pd_max: must be from 1 to"),
    ("limit_bps = 6_500", "limit_bps = 8_501", "grades[2].limit_bps: must not be above the better grade's 8500"),
    ("fee_bps = 220", "fee_bps = 159", "grades[2].fee_bps: must not be below the better grade's 160"),
    ("fee_bps = 220", 'fee_bps = "2 %"', "grades[2].fee_bps: Expected `int`, got `str`"),
    ('name = "B"', 'name = "b"', "grades[1].name: must be one or two characters"),
    ('name = "C"', 'name = "A"', "grades[2].name: must sort after B"),
    ('name = "C"\n', "", "grades[2]: Object missing required field `name`"),
    ("[[grades]]", "[[marks]]", "unknown field `marks`"),
    ('best_grade = "B"', 'best_grade = "E"', "tiers.declared.best_grade: must be one of the grades A, B, C, D"),
    ("[tiers.declared]", "[tiers.rumoured]", "Invalid enum value 'rumoured'"),
    ("haircut_bps = 1_000", "haircut_bps = 10_001", "tiers.declared.haircut_bps: must be from 0"),
    ("below_days = 56", "below_days = 401", "thin.below_days: must be from 0 to 400"),
    ("anomaly_stop = 3_000_000", "anomaly_stop = 999_999", "review.anomaly_stop: must not be below review.anomaly"),
    ("[thin]", '[eligibility]\ncountries = ["nl"]\n[thin]', "eligibility.countries[0]: must match"),
    ("[thin]", '[eligibility]\nmccs_excluded = ["54110"]\n[thin]', "eligibility.mccs_excluded[0]: must match"),
    ("[thin]", '[eligibility]\ncompanies_blocked = ["1"]\n[thin]', "eligibility.companies_blocked[0]: must match"),
    ("[thin]", '[sectors]\n"541x" = 1\n[thin]', "sectors.541x: must be an MCC"),
    ("[thin]", "[sectors]\n54 = 10_001\n[thin]", "sectors.54: must be from 0 to 10000"),
    ("[thin]", "[thin", "not TOML: "),
    ("[thin]", "[thin]" + "#" * 60_000, "the file is longer than"),
]


@pytest.mark.parametrize(("was", "becomes", "told"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_told_by_the_path_of_its_key(was: str, becomes: str, told: str) -> None:
    assert was in BUILT_IN
    with pytest.raises(BadProgramme, match=re.escape(told)):
        programme_files.read(BUILT_IN.replace(was, becomes, 1))


def test_all_faults_are_told_at_once_with_pointers_a_program_can_follow() -> None:
    text = BUILT_IN.replace("fee_bps = 220", "fee_bps = 1").replace("CNY = 100\n", "XAU = 100\n")
    with pytest.raises(BadProgramme) as refused:
        programme_files.read(text)
    assert [error.pointer for error in refused.value.errors] == ["/grades/2/fee_bps", "/step_major/XAU"]


@pytest.mark.parametrize("field", [one.name for one in msgspec.structs.fields(Programme) if one.type is int])
@pytest.mark.parametrize("wrong", [-1, 10**13])
def test_every_number_of_a_programme_has_bounds(field: str, wrong: int) -> None:
    changes: dict[str, Any] = {field: wrong}
    with pytest.raises(BadProgramme, match=f"{field}: must be from"):
        programme_files.read(programme_files.write(msgspec.structs.replace(INVENTORY, **changes)))
