"""The one button that needs a script: it asks the browser for a passkey before its form is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.api.connect.pages import frame
from gateway.api.connect.pages.frame import field, form, icon
from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words

SCRIPT = Html('<script src="/connect/passkey.js" defer></script>')
"""Once a page, however many buttons it has; the page is sent with `Visit.page(…, script=True)`."""
RESPONSE = "response"
"""The field in which the browser's answer comes: what `passkeys.answer` and `passkeys.add` take."""
_FAULTS = ("canceled", "known", "address", "unsupported")


def make_first(words: Words, about: str, address: str) -> tuple[Html, Html]:
    """Where the shop has no passkey yet: why it takes one, and the way to make it."""
    first = frame.note("info", words("confirm.no_passkey"), more=about)
    return first, tag("a", icon("key"), words("confirm.make_passkey"), class_="button passkey", href=address)


def button(
    words: Words,
    *,
    action: str,
    token: str,
    options: str,
    label: str,
    kind: str = "main",
    fields: dict[str, str] | None = None,
    content: Html | None = None,
) -> Html:
    """A form whose button asks for the passkey that `options` (`Challenge.options`) names, then posts to `action`.

    `fields` go along hidden; `content` stands above the button. Without a script it says why one is needed here.
    """
    told = {f"data_{name}": words(f"passkey.{name}") for name in _FAULTS}
    fault = tag("div", icon("alert"), tag("p"), class_="note bad", role="alert", hidden="hidden", data_fault="", **told)
    press = frame.button(join(icon("key"), tag("span", label)), kind=f"{kind} passkey")
    hidden = [field(type="hidden", name=name, value=value) for name, value in (fields or {}).items()]
    return form(
        action,
        token,
        field(type="hidden", name=RESPONSE, value=""),
        *hidden,
        *([content] if content else []),
        fault,
        press,
        tag("noscript", tag("p", words("passkey.noscript"), class_="small")),
        data_passkey=options,
        class_="passkey",
    )
