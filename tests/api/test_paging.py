"""Cursors: opaque, made by us alone; pages: the extra row only says that there is more."""

from __future__ import annotations

import base64

import pytest

from gateway.api import paging
from tests.api.tiny import MERCHANT


def test_a_cursor_leads_back_to_its_id() -> None:
    assert paging.decode(paging.encode(MERCHANT), "merchant") == MERCHANT
    assert paging.decode(None, "merchant") is None


@pytest.mark.parametrize(
    "cursor",
    [
        "", "abc", "!!!", "é", "=" * 8, paging.encode(MERCHANT) + "=", paging.encode(MERCHANT)[:-1],
        paging.encode(MERCHANT) + "\n", paging.encode("mer_x"), base64.b64encode(b"\xff" * 30).decode(),
        paging.encode(MERCHANT + " "), paging.encode(MERCHANT.replace("mer_", "off_")),
    ],
)  # fmt: skip
def test_a_cursor_we_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(paging.BadCursor):
        paging.decode(cursor, "merchant")


@pytest.mark.parametrize(("found", "shown", "more"), [(0, 0, False), (2, 2, False), (3, 3, False), (4, 3, True)])
def test_a_page_has_a_next_one_only_when_there_is_more(found: int, shown: int, more: bool) -> None:  # noqa: FBT001
    rows = [MERCHANT[:-1] + str(n) for n in range(found)]
    page = paging.page(rows, 3, str.upper, str)
    assert page.data == [row.upper() for row in rows[:shown]]
    assert (page.next_cursor is not None) is more
    if more:
        assert paging.decode(page.next_cursor, "merchant") == rows[shown - 1]
