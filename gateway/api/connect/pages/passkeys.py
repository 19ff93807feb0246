"""Passkeys: the offer of a first one, the list, and the step between proving an old one and making a new one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages import passkey
from gateway.api.connect.pages.frame import About, button, form, heading, icon, note, page, rows
from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words


class Offer(msgspec.Struct, frozen=True):
    """A passkey that can be made; `later` leads on without one, `proven` says that another one vouches for it."""

    shop: str
    token: str
    make_to: str
    options: str
    later: str
    proven: bool = False


class Card(msgspec.Struct, frozen=True):
    """One passkey; `options` ask for the proof that removes it, None = it cannot be removed now."""

    name: str
    added_on: date
    used_on: date | None
    locked: bool
    remove_to: str
    options: str | None


class Listed(msgspec.Struct, frozen=True):
    """Everything the list shows; `options` ask for a passkey that vouches for one more, None = none can."""

    shop: str
    token: str
    cards: tuple[Card, ...]
    add_to: str
    sign_out_to: str
    options: str | None
    told: str = ""
    fault: str = ""


def offer(words: Words, about: About, shown: Offer, *, fault: str = "") -> str:
    """The page that makes one."""
    name = "passkeys.another" if shown.proven else "passkeys.first"
    content = [heading(words(name), words(f"{name}.lead", shop=shown.shop))]
    if fault:
        content.append(note("bad", fault, alert=True))
    facts = rows(*((words(f"passkeys.{key}"), words(f"passkeys.{key}.value")) for key in ("with", "kept", "seen")))
    make = passkey.button(
        words, action=shown.make_to, token=shown.token, options=shown.options, label=words("passkeys.make")
    )
    later = tag("p", tag("a", words("passkeys.later"), href=shown.later), class_="small")
    about_it = note("info", words("passkeys.strict"))
    bottom = tag("div", *([] if shown.proven else [about_it]), make, later, class_="bottom")
    return page(words, about, *content, tag("section", facts, class_="card"), bottom, passkey.SCRIPT)


def listed(words: Words, about: About, shown: Listed) -> str:
    """The list."""
    content = [heading(words("passkeys"), words("passkeys.lead", shop=shown.shop))]
    if shown.told:
        content.append(note("good", shown.told))
    if shown.fault:
        content.append(note("bad", shown.fault, alert=True))
    content += [_card(words, card, shown.token) for card in shown.cards]
    if shown.options is None:
        content.append(note("warn", words("passkeys.stuck"), more=words("passkeys.stuck.more")))
    leave = form(shown.sign_out_to, shown.token, button(words("sign_out"), kind="quiet"))
    content.append(tag("div", *_add(words, shown), leave, class_="bottom"))
    return page(words, about, *content, passkey.SCRIPT)


def _add(words: Words, shown: Listed) -> list[Html]:
    if shown.options is None:
        return []
    add = passkey.button(
        words, action=shown.add_to, token=shown.token, options=shown.options, label=words("passkeys.add")
    )
    return [add, tag("p", words("passkeys.add.how"), class_="small")]


def _card(words: Words, card: Card, token: str) -> Html:
    used = words("permissions.never") if card.used_on is None else words.date(card.used_on)
    badge = tag("span", icon("cross"), words("passkeys.locked"), class_="badge stopped")
    title = tag("header", tag("h3", card.name), *([badge] if card.locked else []))
    facts = rows((words("passkeys.added_on"), words.date(card.added_on)), (words("permissions.used"), used))
    if card.options is None:
        why = words("passkeys.dead" if card.locked else "passkeys.last")
        return tag("article", title, facts, tag("p", why, class_="small"), class_="card")
    remove = passkey.button(
        words,
        action=card.remove_to,
        token=token,
        options=card.options,
        label=words("passkeys.remove"),
        kind="plain",
    )
    return tag("article", title, join(facts, remove), class_="card")
