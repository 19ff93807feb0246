"""The frame every page shares, and the helpers that write HTML. Text is always escaped here, never by a caller."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="bar"><a class="brand" href="/">Restock</a>
<nav aria-label="Pages">
<a href="/docs">Docs</a><a href="/docs/api">API</a><a href="/docs/errors">Errors</a><a href="/openapi.json">OpenAPI</a>
</nav>
</header>
{body}
</body>
</html>
"""


class Html(str):
    """A piece of HTML that is already safe."""

    __slots__ = ()


@cache
def css() -> str:
    """The style sheet's text."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")


def frame(title: str, body: Html) -> str:
    """A whole page."""
    return _FRAME.format(title=escape(title), body=body)


def tag(name: str, *content: str, **attributes: str) -> Html:
    """One element; text is escaped, `Html` is kept. `class_` and `for_` lose their underscore."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{''.join(map(safe, content))}</{name}>")


def safe(text: str) -> Html:
    """`text` as HTML, escaped unless it already is HTML."""
    return text if isinstance(text, Html) else Html(escape(text))


def prose(text: str) -> Html:
    """Plain text with `code` between backticks."""
    parts = text.split("`")
    return Html("".join(tag("code", part) if i % 2 else safe(part) for i, part in enumerate(parts)))


def join(*parts: str) -> Html:
    """Pieces one after the other."""
    return Html("".join(map(safe, parts)))
