"""The page at `/`: what this is, whether it serves, where to read on."""

from __future__ import annotations

from gateway.api.pages.sheet import frame, join, tag

_LINKS = (
    ("/docs", "Guides", "From a first offer in the sandbox to running it for real."),
    ("/docs/api", "API reference", "Every operation, its parameters, answers and examples."),
    ("/docs/errors", "Error catalogue", "What each code means and which status it comes with."),
    ("/openapi.json", "OpenAPI 3.1", "The same description for programs."),
    ("/readyz", "Readiness", "Whether this process should be sent work."),
)


def page(*, version: str, mode: str, draining: bool) -> str:
    """The status page; holds nobody's data."""
    state = ("Finishing its work", "warn") if draining else ("Serving", "good")
    facts = (("Status", tag("span", state[0], class_=f"pill {state[1]}")), ("Mode", mode), ("Version", version))
    listed = tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts), class_="facts")
    links = tag("ul", *(_link(*link) for link in _LINKS), class_="links")
    intro = tag("p", "Sales in, an offer out, a bank's money behind it.", class_="lead")
    return frame("Restock gateway", tag("main", tag("h1", "Restock gateway"), intro, listed, links, id="content"))


def _link(address: str, name: str, about: str) -> str:
    return tag("li", join(tag("a", name, href=address), tag("p", about)))
