"""The guides: the Markdown of docs/ and of the clients' READMEs, found, rendered and led through by docs/README.md."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.api.pages import markdown
from gateway.api.pages.sheet import Html, frame, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

INDEX = "README"
_CLIENTS = {"python": "sdk_py/README.md", "javascript": "sdk_js/README.md"}
"""Page → a file beside docs/ in the repository."""
_GROUP = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[(.+?)\]\((.+?)\): (.+)$")
_ELSEWHERE = re.compile(r"^(?:[a-z]+:|/|#)")
_CONTENTS_MIN_COUNT = 3


class Entry(msgspec.Struct, frozen=True):
    """A line of the index: a page, and what it is about."""

    title: str
    name: str
    about: str

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"/docs/{self.name}"


@cache
def sources() -> Mapping[str, Traversable]:
    """Path in the repository → the file, of all Markdown and pictures; the wheel carries them in gateway/docs."""
    carried = files("gateway").joinpath("docs")
    root: Traversable = carried if carried.is_dir() else Path(__file__).parents[3]
    folder = root if carried.is_dir() else root.joinpath("docs")
    found = dict(_listed(folder, "docs")) if folder.is_dir() else {}
    clients = {path: root.joinpath(*path.split("/")) for path in _CLIENTS.values()}
    return found | {path: file for path, file in clients.items() if file.is_file()}


def _listed(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        if file.name.endswith((".md", ".svg")):
            yield f"{path}/{file.name}", file
        elif file.name == "states":
            yield from _listed(file, f"{path}/states")


@cache
def groups() -> Mapping[str, list[Entry]]:
    """The index: its groups, and the pages of each, in its order."""
    found: dict[str, list[Entry]] = {}
    for line in _text(f"docs/{INDEX}.md").splitlines():
        if group := _GROUP.match(line):
            found[group[1]] = []
        elif entry := _ENTRY.match(line):
            address = _address("docs", entry[2]) or ""
            found[list(found)[-1]].append(Entry(entry[1], posixpath.basename(address), entry[3]))
    return found


def raw(name: str) -> str | None:
    """The Markdown of a page, links to the clients' READMEs made to arrive; None where there is no such page."""
    path = _path(name)
    if path not in sources():
        return None
    text = _text(path)
    for page, readme in _CLIENTS.items():
        text = text.replace(f"](../{readme}", f"]({page}.md")
    return text.replace("](../docs/", "](")


def picture(path: str) -> bytes | None:
    """The bytes of an SVG under docs/."""
    file = sources().get(f"docs/{path}")
    return None if file is None else file.read_bytes()


@cache
def page(name: str) -> str | None:
    """The page of a guide, or of the index; None where there is no such guide."""
    path = _path(name)
    if path not in sources():
        return None
    shown = markdown.render(_text(path), lambda target: _address(posixpath.dirname(path), target))
    others = tag("a", "All guides", href="#guides", class_="others")
    head = join(others, tag("h1", shown.title), Html("") if name == INDEX else _contents(shown))
    main = tag("main", head, shown.body, _neighbours(name), id="content", class_="guide")
    title = "Docs · Restock" if name == INDEX else f"{shown.title} · Restock"
    return frame(title, tag("div", _all(name), main, class_="columns guides"))


def llms(start: str) -> str:
    """llms.txt: what this is, and where the Markdown of each page is; `start` is the gateway's address."""
    summary = (
        "An embedded lending gateway. Shops' software pushes sales; each answer carries the shop's fresh limit; the "
        "merchant confirms a drawdown; a partner bank pays it out; a share of later sales repays it."
    )
    lines = ["# Restock", "", f"> {summary}", "", "Amounts are integers of the currency's smallest unit. Every error"]
    lines[-1] += f" is an RFC 9457 problem with a stable `code`. Every call and type: {start}/openapi.json."
    for group, entries in groups().items():
        lines += ["", f"## {group}", ""]
        lines += [f"- [{one.title}]({start}{one.address}.md): {one.about}" for one in entries]
    return "\n".join(lines) + "\n"


def _path(name: str) -> str:
    return _CLIENTS.get(name, f"docs/{name}.md")


def _text(path: str) -> str:
    file = sources().get(path)
    return "" if file is None else file.read_text(encoding="utf-8")


def _address(folder: str, target: str) -> str | None:
    """Where this site has what a page in `folder` calls `target`; as it is, where it is a whole address."""
    if _ELSEWHERE.match(target):
        return target
    file, mark, part = target.partition("#")
    path = posixpath.normpath(posixpath.join(folder, file))
    if path not in sources():
        return None
    client = next((page for page, readme in _CLIENTS.items() if readme == path), None)
    place = path.removeprefix("docs/").removesuffix(".md") if client is None else client
    return ("/docs" if place == INDEX else f"/docs/{place}") + mark + part


def _contents(shown: markdown.Page) -> Html:
    """The page's own headings, where there are several."""
    listed = [tag("li", tag("a", one.text, href=f"#{one.id}")) for one in shown.headings if one.level == 2]  # noqa: PLR2004
    if len(listed) < _CONTENTS_MIN_COUNT:
        return Html("")
    return tag("details", tag("summary", "On this page"), tag("ul", *listed), class_="contents")


def _all(name: str) -> Html:
    """Every page by its group."""
    listed = [
        tag("li", tag("span", group), tag("ul", *(_line(entry, name) for entry in entries)))
        for group, entries in groups().items()
    ]
    return tag("nav", tag("ul", *listed), class_="toc", aria_label="Guides", id="guides")


def _line(entry: Entry, name: str) -> Html:
    here = {"aria_current": "page"} if entry.name == name else {}
    return tag("li", tag("a", entry.title, href=entry.address, **here))


def _neighbours(name: str) -> Html:
    """The page before and the page after, as the index has them."""
    entries = [entry for group in groups().values() for entry in group]
    before = next((one for one, other in pairwise(entries) if other.name == name), None)
    after = next((other for one, other in pairwise(entries) if one.name == name), None)
    links = [tag("a", f"← {before.title}", href=before.address, rel="prev")] if before else []
    links += [tag("a", f"{after.title} →", href=after.address, rel="next")] if after else []
    return tag("nav", *links, class_="neighbours", aria_label="Neighbouring pages") if links else Html("")
