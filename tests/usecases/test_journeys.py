"""What a till is told of a payment that nobody knows the fate of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.usecases import jobs, work
from tests.rails import Askable

if TYPE_CHECKING:
    from gateway.bank_ports import InboundMessage, Sent
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


class Forgetful(Askable):
    """A bank that can be asked and has nothing to say."""

    async def status(self, sent: Sent) -> list[InboundMessage]:
        self.asked.append(sent)
        return []


async def test_while_a_payment_is_in_doubt_the_till_knows_when_its_bank_is_asked_again(shop_on_both: Shop) -> None:
    shop = shop_on_both
    assert shop.rail is not None
    line = Forgetful(shop.rail, resend_hours=0)
    shop.rail = line
    line.loses, line.deaf = "answers", True
    drawdown_id = await shop.draw()
    await jobs.run_due(shop.world, work.HANDLERS)
    found = await shop.drawdown(drawdown_id)
    assert found["state"] == "in_doubt", found["steps"]
    assert found["next_check_at"] is not None
    assert found["expected_on"] == "2026-03-02"
    assert [step["state"] for step in found["steps"]][-2:] == ["approved", "in_doubt"]
