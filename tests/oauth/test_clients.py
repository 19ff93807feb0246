"""Registering a partner's programs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.domain.rights import GRANTABLE, Right
from gateway.oauth.keys import BadKeys
from gateway.store import sql
from gateway.usecases import clients
from tests.oauth.signing import es256, stranger

if TYPE_CHECKING:
    from tests.oauth.scene import Scene

pytestmark = pytest.mark.anyio


async def test_a_client_is_kept_as_it_was_registered(scene: Scene) -> None:
    made = await scene.client(es256(), rights=[Right.sales_write, Right.merchants_read])
    assert made.rights == (Right.merchants_read, Right.sales_write)
    assert await clients.page(scene.world) == [made]


async def test_clients_of_one_partner_share_it_and_others_do_not(scene: Scene) -> None:
    made = [
        await clients.create(scene.world, name=name, jwks=es256().jwks(), partner_name=partner)
        for name, partner in (("Till", "Bäckerei-Kasse"), ("Office", "Bäckerei-Kasse"), ("Till", None))
    ]
    assert made[0].partner_id == made[1].partner_id
    assert made[2].partner_id != made[0].partner_id
    assert len({client.id for client in made}) == 3


async def test_a_race_for_one_new_partner_makes_it_once(scene: Scene) -> None:
    made = await asyncio.gather(*(
        clients.create(scene.world, name=f"Till {place}", jwks=es256().jwks(), partner_name="One")
        for place in range(10)
    ))  # fmt: skip
    assert len({client.partner_id for client in made}) == 1


async def test_clients_are_listed_in_pages_oldest_first(scene: Scene) -> None:
    made = [await scene.client(es256()) for _ in range(3)]
    assert await clients.page(scene.world, made[0].id) == made[1:]


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b", "a\nb", "\ud800"])
async def test_a_name_that_cannot_be_shown_is_refused(scene: Scene, name: str) -> None:
    with pytest.raises(clients.BadClient):
        await clients.create(scene.world, name=name, jwks=es256().jwks())
    with pytest.raises(clients.BadClient):
        await clients.create(scene.world, name="Till", jwks=es256().jwks(), partner_name=name)
    assert await clients.page(scene.world) == []


@pytest.mark.parametrize("rights", [[], [Right.public], [Right.public, Right.sales_write]])
async def test_rights_that_cannot_be_given_are_refused(scene: Scene, rights: list[Right]) -> None:
    with pytest.raises(clients.BadClient, match="merchants:read"):
        await scene.client(es256(), rights=rights)


async def test_a_bad_jwks_registers_nothing(scene: Scene) -> None:
    with pytest.raises(BadKeys):
        await clients.create(scene.world, name="Till", jwks=b'{"keys": []}')
    assert await clients.page(scene.world) == []
    assert await scene.world.store.one(sql.clients.partner_named, name="Till") is None


async def test_changing_a_client_that_is_not_there_is_refused(scene: Scene) -> None:
    for change in (clients.disable(scene.world, "cli_x"), clients.rotate(scene.world, "cli_x", es256().jwks())):
        with pytest.raises(clients.UnknownClient):
            await change


async def test_a_bad_rotation_leaves_the_keys_as_they_were(scene: Scene) -> None:
    client = await scene.client(es256())
    with pytest.raises(BadKeys):
        await clients.rotate(scene.world, client.id, b"{}")
    assert await clients.page(scene.world) == [client]
    assert (await clients.rotate(scene.world, client.id, stranger().jwks())).jwks != client.jwks


async def test_every_right_is_given_when_none_is_named(scene: Scene) -> None:
    assert (await scene.client(es256())).rights == GRANTABLE
