"""A guide's Markdown as HTML: no raw HTML, no script, links and pictures led to where this site has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML

from gateway.api.pages.sheet import Html, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markdown_it.token import Token

_FORGOTTEN = re.compile(r"[^\w\- ]")


class Heading(msgspec.Struct, frozen=True):
    """A heading of a page: 1 is its title."""

    level: int
    id: str
    text: str


class Page(msgspec.Struct, frozen=True):
    """A rendered text. `body` has everything below the title."""

    title: str
    body: Html
    headings: tuple[Heading, ...]


class _Renderer(RendererHTML):
    """The look of what CommonMark leaves open."""

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A link to the heading itself."""
        anchor = tag("a", "#", class_="anchor", href=f"#{tokens[idx].meta['id']}", aria_label="Link to this heading")
        return f" {anchor}{self.renderToken(tokens, idx, options, env)}"

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A table scrolls within itself."""
        return f'<div class="scroll" tabindex="0">{self.renderToken(tokens, idx, options, env)}'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """See `table_open`."""
        return f"{self.renderToken(tokens, idx, options, env)}</div>"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        """A block of code scrolls within itself, too, by keys as well."""
        return tag("pre", tag("code", tokens[idx].content), tabindex="0")

    code_block = fence

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        """A picture at its own size, which scrolls where the screen is narrow."""
        token = tokens[idx]
        shown = tag("img", src=str(token.attrs["src"]), alt=token.content).removesuffix("</img>")
        return f'<span class="picture" tabindex="0">{shown}</span>'


_MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")


def render(text: str, address: Callable[[str], str | None]) -> Page:
    """A page of `text`. `address` says where this site has what a link names: None where it has it not."""
    tokens = _MARKDOWN.parse(text)
    headings = tuple(_headings(tokens))
    for token in tokens:
        token.attrs.pop("style", None)  # a table's alignment: the pages allow no style of an element's own
        _lead(token.children or (), address)
    title, body = ("", tokens)
    if headings and tokens[0].tag == "h1":
        title, body = headings[0].text, tokens[3:]
    return Page(title, Html(_MARKDOWN.renderer.render(body, _MARKDOWN.options, {})), headings)


def slug(text: str) -> str:
    """The name of a heading in addresses, as code hosts make it: lower case, punctuation dropped, blanks to hyphens."""
    return _FORGOTTEN.sub("", text.lower()).replace(" ", "-")


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Every heading, its id set on its tokens; the second of a name gets `-1`."""
    seen: dict[str, int] = {}
    for opened, inside, closed in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opened.type == "heading_open":
            text = "".join(child.content for child in inside.children or ())
            name = slug(text)
            count = seen.get(name, 0)
            seen[name] = count + 1
            name = f"{name}-{count}" if count else name
            opened.attrSet("id", name)
            closed.meta["id"] = name
            yield Heading(int(opened.tag[1:]), name, text)


def _lead(tokens: Sequence[Token], address: Callable[[str], str | None]) -> None:
    """Lead links and pictures to where they are; a link to what is not here loses its mark and keeps its words."""
    kept: list[bool] = []
    for token in tokens:
        if token.type == "image":
            source = str(token.attrs["src"])
            token.attrs["src"] = address(source) or source
        elif token.type == "link_open":
            found = address(str(token.attrs["href"]))
            token.attrs["href"], token.hidden = found or "", found is None
            kept.append(found is not None)
        elif token.type == "link_close":
            token.hidden = not kept.pop()
