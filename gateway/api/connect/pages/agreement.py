"""An agreement word for word, fit to be printed; and the page of all agreements and mandates of a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages.frame import About, button, empty, field, form, group, heading, icon, note, page, rows
from gateway.api.pages.sheet import Html, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words
    from gateway.domain.agreements import Document

Pairs = tuple[tuple[str, str], ...]


class Signed(msgspec.Struct, frozen=True):
    """One agreement in the list: its title, what is known of it, where it is read."""

    title: str
    facts: Pairs
    address: str


class Debits(msgspec.Struct, frozen=True):
    """One mandate: what is known of it; `id` where it can be revoked."""

    title: str
    facts: Pairs
    id: str | None


class Shown(msgspec.Struct, frozen=True):
    """The page of all of them."""

    shop: str
    agreements: tuple[Signed, ...]
    mandates: tuple[Debits, ...]
    action: str
    token: str
    told: str = ""


def document(words: Words, about: About, found: Document, facts: Pairs) -> str:
    """The document, and below it `facts`: when and how it was signed, and the fingerprint of its words."""
    parties = rows(*((party.role, f"{party.name} ({party.number})" if party.number else party.name)
                     for party in found.parties))  # fmt: skip
    clauses = (tag("section", tag("h3", head), tag("p", text), class_="card") for head, text in found.clauses)
    version = words("confirm.agreement_value", version=found.version)
    return page(words, about, heading(found.title, version), parties, *clauses, rows(*facts))


def overview(words: Words, about: About, shown: Shown) -> str:
    """The page."""
    content = [heading(words("agreements.title"), words("agreements.lead", shop=shown.shop))]
    if shown.told:
        content.append(note("good", shown.told))
    if not shown.agreements:
        content.append(empty(words("agreements.empty"), words("agreements.empty_about")))
    content.append(group(words("agreements.signed"), [_signed(words, one) for one in shown.agreements]))
    content.append(group(words("agreements.mandates"), [_debits(words, shown, one) for one in shown.mandates]))
    return page(words, about, *content)


def _signed(words: Words, one: Signed) -> Html:
    read = tag("p", tag("a", words("agreements.read"), icon("chevron"), href=one.address))
    return tag("section", tag("header", tag("h3", one.title)), rows(*one.facts), read, class_="card")


def _debits(words: Words, shown: Shown, one: Debits) -> Html:
    parts = [tag("header", tag("h3", one.title)), rows(*one.facts)]
    if one.id is not None:
        parts.append(form(
            shown.action, shown.token, field(type="hidden", name="id", value=one.id),
            button(words("agreements.revoke"), kind="plain", name="do", value="revoke"),
            tag("p", words("agreements.effect"), class_="small"),
        ))  # fmt: skip
    return tag("section", *parts, class_="card")
