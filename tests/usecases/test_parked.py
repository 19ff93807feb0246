"""What could not be applied: seen as the bank sent it, read again, or put away; every alert about it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway import control
from gateway.bank_ports import Unreadable
from gateway.domain.errors import Invalid
from gateway.domain.four_eyes import BadProposal
from gateway.usecases import alerts, parked
from gateway.usecases.parked import UnknownMessage
from tests.rails import Lossy

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
SAID = {"by": "officer-1", "reason": "not ours"}


class Old(Lossy):
    """A rail of a version that does not know some messages yet."""

    knows = False

    def read(self, body: bytes) -> list[BankEvent]:
        if not self.knows and b"camt.054" in body:
            raise Unreadable("a message of a kind nobody knows")
        return super().read(body)


async def kinds(shop: Shop) -> list[str]:
    return [alert.kind for alert in await alerts.open_ones(shop.world.store)]


async def test_a_message_is_shown_as_it_came_and_put_away_with_its_alert(shop: Shop) -> None:
    await shop.hear(b"<not xml \xff", "odd id / 7")
    (waiting,) = await parked.listed(shop.world)
    (alert,) = await alerts.open_ones(shop.world.store)
    assert (alert.kind, alert.subject) == ("bank_message_unreadable", waiting.message)
    assert await parked.show(shop.world, waiting.message) == "<not xml \\xff"
    with pytest.raises(BadProposal):
        await parked.put_away(shop.world, waiting.message, by="officer-1", reason=" ")
    async with control.listening(shop.world):
        settings = shop.world.settings
        assert await control.ask(settings, "parked.show", {"message": waiting.message}) == "<not xml \\xff"
        assert (await control.ask(settings, "parked.list", {}))[0]["message_id"] == "odd id / 7"
        await control.ask(settings, "parked.away", {"message": waiting.message} | SAID)
        with pytest.raises(Invalid, match="waits"):
            await control.ask(settings, "parked.again", {"message": waiting.message} | SAID)
    assert (await kinds(shop), await parked.listed(shop.world)) == ([], [])
    await shop.work()
    assert [row[1] for row in await shop.messages()] == ["handled"]
    with pytest.raises(UnknownMessage):
        await parked.show(shop.world, waiting.message)


async def test_a_message_read_again_by_who_knows_more_is_applied_once_and_its_alert_ends(shop: Shop) -> None:
    assert shop.rail is not None
    rail = Old(shop.rail)
    shop.rail, drawdown_id = rail, await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "pending"
    (waiting,) = await parked.listed(shop.world)
    await parked.read_again(shop.world, waiting.message, **SAID)
    await shop.work()
    assert (await kinds(shop), len(await parked.listed(shop.world))) == (["bank_message_unreadable"], 1)
    rail.knows = True
    await parked.read_again(shop.world, waiting.message, **SAID)
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert (await kinds(shop), await parked.listed(shop.world)) == ([], [])
    assert (await shop.verify()).problems == ()
