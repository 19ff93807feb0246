"""What every hosted page shares: the bar with our name and address, notes, rows with dotted leaders, buttons."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.api.connect.words import Words

_ICONS = {
    "weight": '<path d="M8.6 3h6.8a2 2 0 0 1 2 1.6l2.9 14A2 2 0 0 1 18.3 21H5.7a2 2 0 0 1-2-2.4l2.9-14A2 2 0 0 1'
              ' 8.6 3z" fill="currentColor"/><circle class="star" cx="12" cy="13" r="2.6"/>',
    "lock": '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8.5 11V8a3.5 3.5 0 0 1 7 0v3"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "cross": '<path d="m6.5 6.5 11 11m0-11-11 11"/>',
    "alert": '<path d="M12 4 2.8 19.5h18.4zM12 10v4.5m0 2.3v.1"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5m0-8.5v.1"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "loop": '<path d="M19 8.5A7.5 7.5 0 0 0 5.5 8M5 4v4.3h4.3M5 15.5A7.5 7.5 0 0 0 18.5 16m.5 4v-4.3h-4.3"/>',
    "key": '<circle cx="7.5" cy="12" r="4"/><path d="M11.5 12H21m-3.5 0v3.5M14 12v2.5"/>',
    "chevron": '<path d="m9.5 6 6 6-6 6"/>',
    "dot": '<circle cx="12" cy="12" r="7" fill="currentColor"/>',
}  # fmt: skip


class About(msgspec.Struct, frozen=True):
    """Where a page stands: our own host, its title, the address of the same page in the other language."""

    host: str
    title: str
    other: str = ""
    sandbox: bool = False


@cache
def css() -> str:
    """The style sheet's text."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")


_SHEET = '<link rel="stylesheet" href="/connect/style.css">'


def alone(shown: str) -> str:
    """The same page as a file by itself, to be kept, mailed or printed: its style is inside."""
    return shown.replace(_SHEET, f"<style>{css()}</style>", 1)


def page(words: Words, about: About, *content: Html) -> str:
    """A whole page."""
    head = join(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", f"{about.title} · Restock"),
        Html(_SHEET),
    )
    skip = tag("a", words("skip"), class_="skip", href="#content")
    body = tag("body", skip, _bar(about), tag("main", *content, id="content"), _foot(words, about))
    return f'<!doctype html>\n<html lang="{words.locale}"><head>{head}</head>{body}</html>\n'


def icon(name: str) -> Html:
    """A drawing that says nothing by itself."""
    return Html(
        f'<svg class="icon {name}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{_ICONS[name]}</svg>'
    )


def heading(title: str, lead: str = "") -> Html:
    """The page's own title and one sentence."""
    return tag("header", tag("h1", title), *([tag("p", lead, class_="lead")] if lead else []), class_="head")


def rows(*pairs: tuple[str, str]) -> Html:
    """Terms and values joined by dotted leaders."""
    return tag("dl", *(tag("div", tag("dt", term), tag("dd", value)) for term, value in pairs), class_="rows")


def note(kind: str, text: str, *, more: str = "", alert: bool = False) -> Html:
    """A note of `kind` info, warn, bad or good; `alert` is read out at once."""
    name = {"good": "check", "warn": "alert", "bad": "alert"}.get(kind, "info")
    texts = [tag("strong", text), tag("span", more)] if more else [tag("span", text)]
    return tag("div", icon(name), tag("p", *texts), class_=f"note {kind}", role="alert" if alert else "status")


def locked(text: str) -> Html:
    """A note about what a signature is worth."""
    return tag("div", icon("lock"), tag("p", text), class_="note", role="note")


def empty(title: str, text: str) -> Html:
    """A card where there is nothing to list."""
    return tag("section", icon("weight"), tag("strong", title), tag("p", text), class_="card empty")


def group(title: str, cards: Sequence[Html]) -> Html:
    """Cards under a heading; nothing where there are none."""
    return tag("section", tag("h2", title), *cards, class_="group") if cards else Html("")


def button(text: str | Html, *, kind: str = "main", **attributes: str) -> Html:
    """A button that submits its form."""
    return tag("button", text, class_=f"button {kind}", type="submit", **_renamed(attributes))


def form(action: str, token: str, *content: Html, **attributes: str) -> Html:
    """A form of ours, with the token that proves it."""
    hidden = field(type="hidden", name="form", value=token)
    return tag("form", hidden, *content, method="post", action=action, **attributes)


def field(**attributes: str) -> Html:
    """An input element."""
    return Html(f"<input{_attributes(attributes)}>")


def _attributes(values: dict[str, str]) -> str:
    element = tag("i", **_renamed(values))
    return str(element)[2 : -len("></i>")]


def _renamed(values: dict[str, str]) -> dict[str, str]:
    """`tag` calls its element `name`, so the attribute of that name gets the underscore that `tag` drops."""
    return {"name_" if key == "name" else key: value for key, value in values.items()}


def _bar(about: About) -> Html:
    ours = tag("span", icon("weight"), "Restock", class_="brand")
    where = tag("span", icon("lock"), tag("span", about.host), class_="host")
    return tag("div", ours, where, class_="bar")


def _foot(words: Words, about: About) -> Html:
    parts = []
    if about.sandbox:
        parts.append(tag("p", words("sandbox")))
    if about.other:
        language = "en" if words.language == "zh" else "zh-CN"
        parts.append(tag("p", tag("a", words("other"), href=about.other, lang=language, hreflang=language)))
    return tag("footer", *parts) if parts else Html("")
