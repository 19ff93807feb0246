"""Every state a component can show, as a change of what the gateway answers: for pictures of them and for axe.

The frame is the gateway's own, at a really running gateway with a real shop and loan; only the answer that means the
state is changed on its way, so that a state that takes months to come about can be looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import product, starmap
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import msgspec

from gateway.domain import reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Frame, Page, Route

    from tests.widget.stage import Stage

Json: TypeAlias = dict[str, Any]
Change: TypeAlias = "Callable[[Json], Json]"


class State(msgspec.Struct, frozen=True):
    """One state of one component. `changes`: the last part of an address → what becomes of its answer, None = none."""

    component: str
    name: str
    changes: Mapping[str, Change | None]


class Look(NamedTuple):
    """Language, colours and width."""

    locale: str
    scheme: str
    width: int


LOOKS = tuple(starmap(Look, product(("zh-CN", "en"), ("light", "dark"), (320, 1280))))


async def shown(stage: Stage, state: State, look: Look) -> Frame:
    """The frame of a component in this state and look, once nothing in it is still being fetched."""
    await stand_in(stage.browser, stage.issuer, state)
    await stage.browser.set_viewport_size({"width": look.width, "height": 900})
    await stage.shows(state.component, until="error" if state.changes.get("summary", 1) is None else "ready")
    asked = {"locale": look.locale, "theme": {"scheme": look.scheme}}
    await stage.browser.evaluate(f"restock.then((all) => all.update({json.dumps(asked)}))")
    frame = stage.frame()
    await frame.locator(f"html[lang={look.locale}]").wait_for(state="attached")
    await frame.locator(".bones").first.wait_for(state="detached")
    return frame


async def stand_in(page: Page, issuer: str, state: State) -> None:
    """Change what the gateway answers to the page's frames from now on; everything else goes through."""

    async def answer(route: Route) -> None:
        last = urlsplit(route.request.url).path.rpartition("/")[2]
        if last not in state.changes:
            await route.continue_()
            return
        change = state.changes[last]
        if change is None:
            await route.abort()
            return
        found = await route.fetch()
        if found.ok:
            await route.fulfill(response=found, json=change(await found.json()))
        else:
            await route.fulfill(response=found)

    await page.unroute_all(behavior="ignoreErrors")
    await page.route(re.compile(rf"{re.escape(issuer)}/(widget/)?v1/"), answer)


def reason(code: str, amount: int | None = None) -> Json:
    """A reason from the catalogue, as the API says it."""
    made: Json = msgspec.to_builtins(reasons.make(code, amount))
    return made


def summary(
    *, offer: Json | None = None, loan: Json | None = None, loans: bool = True, **more: Any
) -> dict[str, Change]:
    """A summary with these members of its offer and of its loan; without `loans` nothing was ever borrowed."""

    def change(found: Json) -> Json:
        drawdowns = [one | (loan or {}) for one in found["drawdowns"][:1]] if loans else []
        return found | {"offer": found["offer"] | (offer or {}), "drawdowns": drawdowns} | more

    return {"summary": change}


def stopped(code: str, state: str = "none", **more: Any) -> dict[str, Change]:
    """A summary with no offer for this reason."""
    nothing = {"state": state, "available_amount": 0, "limit_amount": 0, "reasons": [reason(code)]}
    return summary(offer=nothing | ({"id": None} if state == "none" else {}), loans=False, **more)


def moved(amount: int, code: str) -> dict[str, Change]:
    """An offer that is so much more, or less, than the one before."""

    def change(found: Json) -> Json:
        offer = found["offer"]
        before = {"amount": amount, "limit_before_amount": offer["limit_amount"] - amount, "at": found["data_as_of"]}
        why = [reason(code, amount), *offer["reasons"][-1:]]
        return found | {"offer": offer | {"change": before, "reasons": why}, "drawdowns": []}

    return {"summary": change}


def loan(**changes: Any) -> dict[str, Change]:
    """A summary whose loan has these members."""
    return summary(loan=changes)


DUE = "2026-01-28"
LATE: Json = {"health": "late", "past_due_amount": 55_667, "past_due_days": 4}
PAY: Json = {"type": "pay", "url": None, "why": [], "drawdown_id": None, "amount": 55_667, "due_on": DUE}

STATES = (
    State("tile", "offer", summary(loans=False)),
    State("tile", "raised", moved(160_000, "sales_rose")),
    State("tile", "lowered", moved(-820_000, "sales_fell")),
    State("tile", "pending", loan(state="pending", outstanding_amount=0)),
    State("tile", "in-doubt", loan(state="in_doubt", outstanding_amount=0)),
    State("tile", "repaying", loan(state="active", health="current")),
    State("tile", "short", loan(health="near_breach")),
    State("tile", "late", loan(**LATE)),
    State("tile", "stale", stopped("data_stale", "frozen")),
    State("tile", "thin", stopped("thin_history", trading_days_count=12)),
    State("tile", "declined", stopped("no_sales")),
    State("tile", "offline", {"summary": None}),
    State("offer", "open", summary(loans=False)),
    State("offer", "raised", moved(160_000, "sales_rose")),
    State("offer", "lowered", moved(-820_000, "sales_fell")),
    State("offer", "indicative", summary(offer={"commitment": "indicative"}, loans=False)),
    State("offer", "stale", stopped("data_stale", "frozen")),
    State("offer", "frozen", stopped("anomaly_suspected", "frozen")),
    State("offer", "thin", stopped("thin_history", trading_days_count=12)),
    State("offer", "declined", stopped("no_sales")),
    State("offer", "offline", {"summary": None}),
    State("offer", "waits-for-a-passkey", loan(state="awaiting_confirmation", outstanding_amount=0)),
    State("offer", "requested", loan(state="requested", outstanding_amount=0)),
    State("offer", "reviewing", loan(state="reviewing", outstanding_amount=0)),
    State("offer", "pending", loan(state="pending", outstanding_amount=0)),
    State("offer", "in-doubt", loan(state="in_doubt", outstanding_amount=0)),
    State("offer", "failed", loan(state="failed", outstanding_amount=0)),
    State("offer", "rejected", loan(state="rejected", outstanding_amount=0)),
    State("offer", "returned", loan(state="returned", outstanding_amount=0)),
    State("manage", "repaying", loan(state="active", health="current")),
    State("manage", "short", loan(health="near_breach")),
    State("manage", "late", loan(**LATE) | {}),
    State("manage", "paused", loan(health="paused", paused_until_on=DUE)),
    State("manage", "defaulted", loan(health="defaulted", past_due_amount=55_667, past_due_days=92)),
    State("manage", "charged-off", loan(state="charged_off", health="charged_off", past_due_amount=55_667)),
    State("manage", "in-doubt", loan(state="in_doubt", outstanding_amount=0)),
    State("manage", "nothing-owed", summary(loans=False)),
    State("manage", "offline", {"summary": None}),
    State("consents", "given", {}),
    State("consents", "offline", {"consents": None}),
)
