"""A consent taken back while sales come in, on both engines: what was taken stays, and nothing is taken after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import books, tills
from tests.usecases.revocations import PUSHERS_COUNT, Pushers, narrow, over_http, revoke, through_the_lane

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.usecases.revocations import Door, TakeBack

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("take_back", [revoke, narrow])
@pytest.mark.parametrize("door", [over_http, through_the_lane])
@pytest.mark.parametrize("wanted", [1, PUSHERS_COUNT, 5 * PUSHERS_COUNT])
async def test_after_a_revocation_is_answered_no_row_is_taken_and_those_before_are_all_there(
    gateway: Gateway, door: Door, take_back: TakeBack, wanted: int
) -> None:
    till = await tills.new(await gateway.partner())
    await Pushers([await door(gateway, till)]).race(gateway, till, take_back, wanted)
    await books.check(gateway.world, till.id)
