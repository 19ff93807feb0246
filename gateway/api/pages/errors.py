"""The error catalogue: one entry a code, at the address a problem's `type` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.api.pages.sheet import Html, frame, prose, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.api.problems import CatalogueEntry


def page(entries: Sequence[CatalogueEntry]) -> str:
    """All codes, ordered by code."""
    words = "Every refusal is an RFC 9457 problem; `code` is stable, `detail` is for people."
    intro = tag("p", prose(words), class_="lead")
    listed = tag("div", *map(_entry, entries), class_="entries")
    return frame("Errors · Restock", tag("main", tag("h1", "Errors"), intro, listed, id="content"))


def _entry(entry: CatalogueEntry) -> Html:
    heading = tag("h2", tag("code", entry.code), " ", tag("span", str(entry.status), class_="pill"))
    return tag("section", heading, tag("p", tag("strong", entry.title)), tag("p", prose(entry.meaning)), id=entry.code)
