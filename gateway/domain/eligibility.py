"""Pre-screening: who may borrow at all under a programme, before anything is reckoned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.money import BPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from gateway.domain.positions import Profile
    from gateway.domain.programmes import Eligibility

CURRENCY_NOT_SERVED = "currency_not_served"
"""The stop of a currency that programme or bank does not lend in."""
STOPS = ("company_too_young", "country_excluded", "sector_excluded", "company_blocked")
"""The reasons for which a shop is turned down before its sales are looked at, in this order."""


def stops(profile: Profile, rule: Eligibility, today: date | None, currency: str = "") -> Iterator[str]:
    """Every rule the shop does not meet.

    Where an age is asked for, a company whose registration is not known is too young: it has not been shown otherwise.
    A sector or a company number that is not known is not on a list.
    """
    if rule.currencies and currency not in rule.currencies:
        yield CURRENCY_NOT_SERVED
    known = profile.registered_on is not None and today is not None
    if rule.company_age_days and not (known and (today - profile.registered_on).days >= rule.company_age_days):  # type: ignore[operator]
        yield "company_too_young"
    if rule.countries and profile.country not in rule.countries:
        yield "country_excluded"
    if profile.mcc is not None and profile.mcc.startswith(rule.mccs_excluded):
        yield "sector_excluded"
    company = profile.company
    if company is not None and f"{company.scheme}:{company.value}" in rule.companies_blocked:
        yield "company_blocked"


def sector_bps(mcc: str | None, sectors: Mapping[str, int]) -> int:
    """What a sector's limits are multiplied by: the longest beginning of the MCC that is listed, else all of it."""
    if mcc is None or not sectors:
        return BPS
    listed = (mcc[:length] for length in range(len(mcc), 0, -1))
    return next((sectors[start] for start in listed if start in sectors), BPS)
