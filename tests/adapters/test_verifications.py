"""A live KYB over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.questions import Place
from adapters.verifications.http import HttpVerification
from gateway.bank_ports import Unanswered, Unreachable
from gateway.domain.verifications import Subject
from tests.adapters.stubborn import answering, nobody

if TYPE_CHECKING:
    from gateway.outbound import Outbound

pytestmark = pytest.mark.anyio

ASKED = Subject("mer_1", 1, "Corner Bakery", "NL", None, None, None)


async def test_a_live_kyb_answers_over_http(outbound: Outbound) -> None:
    body = b'{"outcome":"verified","entity_type":"bv","owners":["A. Baker"],"payout_account":"NL91ABNA0417164300"}'
    said = b"HTTP/1.1 200 X\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    async with answering(said) as url:
        found = await HttpVerification(Place(url, "secret"), outbound).verify(ASKED)
    assert (found.outcome, found.owners, found.payout_account) == ("verified", ("A. Baker",), "NL91ABNA0417164300")
    async with answering(b"HTTP/1.1 202 X\r\ncontent-length: 0\r\n\r\n") as url:
        assert (await HttpVerification(Place(url), outbound).verify(ASKED)).outcome == "referred"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"outcome":"fine"}', b'{"outcome":"verified","reasons":["Jane!"]}'])
async def test_what_is_no_finding_finds_nothing(body: bytes, outbound: Outbound) -> None:
    said = b"HTTP/1.1 200 X\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    async with answering(said) as url:
        with pytest.raises(Unanswered):
            await HttpVerification(Place(url), outbound).verify(ASKED)


async def test_a_kyb_that_is_not_there_was_not_asked(outbound: Outbound) -> None:
    with pytest.raises(Unreachable):
        await HttpVerification(Place(nobody()), outbound).verify(ASKED)
