"""Notices: what a merchant must be told of decisions against it, by when, and whether it was."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import paging, rights
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.calendars import Instant
from gateway.domain.notices import Notice, NoticeKind, NoticeState
from gateway.domain.reasons import Reason
from gateway.domain.rights import Caller, Right
from gateway.usecases import notices
from gateway.usecases.world import World

_TAGS = ["Credit"]


class NoticeView(msgspec.Struct, frozen=True):
    """What a merchant must be told by `due_at`: decisions took its limit from `before_amount` to `after_amount`.

    It is sent to the merchant's verified contact at `send_at`: a day after a material cut or a stop, weeks after small
    ones. Without a contact it stays `open`, and telling the merchant is yours to do. `withdrawn`: the limit came back
    before anything was sent.
    """

    id: str
    merchant_id: str
    kind: NoticeKind
    state: NoticeState
    currency: str
    before_amount: int
    after_amount: int
    decision_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    opened_at: Instant
    due_at: Instant
    send_at: Instant
    sent_at: Instant | None


@get("/v1/merchants/{merchant_id:str}/notices", opt={"right": Right.offers_read}, tags=_TAGS)
async def page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[NoticeView]:
    """List what a shop must be told, or was, oldest first."""
    await rights.check_consent(world, caller, Right.offers_read, merchant_id)
    found = await notices.page(world.store, merchant_id, paging.decode(cursor, "notice") or "", limit + 1)
    return paging.page(found, limit, _view, lambda notice: notice.id)


@get("/v1/notices/{notice_id:str}", opt={"right": Right.offers_read, "checks_merchant": True}, tags=_TAGS)
async def show(notice_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> NoticeView:
    """Show one notice."""
    found = await notices.find(world.store, notice_id, caller.partner_id)
    await rights.check_consent(world, caller, Right.offers_read, found.merchant_id, "notice")
    return _view(found)


def _view(notice: Notice) -> NoticeView:
    values = msgspec.structs.asdict(notice)
    values.pop("partner_id")
    return NoticeView(**values)


ROUTES = (page, show)
