"""What a programme turns the limit by: tiers, seasons, sectors, thin files, hysteresis, stops and who lifts them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import eligibility, outlooks, underwriting
from gateway.domain.merchants import CompanyId, MerchantState
from gateway.domain.positions import GradeScore, Override, Profile
from gateway.domain.programmes import INVENTORY, Eligibility, Programme, ReviewRule, ThinRule, TierRule
from gateway.domain.tiers import Tier
from gateway.domain.underwriting import Inputs, Outcome
from tests.domain.positions import TODAY, position, scores
from tests.gateways import NOW

if TYPE_CHECKING:
    from gateway.domain.positions import Position

replace = msgspec.structs.replace
YEARS = st.lists(st.integers(-50_000, 400_000), min_size=395, max_size=400)
RATES = st.integers(0, 10_000)


def read(found: Position, programme: Programme = INVENTORY, room: int = 10**12) -> Inputs:
    """What policy reads of a position now."""
    return underwriting.inputs(found, programme, room, NOW)


def changed(**changes: Any) -> Inputs:
    """An ordinary shop of 200 days, but for these inputs."""
    return replace(read(position([40_000] * 200)), **changes)


def only(**rules: Any) -> Programme:
    """The built-in programme, but for these rules."""
    return replace(INVENTORY, **rules)


# --- tiers, seasons, dials -------------------------------------------------------------------------------------------


@given(haircut=RATES, dials=st.tuples(RATES, RATES, RATES), net=st.integers(1, 10**7), p10=st.integers(0, 10**10))
def test_haircut_and_dials_turn_the_limit_and_are_printed(
    haircut: int, dials: tuple[int, int, int], net: int, p10: int
) -> None:
    sector, thin, monitoring = dials
    programme = only(
        tiers={Tier.declared: TierRule(haircut, "A")}, sectors={"54": sector}, thin=ThinRule(400, thin, "A")
    )
    year = tuple(p10 * week for week in outlooks.KNOTS)
    given = replace(
        changed(profile=Profile("CN", "5411", tier=Tier.declared), monitoring_bps=monitoring, year_p10=year),
        tails=tuple(net * count for count in range(31)),
        net_open_amount=0,
    )
    fresh = underwriting.assess(given, programme)
    terms = fresh.terms
    assert terms.haircut_bps == haircut
    assert terms.dial_bps == sector * thin // 10_000 * monitoring // 10_000
    assert terms.base_amount == 30 * net * (10_000 - haircut) // 10_000 * 8_000 // 10_000
    sales = p10 * 26 + (p10 * 39 - p10 * 26) * (270 - 182) // 91  # straight from week 26 to week 39
    withheld = sales * (10_000 - haircut) // 10_000 * 1_500 // 10_000
    assert terms.affordability_amount == withheld * 10_000 // 10_120
    graded = min(terms.base_amount, terms.affordability_amount) * 10_000 * terms.dial_bps // 10**8
    assert underwriting.limit_amount(terms) == min(graded, terms.programme_cap_amount, 10**12)


@given(nets=YEARS, open_days=st.integers(0, 35), most=st.integers(10_000, 30_000))
def test_a_season_raises_the_base_by_what_it_was_a_year_ago_and_no_further(
    nets: list[int], open_days: int, most: int
) -> None:
    found = position(nets, open_days)
    closed = nets[: len(nets) - open_days]
    plain = underwriting.base_amount(read(found), INVENTORY)
    programme = only(seasonal_max_bps=most)
    base = underwriting.base_amount(read(found, programme), programme)
    so_far = sum(nets[len(nets) - min(open_days, 30) :]) if open_days else 0
    cautious = sum(closed[-30:]) + min(0, so_far)
    assert plain <= base <= max(plain, max(0, cautious) * most // 10_000 * 8_000 // 10_000)
    ago, ahead = (sum(closed[-394:-364]), sum(closed[-364:-334])) if len(closed) >= 394 else (0, 0)
    if ago > 0 and cautious > 0 and ahead > 0:
        season = min(ahead * cautious // ago, cautious * most // 10_000)
        assert base == max(plain, season * 8_000 // 10_000)
    else:
        assert base == plain


@given(
    nets=YEARS,
    open_days=st.integers(0, 35),
    more=st.tuples(st.integers(1, 500_000), st.integers(0, 60)),
    tier=st.sampled_from(Tier),
    grade=st.sampled_from("ABCD"),
)
def test_more_sales_never_lower_the_limit_under_any_rule(
    nets: list[int], open_days: int, more: tuple[int, int], tier: Tier, grade: str
) -> None:
    programme = only(seasonal_max_bps=20_000, thin=ThinRule(400, 7_000, "B"), sectors={"5": 9_000})
    richer = [*nets]
    richer[-1 - more[1]] += more[0]
    limits = [
        underwriting.assess(
            read(position(days, open_days, grade, profile=Profile("CN", "5411", tier=tier)), programme), programme
        )
        for days in (nets, richer)
    ]
    assert limits[1].limit_amount >= limits[0].limit_amount
    assert limits[1].terms.base_amount >= limits[0].terms.base_amount


@given(amounts=st.lists(st.integers(0, 10**12), min_size=8, max_size=8).map(sorted), day=st.integers(0, 400))
def test_an_outlook_runs_straight_between_its_weeks_and_never_falls(amounts: list[int], day: int) -> None:
    assert outlooks.until(amounts, day) <= outlooks.until(amounts, day + 1) <= amounts[-1]
    assert [outlooks.until(amounts, knot) for knot in outlooks.KNOT_DAYS] == amounts
    assert outlooks.until(amounts, 0) == 0
    assert outlooks.until(amounts, 400) == amounts[-1]


@given(amount=st.integers(-(10**9), 10**12), day=st.integers(1, 364))
def test_an_even_outlook_is_the_month_gone_on(amount: int, day: int) -> None:
    assert abs(outlooks.until(outlooks.straight(amount, 30), day) - max(0, amount) * day // 30) <= 1


def test_the_longest_beginning_of_a_sector_counts() -> None:
    sectors = {"5": 5_000, "541": 9_000, "5411": 8_000}
    asked = {"5411": 8_000, "5412": 9_000, "5999": 5_000, "6011": 10_000, None: 10_000}
    assert {mcc: eligibility.sector_bps(mcc, sectors) for mcc in asked} == asked
    assert eligibility.sector_bps("5411", {}) == 10_000


# --- grades ----------------------------------------------------------------------------------------------------------

PDS = st.lists(st.integers(0, 150_000), min_size=4, max_size=4)


def scored(pds: list[int]) -> tuple[GradeScore, ...]:
    """Limits that fall with the grade, and the PD of each."""
    return tuple(
        GradeScore(grade.name, 4_000 - at, pd) for at, (grade, pd) in enumerate(zip(INVENTORY.grades, pds, strict=True))
    )


@given(pds=PDS, held=st.sampled_from(["A", "B", "C", "D", None]), margin=st.integers(0, 5_000))
def test_a_better_grade_asks_for_a_margin_and_the_grade_once_given_stays(
    pds: list[int], held: str | None, margin: int
) -> None:
    programme = only(hysteresis_bps=margin)
    best = underwriting.best_grade(scored(pds), programme, changed(graded_from=held))
    for grade, pd in zip(programme.grades, pds, strict=True):
        bound = grade.pd_max if held is not None and grade.name >= held else grade.pd_max * (10_000 - margin) // 10_000
        if pd <= bound:
            assert best is not None
            assert best.grade == grade.name
            break
    else:
        assert best is None
    if best is not None:  # looking again at the same PDs does not move it
        assert underwriting.best_grade(scored(pds), programme, changed(graded_from=best.grade)) == best


def test_a_pd_that_wavers_at_a_bound_moves_the_grade_once() -> None:
    held, seen = "B", []
    for pd in (34_900, 35_001, 34_900, 35_000, 33_251, 33_250, 34_999):
        best = underwriting.best_grade(scored([10**6, pd, 1, 1]), INVENTORY, changed(graded_from=held))
        assert best is not None
        held = best.grade
        seen.append(held)
    assert seen == ["B", "C", "C", "C", "C", "B", "B"]


@pytest.mark.parametrize(
    ("tier", "length_days", "best"),
    [(Tier.settled, 200, "A"), (Tier.declared, 200, "B"), (Tier.settled, 55, "C"), (Tier.declared, 55, "C")],
)
def test_what_is_known_of_a_shop_bounds_its_grade(tier: Tier, length_days: int, best: str) -> None:
    programme = only(thin=ThinRule(56, 5_000, "C"))
    given = changed(profile=Profile(tier=tier), length_days=length_days)
    found = underwriting.best_grade(scored([0, 0, 0, 0]), programme, given)
    assert found is not None
    assert found.grade == best
    assert underwriting.best_grade(scored([0] * 4), only(tiers={}), changed(profile=Profile(tier=tier))) is not None


@given(
    opened=st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 40)),
    room=st.integers(0, 10**9),
    dial=RATES,
    grade=st.sampled_from(["A", "D", None]),
)
def test_what_the_pd_is_asked_of_rests_on_closed_days_alone(
    opened: tuple[int, int], room: int, dial: int, grade: str | None
) -> None:
    moved = changed(
        net_open_amount=opened[0], open_days_count=opened[1], headroom_amount=room, monitoring_bps=dial, grade=grade
    )
    asked = underwriting.candidates(moved, INVENTORY)
    assert asked == underwriting.candidates(changed(open_days_count=0, net_open_amount=0), INVENTORY)
    assert asked == sorted(asked, reverse=True)
    closed = replace(moved, net_open_amount=0, open_days_count=0, monitoring_bps=10_000, headroom_amount=10**12)
    for one, amount in zip(INVENTORY.grades, asked, strict=True):
        assert underwriting.assess(replace(closed, grade=one.name), INVENTORY).limit_amount == amount


# --- stops -----------------------------------------------------------------------------------------------------------

YOUNG = Profile("CN", "5411", CompanyId("cn_uscc", "91310000"), TODAY - timedelta(days=364))
RULES = Eligibility(("CN",), ("54", "7995"), ("cn_uscc:91310000",), 365)


@pytest.mark.parametrize(
    ("profile", "rule", "code"),
    [
        (YOUNG, Eligibility(company_age_days=365), "company_too_young"),
        (YOUNG, Eligibility(company_age_days=364), None),
        (replace(YOUNG, registered_on=None), Eligibility(company_age_days=1), "company_too_young"),
        (replace(YOUNG, registered_on=None), Eligibility(), None),
        (YOUNG, Eligibility(countries=("NL", "CN")), None),
        (YOUNG, Eligibility(countries=("NL",)), "country_excluded"),
        (YOUNG, Eligibility(mccs_excluded=("54",)), "sector_excluded"),
        (YOUNG, Eligibility(mccs_excluded=("5411", "1")), "sector_excluded"),
        (replace(YOUNG, mcc=None), Eligibility(mccs_excluded=("5",)), None),
        (YOUNG, Eligibility(companies_blocked=("cn_uscc:91310000",)), "company_blocked"),
        (YOUNG, Eligibility(companies_blocked=("nl_kvk:91310000",)), None),
        (replace(YOUNG, company=None), Eligibility(companies_blocked=("cn_uscc:91310000",)), None),
    ],
)
def test_who_is_not_eligible_is_told_why(profile: Profile, rule: Eligibility, code: str | None) -> None:
    fresh = underwriting.assess(changed(profile=profile), only(eligibility=rule))
    assert fresh.outcome is (Outcome.offered if code is None else Outcome.declined)
    assert code is None or [reason.code for reason in fresh.reasons] == [code]


def test_stops_come_in_their_order_and_a_person_lifts_those_that_are_a_persons_to_lift() -> None:
    programme = only(eligibility=RULES, review=ReviewRule(anomaly=1, anomaly_stop=1))
    given = changed(
        merchant_state=MerchantState.suspended,
        withdrawn=True,
        profile=replace(YOUNG, country="NL"),
        scored=False,
        trading_days_count=3,
        stale=True,
        anomaly=1,
        tails=(0,) * 31,
        grade=None,
    )
    mending: list[dict[str, Any]] = [
        {"merchant_state": MerchantState.verified},
        {"withdrawn": False},
        *[{"override": name} for name in eligibility.STOPS],
        {"scored": True},
        {"override": "thin_history"},
        {"stale": False},
        {"override": "anomaly_suspected"},
        {"tails": tuple(range(0, 31_000_000, 1_000_000))},
        {"grade": "A"},
    ]
    codes = [
        "merchant_not_verified", "consent_withdrawn", *eligibility.STOPS, "no_closed_day", "thin_history",
        "data_stale", "anomaly_suspected", "no_sales", "risk_too_high",
    ]  # fmt: skip
    lifted: tuple[str, ...] = ()
    for code, mend in zip(codes, mending, strict=True):
        everything = Override("rev_x", NOW, tuple(set(codes) - underwriting.CLEARABLE))  # lifts nothing of its own
        fresh = underwriting.assess(replace(given, override=replace(everything, clears=lifted)), programme)
        assert [reason.code for reason in fresh.reasons] == [code]
        frozen = code in {"consent_withdrawn", "data_stale", "anomaly_suspected"}
        assert fresh.outcome is (Outcome.frozen if frozen else Outcome.declined)
        if code not in underwriting.CLEARABLE:
            again = underwriting.assess(replace(given, override=replace(everything, clears=(*lifted, code))), programme)
            assert again.reasons == fresh.reasons
        if "override" in mend:
            lifted = (*lifted, mend["override"])
        else:
            given = replace(given, **mend)
    assert underwriting.assess(replace(given, override=Override("rev_x", NOW, lifted)), programme).limit_amount > 0


def test_a_persons_grade_counts_until_it_expires_and_lifts_no_stop_of_the_data() -> None:
    given_until = {moment: Override("rev_x", NOW + timedelta(seconds=moment), (), "C") for moment in (0, 1)}
    found = {moment: position([40_000] * 200, grade=None, override=one) for moment, one in given_until.items()}
    assert underwriting.assess(read(found[0]), INVENTORY).reasons[0].code == "risk_too_high"
    fresh = underwriting.assess(read(found[1]), INVENTORY)
    assert (fresh.outcome, fresh.terms.grade, fresh.terms.grade_bps) == (Outcome.offered, "C", 6_500)
    withdrawn = read(replace(found[1], grants=()))
    assert (withdrawn.override, withdrawn.flags, withdrawn.year_p10) == (None, (), ())


def test_flags_stand_until_a_person_clears_them_and_leave_the_limit_alone() -> None:
    clean = changed()
    flagged = changed(flags=("clone_suspected",), anomaly=1_500_000)
    assert underwriting.standing_flags(clean, INVENTORY) == ()
    assert underwriting.standing_flags(flagged, INVENTORY) == ("clone_suspected", "anomaly")
    cleared = replace(flagged, override=Override("rev_x", NOW, ("anomaly",)))
    assert underwriting.standing_flags(cleared, INVENTORY) == ("clone_suspected",)
    assert underwriting.assess(flagged, INVENTORY) == underwriting.assess(clean, INVENTORY)
    assert underwriting.assess(changed(anomaly=3_000_000), INVENTORY).outcome is Outcome.frozen


def test_everything_policy_reads_is_read_of_the_position() -> None:
    nets = list(range(1, 401))
    found = position(nets, 1, flags=("clone_suspected",))
    year = tuple((week, 2 * week, 3 * week) for week in outlooks.KNOTS)
    held = replace(scores(TODAY, "B", 9), year=year, anomaly=7, graded_from="C")
    seasonal = only(seasonal_max_bps=20_000)
    given = underwriting.inputs(replace(found, scores=held), seasonal, 5, NOW, 8_500)
    assert given.year_p10 == outlooks.KNOTS
    assert (given.anomaly, given.graded_from, given.monitoring_bps, given.length_days) == (7, "C", 8_500, 399)
    assert (given.season_ago_amount, given.season_ahead_amount) == (sum(nets[-395:-365]), sum(nets[-365:-335]))
    assert (given.profile, given.today, given.flags) == (found.profile, TODAY, ("clone_suspected",))
    assert read(position(nets[:394]), seasonal).season_ago_amount == 0
    assert read(found).season_ago_amount == 0


def test_a_given_grade_that_a_later_version_does_not_know_leaves_the_shop_its_own() -> None:
    programme = only(grades=tuple(grade for grade in INVENTORY.grades if grade.name != "B"))
    overruled = Override("rev_x", NOW + timedelta(days=9), grade="B")
    fresh = underwriting.assess(changed(grade="A", override=overruled), programme)
    assert (fresh.outcome, fresh.terms.grade) == (Outcome.offered, "A")
    fresh = underwriting.assess(changed(grade=None, override=overruled), programme)
    assert (fresh.outcome, fresh.reasons[0].code) == (Outcome.declined, "risk_too_high")


@pytest.mark.parametrize(
    ("trading_days_count", "best", "dial_bps"), [(31, "C", 5_000), (39, "C", 5_000), (40, "A", 10_000)]
)
def test_one_row_of_long_ago_makes_no_history(trading_days_count: int, best: str, dial_bps: int) -> None:
    programme = only(thin=ThinRule(56, 5_000, "C"))
    given = changed(length_days=390, trading_days_count=trading_days_count)
    found = underwriting.best_grade(scored([0, 0, 0, 0]), programme, given)
    assert found is not None
    assert (found.grade, underwriting.assess(given, programme).terms.dial_bps) == (best, dial_bps)
