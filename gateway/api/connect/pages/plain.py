"""Pages with one thing to say: done, a problem, and the sandbox's outbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.api.connect.pages.frame import About, heading, icon, note, page
from gateway.api.pages.sheet import Html, join, safe, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.api.connect.words import Words
    from gateway.ports import Message

_ADDRESS = re.compile(r"[\w/?&=.-]+", re.ASCII)


def done(words: Words, about: About) -> str:
    """Signed out."""
    card = tag("section", icon("weight"), tag("p", words("done.text")), class_="card empty")
    return page(words, about, heading(words("done.title")), card)


def problem(words: Words, about: About, name: str, request_id: str) -> str:
    """What went wrong, where that leaves the merchant, and a number to quote."""
    card = note("info", words("problem.nothing"), more=words(f"{name}.text"))
    reference = tag("p", words("problem.reference", id=request_id), class_="small")
    return page(words, about, heading(words(name)), tag("div", card, reference, class_="bottom"))


def outbox(words: Words, about: About, messages: Sequence[Message]) -> str:
    """What the sandbox's messenger kept."""
    content = [heading(words("outbox"), words("outbox.lead"))]
    if not messages:
        content.append(tag("section", icon("weight"), tag("p", words("outbox.empty")), class_="card empty"))
    for message in messages:
        at = tag("time", f"{message.created_at:%H:%M:%S}", datetime=message.created_at.isoformat())
        title = tag("header", tag("h3", message.subject), at)
        text = [tag("p", message.contact, class_="small"), tag("p", _linked(message.text, about), lang=message.locale)]
        content.append(tag("article", title, *text, class_="card"))
    return page(words, about, *content)


def _linked(text: str, about: About) -> Html:
    """A message that ends with the address of one of our pages leads there; a shop's name can make no link."""
    before, start, rest = text.rpartition(f"://{about.host}/connect/")
    scheme = next((name for name in ("https", "http") if before.endswith(name)), None)
    if scheme is None or not _ADDRESS.fullmatch(rest):
        return safe(text)
    address = scheme + start + rest
    return join(text.removesuffix(address), tag("a", address, href=address))
