"""Streams of events to widgets, below HTTP, on both engines."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.errors import Forbidden
from gateway.domain.events import Event
from gateway.domain.rights import Right
from gateway.domain.streams import TOKEN_COUNT, BadLastEvent, TooManyStreams, position
from gateway.usecases import consents, events, streams, tailing
from tests import gateways, tills
from tests.api import minting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from gateway.domain.events import StoredEvent
    from gateway.usecases.streams import Told
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio
MORE: dict[str, dict[str, Any]] = {
    "drawdown": {"state": "active", "amount": 1, "currency": "EUR"},
    "repayment": {"state": "settled", "amount": 1, "currency": "EUR", "drawdown_id": "drw_1"},
    "alert": {"kind": "x", "severity": "warning"},
    "review": {"kind": "drawdown", "subject_id": "drw_1"},
    "consent": {"version": 1},
}
"""What the data of a noun's events holds besides ids."""
SEEING = (Right.merchants_read, Right.offers_read, Right.drawdowns_read)


class Scene:
    """A shop, a token for its widget, and things that happen to it and to its neighbour."""

    def __init__(self, gateway: Gateway, partner: Partner, shop_id: str, other_id: str, token: str) -> None:
        self.world, self.partner, self.shop_id, self.other_id, self.token = (
            gateway.world, partner, shop_id, other_id, token,
        )  # fmt: skip

    async def happens(self, *types: str, shop_id: str | None = None) -> None:
        """Events about the shop, committed and numbered."""
        now, about = self.world.clock.now(), shop_id or self.shop_id
        nouns = [type_.partition(".")[0] for type_ in types]
        told = [
            Event(
                noun, about, type_, about, self.partner.partner_id,
                {"id": about, "merchant_id": about} | MORE.get(noun, {}), now,
            )
            for noun, type_ in zip(nouns, types, strict=True)
        ]  # fmt: skip
        await self.world.store.write(lambda tx: events.emit(tx, self.world, told))
        while await events.place(self.world):
            pass

    @asynccontextmanager
    async def follows(self, after: int | None = None, token: str | None = None) -> AsyncIterator[Reader]:
        token = token or self.token
        caller = await self.world.tokens.identify(token)
        async with aclosing(streams.follow(self.world, token, caller, after)) as told:
            yield Reader(told, (await anext(told)).position)


class Reader:
    """Who follows, and how far they heard."""

    def __init__(self, told: AsyncGenerator[Told], began: int) -> None:
        self.told, self.position = told, began

    async def hears(self, count: int) -> list[str]:
        """The types of the next events."""
        found: list[str] = []
        while len(found) < count:
            self.position, event = await anext(self.told)
            if event is not None:
                found.append(event.type)
        return found

    async def waits(self) -> None:
        """Hear nothing for a while: all that the log had was told."""
        assert (await anext(self.told)).event is None

    async def ends(self) -> list[str]:
        """What is told until the end."""
        return [event.type async for _, event in self.told if event is not None]


@pytest.fixture
async def scene(own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.02)
    partner = await own_gateway.partner()
    shop, other = await tills.new(partner), await tills.new(partner)
    token = await minting.token(partner, shop.id, SEEING)
    made = Scene(own_gateway, partner, shop.id, other.id, token)
    await made.happens()
    return made


async def test_who_comes_back_misses_nothing_and_hears_nothing_twice(scene: Scene) -> None:
    async with scene.follows() as reader:
        began = reader.position
        await scene.happens("offer.created", "offer.delivered")
        heard = await reader.hears(1)
    await scene.happens("drawdown.requested", "drawdown.active")
    async with scene.follows(reader.position) as again:
        heard += await again.hears(2)
        await scene.happens("repayment.settled")
        heard += await again.hears(2)
    assert heard == [
        "offer.created", "offer.delivered", "drawdown.requested", "drawdown.active", "repayment.settled"
    ]  # fmt: skip
    async with scene.follows(began) as third, scene.follows(2**60) as ahead:
        assert await third.hears(5) == heard
        assert ahead.position == third.position, "nobody is ahead of the log"


async def test_only_what_the_token_may_see_of_its_own_shop_is_told(scene: Scene) -> None:
    blind = await minting.token(scene.partner, scene.shop_id, [Right.merchants_read])
    async with scene.follows() as reader, scene.follows(token=blind) as blind_reader:
        await scene.happens("offer.created", "drawdown.active", shop_id=scene.other_id)
        await scene.happens("alert.opened", "review.opened", "consent.authorised")
        await scene.happens("offer.created", "merchant.verified")
        assert await reader.hears(2) == ["offer.created", "merchant.verified"]
        assert await blind_reader.hears(1) == ["merchant.verified"]
    own = await scene.world.tokens.identify(scene.partner.token)
    with pytest.raises(Forbidden):
        await anext(streams.follow(scene.world, scene.partner.token, own, None))


async def test_a_consent_taken_back_ends_the_stream_before_anything_more_is_told(scene: Scene) -> None:
    grant_id = str((await minting.caller(scene.partner, scene.shop_id)).grant_id)
    async with scene.follows() as reader:
        await scene.world.store.write(lambda tx: consents.revoke(tx, scene.world, grant_id, scene.shop_id))
        await scene.happens("offer.created")
        assert await reader.ends() == []


async def test_a_token_that_ended_ends_the_stream(scene: Scene) -> None:
    async with scene.follows() as reader:
        await scene.happens("offer.created")
        assert await reader.hears(1) == ["offer.created"]
        scene.world.system_clock.at += minting.LIFETIME  # type: ignore[attr-defined]
        assert await reader.ends() == []


async def test_a_reader_too_slow_is_dropped_and_resumes_while_others_hear_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tailing, "QUEUED_COUNT", 3)
    many = ["offer.created"] * 8
    async with scene.follows() as slow, scene.follows() as quick:
        await slow.waits()
        for type_ in many:
            await scene.happens(type_)
            assert await quick.hears(1) == [type_]
        assert await slow.ends() == []
    async with scene.follows(slow.position) as again:
        assert await again.hears(len(many)) == many


async def test_there_are_so_many_streams_and_no_more_and_a_place_is_given_back(scene: Scene) -> None:
    async with scene.follows():
        async with scene.follows():
            assert scene.world.streams.count() == TOKEN_COUNT
            with pytest.raises(TooManyStreams) as refused:
                async with scene.follows():
                    pass
            assert int(str(refused.value.facts["retry_after"])) > 0
        async with scene.follows():
            pass
    assert scene.world.streams.count() == 0


async def test_a_process_that_drains_ends_its_streams_and_begins_none(scene: Scene) -> None:
    async with scene.follows() as reader:
        scene.world.streams.drain()
        assert await reader.ends() == []
    with pytest.raises(TooManyStreams):
        async with scene.follows():
            pass


async def test_a_fault_of_the_database_is_outlived(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tailing, "LOOK_SECONDS", 0.01)
    reads = scene.world.streams._since
    failed: list[int] = []

    async def failing(after: int) -> list[StoredEvent]:
        if len(failed) < 2:
            failed.append(after)
            raise OSError("the line is down")
        return await reads(after)

    async with scene.follows() as reader:
        await reader.waits()
        monkeypatch.setattr(scene.world.streams, "_since", failing)
        await scene.happens("offer.created")
        assert await reader.hears(1) == ["offer.created"]
    assert len(failed) == 2


@pytest.mark.parametrize("sent", ["", "-1", "1.5", "x", "٣", "1" * 19, " 1"])
def test_an_id_that_no_stream_sent_is_refused(sent: str) -> None:
    with pytest.raises(BadLastEvent):
        position(sent)


async def test_a_stream_hears_what_another_process_numbered(
    fresh_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tailing, "LOOK_SECONDS", 0.01)
    url = fresh_postgres_url
    async with gateways.start(url, tmp_path) as here, gateways.start(url, tmp_path) as there:
        partner = await there.partner()
        shop = await tills.new(partner)
        scene = Scene(there, partner, shop.id, shop.id, await minting.token(partner, shop.id, SEEING))
        await scene.happens()
        reading = Scene(here, partner, shop.id, shop.id, scene.token)
        async with reading.follows() as reader:
            await scene.happens("offer.created")
            assert await reader.hears(1) == ["offer.created"]
