"""Paging: `?limit=&cursor=` in, `{data, next_cursor}` out; the cursor is opaque and the order is that of ids."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from gateway.domain import ids
from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many to answer at most.")]
"""`limit: Limit = DEFAULT_LIMIT` in a handler."""

Cursor = Annotated[
    str | None, QueryParameter(max_length=120, description="`next_cursor` of the page before; opaque, never made up.")
]
"""`cursor: Cursor = None` in a handler; `decode` it before use."""


class BadCursor(Invalid):
    """The cursor is not one this gateway gave out."""

    code = "invalid_cursor"
    title = "The cursor is not one of ours"


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; `next_cursor` is null on the last page."""

    data: list[T]
    next_cursor: str | None = None


def encode(last_id: str) -> str:
    """The cursor that continues after `last_id`."""
    return base64.urlsafe_b64encode(last_id.encode("ascii")).decode("ascii").rstrip("=")


def decode(cursor: str | None, noun: str) -> str | None:
    """The id of a `noun` that a cursor continues after, None for the first page.

    Raises BadCursor for anything `encode` did not make, and for a cursor of another list.
    """
    if cursor is None:
        return None
    try:
        last_id = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raise BadCursor("Use next_cursor of the page before, unchanged") from None
    ours = ids.PATTERN.match(last_id) is not None and last_id.startswith(f"{ids.PREFIXES[noun]}_")
    if not ours or encode(last_id) != cursor:
        raise BadCursor("Use next_cursor of the page before, unchanged")
    return last_id


def page(found: Sequence[R], limit: int, show: Callable[[R], T], id_of: Callable[[R], str]) -> Page[T]:
    """A page of at most `limit` from up to `limit + 1` rows found: the extra row only says that there is more."""
    kept = found[:limit]
    more = len(found) > limit
    return Page([show(row) for row in kept], encode(id_of(kept[-1])) if more else None)
