"""What a bank must tell us to be connected, as plain values: `msgspec.convert` makes it from TOML."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.banks.iso20022.wire.profiles import ANY, Profile, deviating
from adapters.mailboxes import Transport
from gateway.domain.money import EXPONENTS


class Iso20022Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How files travel, which market's habits they follow, and where this bank deviates from them.

    `deviations` holds a bank's own values for fields of `wire.profiles.Profile`. `currencies` None = all the profile
    has terms for. `cutoff` (HH:MM in `timezone`), `calendar` and `resend_hours` are those of `Capabilities`.
    """

    transport: Transport
    profile: str = "cgi"
    deviations: dict[str, Any] = msgspec.field(default_factory=dict)
    currencies: frozenset[str] | None = None
    resend_hours: int | None = None
    cutoff: str = "23:59"
    timezone: str = "UTC"
    calendar: str | None = None

    def __post_init__(self) -> None:
        unknown = self.carried() - EXPONENTS.keys()
        if unknown:
            raise ValueError(f"unknown currencies: {', '.join(sorted(unknown))}")

    def habits(self) -> Profile:
        """The profile with the bank's deviations."""
        return deviating(self.profile, self.deviations)

    def carried(self) -> frozenset[str]:
        """The currencies payouts can be in."""
        if self.currencies is not None:
            return self.currencies
        terms = self.habits().transfers
        return frozenset(EXPONENTS if ANY in terms else terms)
