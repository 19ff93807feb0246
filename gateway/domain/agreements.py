"""An agreement: what a merchant signed with a bank before its first loan under a programme, word for word.

Any changed word or figure is another document with another hash, and asks for another signature at the next draw.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import datetime
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Conflict, NotFound

if TYPE_CHECKING:
    from gateway.domain.repayments import CollectionMode

LATEST = "2026-11-01"


class AgreementState(StrEnum):
    """Where an agreement stands; a merchant has at most one active for each bank and programme."""

    active = "active"
    superseded = "superseded"
    terminated = "terminated"


_S = AgreementState
MOVES: dict[AgreementState, frozenset[AgreementState]] = {
    _S.active: frozenset({_S.superseded, _S.terminated}),
    _S.superseded: frozenset(),
    _S.terminated: frozenset(),
}


class Clause(msgspec.Struct, frozen=True):
    """One clause; `only` the loans collected this way have it."""

    heading: str
    text: str
    only: str | None = None


class Wording(msgspec.Struct, frozen=True):
    """The text in one language, its places still open; `parties` are what lender and borrower are called."""

    title: str
    parties: tuple[str, str]
    clauses: tuple[Clause, ...]


class Text(msgspec.Struct, frozen=True):
    """One version of the text."""

    version: str
    en: Wording
    zh: Wording


class Party(msgspec.Struct, frozen=True):
    """Who signs: what they are called in the text, their name, and the registry's number where one is known."""

    role: str
    name: str
    number: str | None


class Document(msgspec.Struct, frozen=True):
    """An agreement as it is read and signed."""

    version: str
    language: str
    title: str
    parties: tuple[Party, ...]
    clauses: tuple[tuple[str, str], ...]


class Agreement(msgspec.Struct, frozen=True):
    """See the module. `document` is sealed; `signed_by_id` is the draw whose confirmation, by `method`, signed it."""

    id: str
    merchant_id: str
    partner_id: str
    bank_id: str
    programme_id: str
    version: str
    language: str
    hash: str
    document: bytes
    state: AgreementState
    signed_by_id: str
    method: str
    signed_at: datetime
    state_at: datetime


class UnknownAgreement(NotFound):
    """No such agreement for whoever asks."""

    code = "agreement_not_found"
    title = "No such agreement"


class AgreementInUse(Conflict):
    """Loans under the agreement are not paid off."""

    code = "agreement_in_use"
    title = "Loans under this agreement are still open"


def _read(version: str) -> Text:
    path = files("gateway").joinpath("agreements", f"{version}.toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Text)


TEXT = _read(LATEST)
"""The version that is signed now: a part of the package, as the built-in programme is."""


def draft(
    text: Text,
    language: str,
    names: tuple[tuple[str, str | None], tuple[str, str | None]],
    facts: dict[str, str],
    collection: CollectionMode,
) -> Document:
    """The document for these parties (lender, borrower: name and number) and figures; `language` is en or zh."""
    wording = text.zh if language == "zh" else text.en
    parties = (Party(role, name, number) for role, (name, number) in zip(wording.parties, names, strict=True))
    clauses = (
        (clause.heading, clause.text.format(bank=names[0][0], shop=names[1][0], **facts))
        for clause in wording.clauses
        if clause.only in {None, collection.value}
    )
    return Document(text.version, language, wording.title, tuple(parties), tuple(clauses))


def hash_of(document: Document) -> str:
    """SHA-256 over every word, in hex."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()
