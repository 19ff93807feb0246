"""Who stands behind a shop: owners, controllers, signatories and affiliated companies.

The name is personal data: sealed, shown to the shop's own partner alone, and erasable. The reference (a register's or
a tax number, the partner's own) is never kept: its keyed hash tells where the same party stands behind several shops.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain.errors import Conflict, NotFound
from gateway.domain.money import BPS

MOST = 100
"""Parties a shop can have."""


class Role(StrEnum):
    """What a party is to the shop."""

    owner = "owner"
    controller = "controller"
    signatory = "signatory"
    affiliate = "affiliate"


class PartyKind(StrEnum):
    """What a party is."""

    person = "person"
    company = "company"


class UnknownParty(NotFound):
    """Nobody of that id stands behind this shop."""

    code = "party_not_found"
    title = "No such party"


class TooManyParties(Conflict):
    """The shop has as many parties as can be kept."""

    code = "too_many_parties"
    title = "The shop has too many parties"


_Line = r"\A[^\x00-\x1f\x7f]+\Z"


class NewParty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One party; the same `reference` in the same role is the same party. `share_bps`: what an owner holds."""

    role: Role
    kind: PartyKind
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=140, pattern=_Line)]
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_Line)]
    share_bps: Annotated[int, msgspec.Meta(ge=0, le=BPS)] | None = None


class Party(msgspec.Struct, frozen=True):
    """A party as kept; `elsewhere_count` says behind how many other shops of the same partner it stands."""

    id: str
    merchant_id: str
    role: Role
    kind: PartyKind
    name: bytes
    share_bps: int | None
    created_at: datetime
    updated_at: datetime
    elsewhere_count: int
