"""The authority page: who may draw by one click, how much, paid where; a passkey approves it, a click ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages import passkey
from gateway.api.connect.pages.frame import About, button, empty, field, form, heading, icon, locked, note, page, rows
from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words


class Card(msgspec.Struct, frozen=True):
    """One authority as it is read: `people` are names with their roles, `facts` terms and values."""

    id: str
    people: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]


class Shown(msgspec.Struct, frozen=True):
    """What the page shows. `options` is the passkey's challenge, None while the shop has no passkey yet."""

    shop: str
    partner: str
    proposed: Card | None
    active: Card | None
    action: str
    token: str
    options: str | None
    make_passkey_at: str
    told: str = ""
    fault: str = ""


def authority(words: Words, about: About, shown: Shown) -> str:
    """The page."""
    title, lead = words("authority.title"), words("authority.lead", shop=shown.shop)
    if shown.proposed is not None:
        title = words("authority.ask")
        lead = words("authority.ask_lead", shop=shown.shop, partner=shown.partner)
    content = [heading(title, lead)]
    if shown.fault:
        content.append(note("bad", shown.fault, more=words("authority.nothing"), alert=True))
    elif shown.told:
        content.append(note("good", shown.told))
    if shown.proposed is not None:
        content += _proposal(words, shown, shown.proposed)
    if shown.active is not None:
        content.append(_active(words, shown, shown.active))
    if shown.proposed is None and shown.active is None:
        content.append(empty(words("authority.empty"), words("authority.empty_about")))
    script = [passkey.SCRIPT] if shown.proposed is not None and shown.options is not None else []
    return page(words, about, *content, *script)


def _proposal(words: Words, shown: Shown, card: Card) -> list[Html]:
    terms = tag("section", _people(words, card), rows(*card.facts), class_="card authority")
    refuse = form(
        shown.action,
        shown.token,
        _which(card),
        button(words("authority.refuse"), kind="plain", name="do", value="refuse"),
    )
    foot = tag("p", words("authority.foot"), class_="small")
    if shown.options is None:
        make = passkey.make_first(words, words("authority.no_passkey_about"), shown.make_passkey_at)
        return [terms, tag("div", *make, refuse, foot, class_="bottom")]
    sign = passkey.button(
        words, action=shown.action, token=shown.token, options=shown.options, label=words("authority.approve"),
        fields={"do": "approve", "id": card.id},
    )  # fmt: skip
    return [terms, tag("div", locked(words("authority.still")), sign, refuse, foot, class_="bottom")]


def _active(words: Words, shown: Shown, card: Card) -> Html:
    badge = tag("span", icon("dot"), words("authority.active"), class_="badge live")
    title = tag("header", tag("h3", words("authority.one_click")), badge)
    revoke = form(
        shown.action,
        shown.token,
        _which(card),
        button(words("authority.revoke"), kind="plain", name="do", value="revoke"),
        tag("p", words("authority.effect"), class_="small"),
    )
    return tag("section", title, _people(words, card), rows(*card.facts), revoke, class_="card authority")


def _people(words: Words, card: Card) -> Html:
    lines = (
        tag("li", tag("div", tag("span", name, class_="what"), tag("span", role, class_="why")))
        for name, role in card.people
    )
    return join(tag("p", words("authority.people"), class_="why"), tag("ul", *lines, class_="lines"))


def _which(card: Card) -> Html:
    return field(type="hidden", name="id", value=card.id)
