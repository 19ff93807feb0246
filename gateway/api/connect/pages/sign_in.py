"""Sign-in: a passkey, or where the code goes and then the code itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.api.connect.pages import passkey
from gateway.api.connect.pages.frame import About, button, field, form, heading, note, page, rows
from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from gateway.api.connect.words import Words


class Shown(msgspec.Struct, frozen=True):
    """What both pages show. `client` is who sent the merchant here, where somebody did."""

    shop: str
    contact: str
    token: str
    send_to: str
    enter_to: str
    prove_to: str
    client: str | None = None
    outbox: bool = False


def start(words: Words, about: About, shown: Shown, *, options: str = "", fault: str = "") -> str:
    """How to get in: with a passkey where `options` ask for one, else by a code and where that will go."""
    why = words("sign_in.why_own", shop=shown.shop)
    if shown.client is not None:
        why = words("sign_in.why", client=shown.client, shop=shown.shop)
    content = [heading(words("sign_in.title"), why)]
    if fault:
        content.append(note("bad", fault, alert=True))
    if options:
        prove = passkey.button(
            words, action=shown.prove_to, token=shown.token, options=options, label=words("sign_in.passkey")
        )
        foot = tag("p", words("sign_in.either", contact=shown.contact), class_="small")
        bottom = tag("div", prove, _codes(words, shown, second=True), foot, class_="bottom")
        return page(words, about, *content, bottom, passkey.SCRIPT)
    facts = rows((words("sign_in.to"), shown.contact), (words("sign_in.lasts"), words("sign_in.minutes")))
    foot = tag("p", words("sign_in.never"), class_="small")
    bottom = tag("div", _codes(words, shown, second=False), foot, class_="bottom")
    return page(words, about, *content, tag("section", facts, class_="card"), bottom)


def _codes(words: Words, shown: Shown, *, second: bool) -> Html:
    text, kind = ("sign_in.instead", "plain") if second else ("sign_in.send", "main")
    buttons = [button(words(text), kind=kind, name="do", value="send")]
    if shown.client is not None:
        buttons.append(button(words("sign_in.none"), kind="quiet" if second else "plain", name="do", value="none"))
    return form(shown.send_to, shown.token, *buttons, class_="actions")


def code(words: Words, about: About, shown: Shown, *, fault: str = "", open_: bool = True) -> str:
    """The field for the code; `fault` says what was wrong with the last one, `open_` whether this one can be tried."""
    told = [note("bad", fault, alert=True)] if fault else []
    again = form(
        shown.send_to,
        shown.token,
        button(words("code.again"), kind="plain" if open_ else "main", name="do", value="send"),
    )
    entry = form(shown.enter_to, shown.token, _entry(words, faulty=bool(fault)), button(words("code.enter")))
    hint = [tag("p", tag("a", words("outbox_link"), href="/sandbox/outbox"), class_="small")] if shown.outbox else []
    lead = words("code.sent", contact=shown.contact)
    parts = [*told, *([entry] if open_ else []), again, tag("p", words("sign_in.never"), class_="small"), *hint]
    return page(words, about, heading(words("code.title"), lead), tag("div", *parts, class_="bottom code"))


def _entry(words: Words, *, faulty: bool) -> Html:
    entry = field(
        id="code", name="code", inputmode="numeric", autocomplete="one-time-code", pattern="[0-9]{6}", maxlength="6",
        required="required", autofocus="autofocus", aria_invalid="true" if faulty else "false",
    )  # fmt: skip
    return join(tag("label", words("code.label"), for_="code"), entry)
