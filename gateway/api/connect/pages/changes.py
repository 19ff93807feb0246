"""Changes of the payout account and the contact: what is on its way, what became of it, and the way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages import passkey
from gateway.api.connect.pages.frame import About, button, empty, form, group, heading, icon, note, page, rows
from gateway.api.pages.sheet import Html, tag
from gateway.domain.changes import ChangeKind, ChangeState

if TYPE_CHECKING:
    from gateway.api.connect.words import Words

_BADGES = {
    ChangeState.awaiting_approval: ("info", "neutral"),
    ChangeState.waiting: ("clock", "live"),
    ChangeState.effective: ("check", "neutral"),
    ChangeState.stopped: ("cross", "neutral"),
    ChangeState.expired: ("clock", "neutral"),
    ChangeState.replaced: ("loop", "neutral"),
}


class Card(msgspec.Struct, frozen=True):
    """One change: its `facts` as terms and values, and where it is looked at and stopped."""

    kind: ChangeKind
    state: ChangeState
    facts: tuple[tuple[str, str], ...]
    look_at: str
    stop_to: str


class Overview(msgspec.Struct, frozen=True):
    """Everything the list shows."""

    shop: str
    current: tuple[Card, ...]
    past: tuple[Card, ...]
    in_force: tuple[tuple[str, str], ...]
    token: str
    sign_out_to: str
    told: str = ""


class Decision(msgspec.Struct, frozen=True):
    """What the page that asks for the passkey needs besides the card; `options` is None without a fit passkey."""

    shop: str
    card: Card
    token: str
    approve_to: str
    options: str | None
    passkeys_at: str
    fault: str = ""


def overview(words: Words, about: About, shown: Overview) -> str:
    """The list."""
    content = [heading(words("changes"), words("changes.lead", shop=shown.shop))]
    if shown.told:
        content.append(note("good", shown.told))
    if shown.in_force:
        content.append(tag("section", rows(*shown.in_force), class_="card"))
    current = group(words("changes.current"), [_open(words, card, shown.token) for card in shown.current])
    content.append(current if shown.current else empty(words("changes.empty"), words("changes.empty_about")))
    content.append(group(words("changes.past"), [_past(words, card) for card in shown.past]))
    leave = form(shown.sign_out_to, shown.token, button(words("sign_out"), kind="quiet"))
    return page(words, about, *content, tag("div", leave, class_="bottom"))


def decision(words: Words, about: About, shown: Decision) -> str:
    """One change in full, the passkey that approves it, and the button that stops it."""
    kind = shown.card.kind
    content = [heading(words(f"changes.{kind}.ask"), words("changes.ask_lead", shop=shown.shop))]
    if shown.fault:
        content.append(note("bad", shown.fault, alert=True))
    content.append(tag("section", rows(*shown.card.facts), class_="card"))
    stop = form(shown.card.stop_to, shown.token, button(words("changes.stop"), kind="plain"))
    after = tag("p", words(f"changes.{kind}.after"), class_="small")
    if shown.options is None:
        link = tag("a", words("changes.passkeys"), href=shown.passkeys_at)
        missing = [note("warn", words("changes.no_passkey"), more=words("changes.no_passkey_about")),
                   tag("p", link, class_="small")]  # fmt: skip
        return page(words, about, *content, tag("div", *missing, stop, class_="bottom"))
    approve = passkey.button(
        words, action=shown.approve_to, token=shown.token, options=shown.options, label=words("changes.approve")
    )
    return page(words, about, *content, tag("div", approve, stop, after, class_="bottom"), passkey.SCRIPT)


def _open(words: Words, card: Card, token: str) -> Html:
    look = []
    if card.state is ChangeState.awaiting_approval:
        look = [tag("a", words("changes.look"), href=card.look_at, class_="button main")]
    stop = form(card.stop_to, token, button(words("changes.stop"), kind="plain"))
    return tag(
        "article", _title(words, card), rows(*card.facts), tag("div", *look, stop, class_="actions"), class_="card"
    )


def _past(words: Words, card: Card) -> Html:
    return tag("article", _title(words, card), rows(*card.facts), class_="card past")


def _title(words: Words, card: Card) -> Html:
    drawing, look = _BADGES[card.state]
    badge = tag("span", icon(drawing), words(f"changes.state.{card.state}"), class_=f"badge {look}")
    return tag("header", tag("h3", words(f"changes.{card.kind}")), badge)
