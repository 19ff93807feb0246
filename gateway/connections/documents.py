"""The files that can be brought in, by the name of their profile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adapters.sources import csv
from adapters.sources.camt053 import Camt053
from adapters.sources.saft import SaftCashRegister
from adapters.sources.ubl import Ubl
from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.source_ports import Document

_FIXED: dict[str, Callable[[], Document]] = {"camt053": Camt053, "saft": SaftCashRegister, "ubl": Ubl}
"""Standards: there is nothing in them for a profile to say."""


def names() -> list[str]:
    """Every profile that comes with the gateway."""
    return sorted([*_FIXED, *csv.names()])


def document(profile: str) -> Document:
    """How files of this profile are read: the name of one that comes with the gateway, or a TOML file of one's own.

    Raises Invalid.
    """
    if profile in _FIXED:
        return _FIXED[profile]()
    if not profile.endswith(".toml"):
        return csv.Csv(csv.shipped(profile))
    try:
        return csv.Csv(Path(profile).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{profile} cannot be read: {error}") from None
