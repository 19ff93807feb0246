from __future__ import annotations

import pytest

from adapters.mailboxes import FileMailbox, HttpPlace
from gateway.bank_ports import Unanswered, Unreadable
from gateway.outbound import Outbound
from tests.adapters import stubborn

pytestmark = pytest.mark.anyio
HOSTILE = {
    "no UTF-8": b'[{"id":1,"body":"\xff"}]',
    "endless": b"[" * 100_000,
    "another shape": b'{"id":1}',
    "nothing": b"",
}
HEAD = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_listing_in_no_known_form_is_told_as_unreadable(body: bytes) -> None:
    async with stubborn.answering(HEAD % (b"200 OK", len(body)) + body) as url, Outbound() as outbound:
        with pytest.raises(Unreadable):
            await FileMailbox(HttpPlace(url), outbound).fetch()


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_refusal_in_no_known_form_leaves_a_doubt(body: bytes) -> None:
    async with stubborn.answering(HEAD % (b"422 No", len(body)) + body) as url, Outbound() as outbound:
        with pytest.raises(Unanswered):
            await FileMailbox(HttpPlace(url), outbound).submit(b"<Document/>", "application/xml")
