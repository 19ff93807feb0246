"""The shop's owner at the hosted pages, without a screen: signs in by a code and agrees to what is asked."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    import httpx

_CODE = re.compile(r">([0-9]{6})\b")
"""The notice's text begins with it."""
_REDIRECTS = 6


class PageNotUnderstood(Upstream):
    """A hosted page is not what the story expects."""

    code = "page_not_understood"
    title = "A page could not be used"


class _Form:
    """A form: the fields it carries by itself, and the switches that may be turned on."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.switches: list[str] = []


class _Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[_Form] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form, or a field of the one that was opened last."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(_Form(found.get("action", "")))
        elif tag == "input" and self.found and "name" in found:
            if found.get("type") == "checkbox":
                self.found[-1].switches.append(found["name"])
            else:
                self.found[-1].fields[found["name"]] = found.get("value", "")


async def agree(http: httpx.AsyncClient, url: str) -> str:
    """Follow a partner's link, sign in, turn every line on and agree; the code the browser is sent back with.

    `http` has the gateway's address as its base and keeps its cookies. Raises PageNotUnderstood.
    """
    page = await _open(http, url)
    await _post(http, page, "/connect/sign-in", {"do": "send"})
    outbox = await http.get("/sandbox/outbox")
    code = _CODE.search(outbox.text)
    if code is None:
        raise PageNotUnderstood("The outbox shows no code")
    page = await _open(http, str(page.url.copy_with(path="/connect/code")))
    await _post(http, page, "/connect/code", {"code": code[1]})
    page = await _open(http, str(page.url.copy_with(path="/connect/consent")))  # no passkey: there is no finger here
    back = await _post(http, page, "/connect/consent", {"do": "agree"}, everything=True)
    found = parse_qs(urlsplit(back).query).get("code")
    if found is None:
        raise PageNotUnderstood("The consent page did not lead back with a code")
    return found[0]


async def _open(http: httpx.AsyncClient, address: str) -> httpx.Response:
    """A page, over redirects within the gateway."""
    for _ in range(_REDIRECTS):
        answer = await http.get(address)
        if not answer.is_redirect:
            if not answer.is_success:
                raise PageNotUnderstood(f"{answer.url.path} answered {answer.status_code}")
            return answer
        address = answer.headers["Location"]
    raise PageNotUnderstood("The pages lead around in a circle")


async def _post(
    http: httpx.AsyncClient, page: httpx.Response, path: str, fields: dict[str, str], *, everything: bool = False
) -> str:
    """Send the page's form that goes to `path`, with every switch on where `everything` says so; where it leads."""
    form = next((form for form in _Forms(page.text).found if urlsplit(form.action).path == path), None)
    if form is None:
        raise PageNotUnderstood(f"{page.url.path} has no form for {path}")
    switches = dict.fromkeys(form.switches, "on") if everything else {}
    answer = await http.post(form.action, data=form.fields | switches | fields)
    if not answer.is_redirect:
        raise PageNotUnderstood(f"The form of {page.url.path} was answered with {answer.status_code}")
    return str(answer.headers["Location"])
