"""A programme: a bank's product and policy. One is built in; more come as files, each with its own versions."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from gateway.domain.errors import NotFound
from gateway.domain.money import BPS, minor_units
from gateway.domain.repayments import CollectionMode
from gateway.domain.tiers import Tier


class UnknownProgramme(NotFound):
    """No such programme, or no such version of it, was ever in force here."""

    code = "programme_not_found"
    title = "No such programme"


class Grade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Merchants whose PD (1/100 bp) is at most `pd_max` get `limit_bps` of the common limit at `fee_bps`."""

    name: str
    pd_max: int
    limit_bps: int
    fee_bps: int


class ProgrammeRef(msgspec.Struct, frozen=True):
    """Which programme, and which version of it, a decision was made under."""

    id: str
    version: int


class Eligibility(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may borrow at all. An empty `countries` or `currencies` admits every one.

    `mccs_excluded` are MCCs or the starts of some, companies are blocked as `scheme:value`. An age is checked where one
    is asked for.
    """

    countries: tuple[str, ...] = ()
    mccs_excluded: tuple[str, ...] = ()
    companies_blocked: tuple[str, ...] = ()
    company_age_days: int = 0
    currencies: tuple[str, ...] = ()


class TierRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What data of one trust tier is worth: taken off sales, and the best grade they can lead to."""

    haircut_bps: int = 0
    best_grade: str = "A"


class ThinRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shops known for fewer than `below_days`: a share of the limit, and the best grade they can have."""

    below_days: int = 0
    dial_bps: int = BPS
    best_grade: str = "A"


class ReviewRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person looks at before money moves: draws from `amount_major` up, and flagged merchants' draws.

    An anomaly score (1e-6) from `anomaly` up is a flag, from `anomaly_stop` up a stop.
    """

    amount_major: dict[str, int] = {}
    default_amount_major: int = 0
    """0 = no draw is reviewed for its size alone."""
    anomaly: int = 1_000_000
    anomaly_stop: int = 3_000_000


class ApprovalRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bank approves beforehand (`gateway.domain.approvals`), for merchants of these grades."""

    max_amount_major: int = 0
    """The most one of them may owe."""
    total_major: int = 0
    """The most that is approved so in all."""
    best_grade: str = "A"
    worst_grade: str = "A"
    valid_until: str = ""
    """Its last day, `YYYY-MM-DD`; without one nothing is approved beforehand."""


class Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Caps, grades, prices and repayment rules. Amounts ending in `_major` are whole major units of the currency.

    A quote withholds the least share from `withhold_min_bps` up that is expected to repay it within `target_days`, at
    most `withhold_bps`, which also bounds what all of a merchant's drawdowns withhold together. In any 24 hours one
    merchant confirms at most `draws_24h_count` draws, and at most `draws_24h_bps` of its cap.
    """

    id: str
    version: int
    bank_id: str
    base_bps: int
    grades: tuple[Grade, ...]
    withhold_bps: int
    withhold_min_bps: int
    target_days: int
    term_days: int
    interval_days: int
    cap_major: dict[str, int]
    step_major: dict[str, int]
    default_cap_major: int
    default_step_major: int
    capacity_major: int
    partner_share_bps: int
    thin_days: int
    stale_days: int
    offer_days: int
    quote_minutes: int
    material_bps: int
    raise_cooldown_hours: int
    draws_24h_count: int
    draws_24h_bps: int
    terms_version: str
    name: str = ""
    all_in_cap_bps: int = 2_400
    """The most all costs may come to at any payoff date, as an effective annual rate."""
    early_rebate_bps: int = 0
    """What of the fee not yet paid is given back to who pays it all off early."""
    hysteresis_bps: int = 0
    """A better grade asks for a PD so much below its bound; a worse one comes at the bound."""
    seasonal_max_bps: int = BPS
    """How far last year's season may raise the base; 10,000 = not at all."""
    partner_cap_major: int = 100_000_000_000
    """The most that all merchants of one partner may owe, whoever lent it."""
    eligibility: Eligibility = Eligibility()
    tiers: dict[Tier, TierRule] = {}
    sectors: dict[str, int] = {}
    """MCC, or the start of one → bps of the limit; the longest that fits counts."""
    thin: ThinRule = ThinRule()
    review: ReviewRule = ReviewRule()
    approval: ApprovalRule = ApprovalRule()
    collection: CollectionMode = CollectionMode.bank_debit

    @property
    def ref(self) -> ProgrammeRef:
        """Its id and version."""
        return ProgrammeRef(self.id, self.version)

    def fee_bps(self, grade: str | None) -> int | None:
        """The fee at a grade; None without such a grade."""
        return next((one.fee_bps for one in self.grades if one.name == grade), None)

    def price(self, grade: str | None) -> tuple[int, int, int] | None:
        """What borrowing costs at a grade: fee and withheld share in bps, term in days; None without such a grade."""
        fee_bps = self.fee_bps(grade)
        return None if fee_bps is None else (fee_bps, self.withhold_bps, self.term_days)

    def cap_amount(self, currency: str) -> int:
        """The most one merchant may owe, in minor units."""
        return self.cap_major.get(currency, self.default_cap_major) * minor_units(currency)

    def step_amount(self, currency: str) -> int:
        """Amounts move in these steps, in minor units; it is also the least amount."""
        return self.step_major.get(currency, self.default_step_major) * minor_units(currency)

    def partner_cap_amount(self, currency: str) -> int:
        """The most that all merchants of one partner may owe, whoever lent it, in minor units."""
        return self.partner_cap_major * minor_units(currency)

    def capacity_amount(self, currency: str) -> int:
        """The most the bank lends under this programme altogether, in minor units."""
        return self.capacity_major * minor_units(currency)

    @property
    def intervals_count(self) -> int:
        """How many minimum-repayment intervals the term has."""
        return -(-self.term_days // self.interval_days)


INVENTORY = msgspec.convert(
    tomllib.loads(files("gateway").joinpath("programmes", "inventory.toml").read_text(encoding="utf-8")), Programme
)
"""The built-in inventory-loan programme of the sandbox bank: a part of the package, kept as an operator's own are."""
