"""The consent page: every line with its own switch, all of them off; agreeing to none is as easy as agreeing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages.frame import About, button, field, form, heading, note, page, rows
from gateway.api.connect.pages.lines import Told
from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.api.connect.words import Words

SWITCH = "line."
"""How the name of a switch's field begins; the line's key follows."""


class Asked(msgspec.Struct, frozen=True):
    """What is asked, by whom, of whom."""

    client: str
    shop: str
    lines: tuple[Told, ...]
    text: str
    text_version: str
    token: str
    action: str
    renewal: bool = False


def consent(words: Words, about: About, asked: Asked, last_on: date, *, fault: str = "") -> str:
    """The page; `last_on` is the last day of what is agreed to, `fault` says why it is shown again."""
    needed = [line for line in asked.lines if line.needed]
    optional = [line for line in asked.lines if not line.needed]
    title = words("consent.renew" if asked.renewal else "consent.title", client=asked.client)
    content = [heading(title, words("consent.lead", shop=asked.shop))]
    if fault:
        content.append(note("bad", fault, alert=True))
    count = "consent.needed" if len(needed) > 1 else "consent.needed_one"
    body = join(
        _group(words(count, count=len(needed)), needed),
        _group(words("consent.optional"), optional),
        _terms(words, asked, last_on),
        _decide(words),
    )
    content.append(form(asked.action, asked.token, body, class_="consent"))
    return page(words, about, *content)


def _group(title: str, lines: Sequence[Told]) -> Html:
    if not lines:
        return Html("")
    return tag("fieldset", tag("legend", title), *map(_line, lines))


def _line(line: Told) -> Html:
    name = SWITCH + line.key
    switch = field(type="checkbox", role="switch", class_="switch", name=name, id=name, value="on")
    facts = [rows(*line.facts)] if line.facts else []
    what = tag("span", tag("span", line.what, class_="what"), tag("span", line.why, class_="why"))
    return tag("div", tag("label", what, switch, for_=name), *facts, class_="line")


def _terms(words: Words, asked: Asked, last_on: date) -> Html:
    until = tag("p", tag("span", words("consent.until")), tag("strong", words.date(last_on)))
    about = tag("p", words("consent.full_about", client=asked.client, version=asked.text_version))
    text = tag("pre", tag("code", asked.text), tabindex="0")
    full = tag("details", tag("summary", tag("span", words("consent.reminders")), tag("span", words("consent.full"),
               class_="link")), about, text)  # fmt: skip
    return tag("div", until, full, class_="terms")


def _decide(words: Words) -> Html:
    # The number is counted by the style sheet, so that it is right without a script.
    before, _, after = words.raw("consent.agree").partition("{n}")
    some = tag("span", before, tag("span", class_="count"), after, class_="some")
    first = tag("span", words("consent.agree_first"), class_="first")
    agree = button(join(some, first), name="do", value="agree")
    none = button(words("consent.none"), kind="plain", name="do", value="none")
    return tag("div", agree, none, tag("p", words("consent.foot"), class_="small"), class_="bottom")
