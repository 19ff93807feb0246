"""What differs between the banks that take pain.001 and pain.008: one table a market, and a bank's own deviations.

Sources: EPC132-08 and EPC130-08 (SEPA customer-to-bank guidelines, names of 70 characters, SLEV, the Latin set of
EPC217-08); Swiss Payment Standards (character set, CH-DD and its proprietary words); CGI-MP (any currency, UTF-8).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.domain.mandates import MandateScheme

Label = tuple[Literal["Cd", "Prtry"], str]
"""A word of ISO's external code lists (`Cd`), or one of the market's own (`Prtry`)."""

TransferVersion = Literal["pain.001.001.03", "pain.001.001.09"]
DebitVersion = Literal["pain.008.001.02", "pain.008.001.08"]
ANY = "*"


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How payments in one currency are labelled."""

    service_level: Label | None = None
    local_instrument: Label | None = None
    charge_bearer: Literal["SLEV", "SHAR", "DEBT", "CRED"] | None = None
    scheme_name: str | None = None
    """The scheme in which the creditor's id is one (SchmeNm/Prtry); None = not said."""
    sequenced: bool = True
    """A debit tells its place in its mandate's sequence."""
    agents: Literal["bic", "member"] = "bic"
    """Banks are named by BIC, or by their member id in the clearing: Swiss and Liechtenstein IBANs carry it."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A market's habits. `transfers` and `debits` map a currency, or `*` for any other, to its terms.

    A currency without terms cannot be written; a namespace of None is ISO's own for the version.
    """

    transfers: dict[str, Terms]
    debits: dict[str, Terms] = msgspec.field(default_factory=dict)
    transfer_version: TransferVersion = "pain.001.001.09"
    debit_version: DebitVersion = "pain.008.001.08"
    transfer_namespace: str | None = None
    debit_namespace: str | None = None
    characters: Literal["any", "latin", "swiss"] = "any"
    """What a name or a text may hold; `latin` writes accented letters without their accents (EPC217-08)."""
    name_length: int = 140
    creditor_bic: bool = False
    """A payout names the payee's bank by BIC, even where an IBAN would do."""
    addresses: Literal["none", "given", "required"] = "given"
    """Postal addresses of the parties: never written, written where known, or no payment without."""
    batch_booking: bool | None = None
    """Ask for one booking a file (True) or one a payment (False); None leaves it to the bank."""
    remittance: Literal["text", "none"] = "text"
    clearing_system: str | None = None
    """ISO's code (USABA, GBDSC …) of the clearing `Account.clearing_id` is a member id of, where it must be said."""
    initiator_id: str | None = None
    """The customer number the bank knows the sender of files by (InitgPty/Id/OrgId/Othr)."""

    @property
    def schemes(self) -> dict[str, MandateScheme]:
        """The rules debits follow, by currency, where they are SEPA's."""
        found = {currency: terms.local_instrument for currency, terms in self.debits.items()}
        return {currency: _SCHEMES[code] for currency, code in found.items() if code in _SCHEMES}


_SCHEMES = {("Cd", "CORE"): MandateScheme.sepa_core, ("Cd", "B2B"): MandateScheme.sepa_b2b}


_SEPA_TRANSFER = Terms(service_level=("Cd", "SEPA"), charge_bearer="SLEV")
_SEPA_DEBIT = Terms(
    service_level=("Cd", "SEPA"), local_instrument=("Cd", "CORE"), charge_bearer="SLEV", scheme_name="SEPA"
)

SEPA = Profile(transfers={"EUR": _SEPA_TRANSFER}, debits={"EUR": _SEPA_DEBIT}, characters="latin", name_length=70)
SWISS = Profile(
    transfers={"CHF": Terms(), "EUR": _SEPA_TRANSFER},
    debits={
        "CHF": Terms(
            service_level=("Prtry", "CHDD"),
            local_instrument=("Prtry", "DDCOR1"),
            scheme_name="CHDD",
            sequenced=False,
            agents="member",
        )
    },
    debit_version="pain.008.001.02",
    debit_namespace="http://www.six-interbank-clearing.com/de/pain.008.001.02.ch.03.xsd",
    characters="swiss",
    name_length=70,
)
CGI = Profile(
    transfers={"EUR": _SEPA_TRANSFER, ANY: Terms(service_level=("Cd", "NURG"), charge_bearer="SHAR")},
    debits={"EUR": _SEPA_DEBIT, ANY: Terms(charge_bearer="SHAR")},
)

PROFILES = {"sepa": SEPA, "swiss": SWISS, "cgi": CGI}


def deviating(name: str, deviations: dict[str, Any]) -> Profile:
    """The profile `name` with a bank's own values for some of its fields. Raises ValueError for what is none."""
    if name not in PROFILES:
        raise ValueError(f"{name!r} is not a profile; there are {', '.join(sorted(PROFILES))}")
    return msgspec.convert({**msgspec.to_builtins(PROFILES[name]), **deviations}, Profile)
