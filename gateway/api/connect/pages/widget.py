"""The page of our own frame at a till: one line that says how far it is, and the script that does the rest."""

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

_STATES = ("opening", "ready", "failed", "ended")


class Told(msgspec.Struct, frozen=True):
    """What the script is told: our address, who may speak to it, what our clock says, the words for its states."""

    issuer: str
    origins: Sequence[str]
    now: int
    """Seconds since 1970."""
    words: dict[str, str]


@cache
def script() -> str:
    """The script's text."""
    return files("gateway.api.connect").joinpath("widget.js").read_text(encoding="utf-8")


def page(words: Words, issuer: str, origins: Sequence[str], now: datetime) -> str:
    """The frame's page for these parent origins."""
    told = Told(issuer, origins, int(now.timestamp()), {state: words(f"widget.{state}") for state in _STATES})
    line = tag("p", words("widget.opening"), role="status")
    data = msgspec.json.encode(told).decode()
    return _whole(words, tag("body", line, tag("noscript", words("widget.script")), data_widget=data), runs=True)


def refusal(words: Words) -> str:
    """The page where there is no session."""
    return _whole(words, tag("body", tag("p", words("widget.failed"), role="status")), runs=False)


def _whole(words: Words, body: Html, *, runs: bool) -> str:
    head = join(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", words("widget.title")),
        Html('<link rel="stylesheet" href="/connect/style.css">'),
        Html('<script type="module" src="/widget/v1/frame.js"></script>') if runs else Html(""),
    )
    return f'<!doctype html>\n<html lang="{words.locale}"><head>{head}</head>{body}</html>\n'
