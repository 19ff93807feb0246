"""/widget/v1/consents: what a merchant agreed to, in the words of the hosted pages, and where it takes it back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.api.connect import words
from gateway.api.connect.addresses import CONSENTS
from gateway.api.connect.consent import bank_name
from gateway.api.connect.pages import lines
from gateway.domain import consents as rules
from gateway.domain.consents import UnknownConsent
from gateway.domain.details import MerchantData
from gateway.domain.rights import Caller, Right
from gateway.usecases import consent_records
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.api.connect.pages.lines import Told
    from gateway.domain.consents import Line

Locale = Annotated[
    str | None, QueryParameter(name="locale", max_length=20, description="`zh-CN` or `en`; else what the request asks.")
]


class ConsentFact(msgspec.Struct, frozen=True):
    """One thing to know of a line, as how far back or how long it is kept, in words."""

    name: str
    value: str


class ConsentLine(msgspec.Struct, frozen=True):
    """One thing that was agreed to: `what` and `why` in words; of data how far back, and to which bank it goes.

    `until_on` is the last day on which it holds. Without a `needed` line nothing can be offered.
    """

    key: str
    what: str
    why: str
    lookback_days: int | None
    until_on: date
    bank: str | None
    facts: list[ConsentFact]
    needed: bool


class SessionConsent(msgspec.Struct, frozen=True):
    """The consent behind a widget session; at `manage_url` its merchant reads all of it and takes it back."""

    grant_id: str
    client: str
    locale: str
    given_at: datetime
    until_on: date
    lines: list[ConsentLine]
    manage_url: str


@get("/widget/v1/consents", opt={"right": Right.merchants_read, "checks_merchant": True}, tags=["Widget"])
async def show(
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    locale: Locale = None,
) -> SessionConsent:
    """Show what the session's merchant agreed to, line by line, in the words that it agreed to."""
    if caller.grant_id is None:
        raise UnknownConsent("This token stands on no merchant's consent")
    said = words.Words(words.language(locale, request.headers.get("accept-language", "")))
    held = await consent_records.held(world.store, caller.grant_id, caller.merchant_id)
    last_on = (held.consent.expires_at - timedelta(microseconds=1)).date()
    found = [
        _line(line, lines.tell(said, line, held.client_name, lambda bank_id: bank_name(world, bank_id)), world, last_on)
        for line in rules.lines(held.details)
    ]
    page = f"{world.settings.address}{CONSENTS}?merchant_id={held.consent.merchant_id}"
    return SessionConsent(
        held.consent.grant_id, held.client_name, said.locale, held.consent.created_at, last_on, found, page
    )


def _line(line: Line, told: Told, world: World, last_on: date) -> ConsentLine:
    data = line.detail if isinstance(line.detail, MerchantData) else None
    return ConsentLine(
        key=told.key,
        what=told.what,
        why=told.why,
        lookback_days=data.lookback_days if data is not None and line.recipient is None else None,
        until_on=min(last_on, (data and data.expires_at) or last_on),
        bank=None if line.recipient is None else bank_name(world, line.recipient.bank),
        facts=[ConsentFact(name, value) for name, value in told.facts],
        needed=told.needed,
    )


ROUTES = (show,)
