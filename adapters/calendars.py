"""On which days banks are closed, by the library `holidays`, imported when a calendar is first asked.

A calendar is a settlement system's (`TARGET`, `US` = the Federal Reserve's, `CH`), or a country's by its ISO 3166
code: public holidays, bank holidays where the library tells them apart, and always Saturday and Sunday. A week-end
that a country works to make up for a holiday (China) counts as closed: a payment goes later, never too early.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from holidays import HolidayBase

SATURDAY = 5
SYSTEMS = {"TARGET": "XECB", "US": "XFED", "CH": "XSWX"}
"""Settlement systems by the name we call them, and the library's.

Swiss holidays are the cantons'. The library does not know the interbank clearing's days but the exchange's, which are
a few more."""
PARTS = {"GB": "ENG"}
"""The part of a country whose bank holidays its clearing keeps."""


class BankingCalendars:
    """Implements `gateway.usecases.world.Calendars`."""

    def knows(self, name: str) -> bool:
        """See Calendars."""
        return name in SYSTEMS or name in _countries()

    def is_closed(self, name: str, on: date) -> bool:
        """See Calendars. Raises KeyError for a calendar that it does not know."""
        return on.weekday() >= SATURDAY or on in _of(name, on.year)


@cache
def _countries() -> frozenset[str]:
    import holidays  # noqa: PLC0415 - most of a second, and only where a bank names a calendar

    return frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=256)
def _of(name: str, year: int) -> HolidayBase:
    import holidays  # noqa: PLC0415

    if name in SYSTEMS:
        return holidays.financial_holidays(SYSTEMS[name], years=year)
    if name not in _countries():
        raise KeyError(name)
    known = holidays.country_holidays(name)
    kinds = tuple(kind for kind in ("public", "bank") if kind in known.supported_categories)
    return holidays.country_holidays(name, subdiv=PARTS.get(name), years=year, categories=kinds)
