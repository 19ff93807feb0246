"""The page of our own frame at a till: nothing but the script that draws it, made by `npm run build` in sdk_js."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from gateway.api.pages.sheet import Html, join, tag

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.api.connect.words import Words


class Told(msgspec.Struct, frozen=True):
    """What the script is told: our address, who may speak to it, what our clock says."""

    issuer: str
    origins: Sequence[str]
    now: int
    """Seconds since 1970."""


@cache
def built(name: str) -> str:
    """The text of a script, or of the frame's style sheet."""
    return files("gateway.api.frame").joinpath(name).read_text(encoding="utf-8")


@cache
def parts() -> frozenset[str]:
    """The names of the components' scripts and of what these load."""
    return frozenset(one.name for one in files("gateway.api.frame").joinpath("parts").iterdir())


def page(words: Words, issuer: str, origins: Sequence[str], now: datetime, component: str) -> str:
    """The frame's page for these parent origins and a component."""
    told = Told(issuer, origins, int(now.timestamp()))
    line = tag("p", words("widget.opening"), role="status")
    data = msgspec.json.encode(told).decode()
    return _whole(words, tag("body", line, tag("noscript", words("widget.script")), data_widget=data), component)


def refusal(words: Words) -> str:
    """The page where there is no session."""
    return _whole(words, tag("body", tag("p", words("widget.failed"), role="status")))


def _whole(words: Words, body: Html, component: str | None = None) -> str:
    head = join(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", words("widget.title")),
        Html('<link rel="stylesheet" href="/widget/v1/frame.css">'),
        tag("script", "", type="module", src=f"/widget/v1/parts/{component}.js") if component else Html(""),
    )
    return f'<!doctype html>\n<html lang="{words.locale}"><head>{head}</head>{body}</html>\n'
