"""The confirmation page: the sum, what it costs, where it goes, and the button that signs exactly this."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages import passkey
from gateway.api.connect.pages.frame import About, button, form, heading, icon, locked, note, page, rows
from gateway.api.pages.sheet import Html, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words

Pairs = tuple[tuple[str, str], ...]


class Terms(msgspec.Struct, frozen=True):
    """A draw in words: `sum_` is its symbol and its digits, `costs` add up to `total`, `facts` is everything else."""

    lead: str
    sum_: tuple[str, str]
    costs: Pairs
    total: tuple[str, str]
    facts: Pairs


class Asked(msgspec.Struct, frozen=True):
    """What the buttons need: `options` of the passkey's challenge, None while the shop has no passkey yet."""

    action: str
    token: str
    why: str
    label: str
    until: str
    options: str | None
    make_passkey_at: str
    agreement_at: str


class Outcome(msgspec.Struct, frozen=True):
    """How a draw stands that cannot be confirmed now: an icon, a look, what is so, and what that means."""

    drawing: str
    kind: str
    title: str
    text: str


_FIGURE = re.compile(r"(\D*)([\d,]+)(\.\d+)?")


def figure(money: str) -> tuple[str, str]:
    """`¥15,600.00` → its symbol and its digits, without decimals that are all zero."""
    match = _FIGURE.fullmatch(money)
    assert match is not None  # noqa: S101 - made by `Words.money`
    decimals = match[3] or ""
    return match[1].strip(), match[2] + (decimals if decimals.strip(".0") else "")


def confirm(words: Words, about: About, terms: Terms, asked: Asked, *, fault: str = "") -> str:
    """The page while the draw waits; `fault` says why it is shown again."""
    told = [note("bad", fault, more=words("confirm.nothing"), alert=True)] if fault else []
    bottom = tag("div", *_decide(words, asked), class_="bottom")
    script = [passkey.SCRIPT] if asked.options is not None else []
    return page(words, about, *_terms(terms), *told, bottom, *script)


def _terms(terms: Terms) -> list[Html]:
    return [amount(terms.lead, *terms.sum_), _costs(terms)]


def amount(lead: str, symbol: str, digits: str) -> Html:
    """One large sum as the page's title, with what it is about above it."""
    figure = tag("h1", tag("span", symbol, class_="symbol"), digits, class_="figure")
    return tag("header", tag("p", lead, class_="lead"), figure, class_="head sum")


def _costs(terms: Terms) -> Html:
    total = tag("div", rows(terms.total), class_="total")
    return tag("section", rows(*terms.costs), total, rows(*terms.facts), class_="quote")


def _decide(words: Words, asked: Asked) -> list[Html]:
    cancel = form(asked.action, asked.token, button(words("confirm.cancel"), kind="quiet", name="do", value="cancel"))
    until = tag("p", asked.until, class_="small")
    if asked.options is None:
        return [*passkey.make_first(words, words("confirm.no_passkey_about"), asked.make_passkey_at), cancel, until]
    sign = passkey.button(
        words, action=asked.action, token=asked.token, options=asked.options, label=asked.label,
        fields={"do": "confirm"},
    )  # fmt: skip
    read = tag("p", tag("a", words("agreements.read_first"), icon("chevron"), href=asked.agreement_at), class_="small")
    return [read, locked(asked.why), sign, cancel, until]


def outcome(words: Words, about: About, terms: Terms | None, found: Outcome) -> str:
    """The page once it is decided, or cannot be any more; the terms stand below for a draw that was confirmed."""
    told = note(found.kind, found.title, more=found.text)
    closing = tag("p", words("confirm.close"), class_="small")
    if terms is None:
        card = tag("section", icon(found.drawing), tag("p", found.text), class_="card empty")
        return page(words, about, heading(found.title), card, tag("div", closing, class_="bottom"))
    return page(
        words, about, amount(terms.lead, *terms.sum_), told, _costs(terms), tag("div", closing, class_="bottom")
    )
