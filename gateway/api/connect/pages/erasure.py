"""What became of a shop's data when nothing let it be assessed any more: erased, kept, why, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.api.connect.pages.frame import icon, rows
from gateway.api.pages.sheet import Html, tag
from gateway.domain.erasures import ErasureState, Reason

if TYPE_CHECKING:
    from gateway.api.connect.words import Words
    from gateway.domain.erasures import Kept, Report

_BADGES = {
    ErasureState.scheduled: ("clock", "neutral"),
    ErasureState.erasing: ("loop", "live"),
    ErasureState.partial: ("clock", "live"),
    ErasureState.erased: ("check", "neutral"),
    ErasureState.canceled: ("cross", "neutral"),
}


def card(words: Words, report: Report | None) -> Html:
    """The card of one erasure; nothing where there is none."""
    if report is None:
        return Html("")
    state, found = report.erasure.state, report.erasure
    drawing, look = _BADGES[state]
    badge = tag("span", icon(drawing), words(f"erasure.{state.value}"), class_=f"badge {look}")
    title = tag("header", tag("h3", words(f"erasure.title.{state.value}")), badge)
    scheduled = state is ErasureState.scheduled
    day = words.date((found.due_at if scheduled else found.state_at).date())
    facts = [(words("erasure.due" if scheduled else "erasure.since"), day)]
    facts += [(words(f"erasure.gone.{gone.kind.value}"), f"{gone.count:,}") for gone in report.erased]
    kept = tag("ul", *(_line(words, one) for one in report.kept), class_="lines")
    about = tag("p", words(f"erasure.about.{state.value}"), class_="why")
    summary = tag("summary", tag("span", words("erasure.keep" if scheduled else "erasure.kept"), class_="link"))
    return tag("article", title, about, rows(*facts), tag("details", summary, kept), class_="card past erasure")


def _line(words: Words, kept: Kept) -> Html:
    what = words(f"erasure.kept.{kept.kind.value}")
    if kept.count is not None:
        what = words("erasure.counted", what=what, count=f"{kept.count:,}")
    why = [words(f"erasure.why.{kept.reason.value}")]
    if kept.until_on is not None:
        why.append(words("erasure.until", date=words.date(kept.until_on)))
    elif kept.reason in {Reason.credit_records, Reason.agreement}:
        why.append(words("erasure.years"))
    if kept.sealed:
        why.append(words("erasure.sealed"))
    told = (" " if words.language == "en" else "").join(why)
    return tag("li", tag("div", tag("span", what, class_="what"), tag("span", told, class_="why")))
