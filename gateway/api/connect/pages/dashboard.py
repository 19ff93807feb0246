"""Permissions: what a merchant has agreed to, with whom, until when, and the one click that takes it back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages.frame import About, button, empty, form, group, heading, icon, note, page, rows
from gateway.api.connect.pages.lines import Told
from gateway.api.pages.sheet import Html, tag
from gateway.domain.consents import ConsentState

if TYPE_CHECKING:
    from gateway.api.connect.words import Words

_BADGES = {
    ConsentState.authorised: ("dot", "live"),
    ConsentState.revoked: ("cross", "neutral"),
    ConsentState.expired: ("clock", "neutral"),
    ConsentState.superseded: ("loop", "neutral"),
}


class Card(msgspec.Struct, frozen=True):
    """One consent as it is shown."""

    grant_id: str
    client: str
    state: ConsentState
    lines: tuple[Told, ...]
    given_on: date
    last_on: date
    ended_on: date | None
    used_at: datetime | None
    revoke_to: str
    record_at: str


class Permissions(msgspec.Struct, frozen=True):
    """Everything the page shows."""

    shop: str
    cards: tuple[Card, ...]
    token: str
    sign_out_to: str
    more: tuple[tuple[str, str], ...] = ()
    """Title and address of what else there is to look after."""
    told: str = ""
    data: Html = Html("")
    """What is erased and what is kept (`pages.erasure`)."""


def dashboard(words: Words, about: About, shown: Permissions) -> str:
    """The page."""
    active = [card for card in shown.cards if card.state is ConsentState.authorised]
    past = [card for card in shown.cards if card.state is not ConsentState.authorised]
    content = [heading(words("permissions"), words("permissions.lead", shop=shown.shop))]
    if shown.told:
        content.append(note("good", shown.told))
    in_force = group(words("permissions.active"), [_active(words, card, shown.token) for card in active])
    content.append(in_force if active else empty(words("permissions.empty"), words("permissions.empty_about")))
    content.append(group(words("erasure"), [shown.data] if shown.data else []))
    content.append(group(words("permissions.past"), [_past(words, card) for card in past]))
    links = [tag("li", tag("a", title, icon("chevron"), href=address)) for title, address in shown.more]
    if links:
        content.append(tag("nav", tag("ul", *links), class_="card more", aria_label=words("permissions.more")))
    leave = form(shown.sign_out_to, shown.token, button(words("sign_out"), kind="quiet"))
    return page(words, about, *content, tag("div", leave, class_="bottom"))


def _active(words: Words, card: Card, token: str) -> Html:
    one_by_one = len(card.lines) > 1
    lines = tag("ul", *(_line(words, line, one_by_one=one_by_one) for line in card.lines), class_="lines")
    used = words("permissions.never") if card.used_at is None else words.date(card.used_at.date())
    facts = rows(
        (words("permissions.given"), words.date(card.given_on)),
        (words("permissions.until"), words.date(card.last_on)),
        (words("permissions.used"), used),
    )
    revoke = button(words("permissions.revoke"), kind="plain", name="do", value="revoke")
    effect = tag("p", words("permissions.effect"), class_="small")
    taking_back = form(card.revoke_to, token, lines, facts, revoke, effect)
    return tag("article", _title(words, card), taking_back, _record(words, card), class_="card")


def _past(words: Words, card: Card) -> Html:
    lines = tag("ul", *(tag("li", tag("span", line.what, class_="what")) for line in card.lines), class_="lines")
    facts = [(words("permissions.given"), words.date(card.given_on))]
    if card.ended_on is not None:
        facts.append((words("permissions.ended"), words.date(card.ended_on)))
    return tag("article", _title(words, card), lines, rows(*facts), _record(words, card), class_="card past")


def _title(words: Words, card: Card) -> Html:
    drawing, look = _BADGES.get(card.state, ("info", "neutral"))
    badge = tag("span", icon(drawing), words(f"state.{card.state.value}"), class_=f"badge {look}")
    return tag("header", tag("h3", card.client), badge)


def _line(words: Words, line: Told, *, one_by_one: bool) -> Html:
    told = tag("div", tag("span", line.what, class_="what"), tag("span", line.why, class_="why"))
    if not one_by_one:
        return tag("li", told)
    about = words("permissions.stop_about", what=line.what)
    stop = button(words("permissions.stop"), kind="quiet", name="stop", value=line.key, aria_label=about)
    return tag("li", told, stop)


def _record(words: Words, card: Card) -> Html:
    return tag("p", tag("a", words("permissions.record"), href=card.record_at, download=f"{card.grant_id}.json"),
               class_="small")  # fmt: skip
