"""Who stands behind a shop, on both engines: named once, sealed, found behind another shop, and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.usecases import parties, work
from tests import granting, shops, tills

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
OWNER: dict[str, Any] = {
    "role": "owner",
    "kind": "person",
    "name": "Li Zhen",
    "reference": "NL 12",
    "share_bps": 6_000,
}


async def test_the_same_owner_is_found_behind_two_shops_of_one_partner_alone(gateway: Gateway) -> None:
    partner, other = await gateway.partner(), await gateway.partner()
    one, two, stranger = await tills.new(partner), await tills.new(partner), await tills.new(other)
    for shop, reference in ((one, "NL 12"), (two, "nl12"), (stranger, "NL 12")):
        await shop.partner.done(f"{shop.path}/parties", OWNER | {"reference": reference})
    (found,) = (await partner.seen(f"{one.path}/parties"))["data"]
    assert (found["name"], found["share_bps"], found["elsewhere_count"]) == ("Li Zhen", 6_000, 1)
    assert await parties.group(gateway.world.store, one.id) == [two.id]
    assert await parties.group(gateway.world.store, stranger.id) == []


async def test_a_party_named_again_is_corrected_and_its_name_lies_sealed(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    first = await shop.partner.done(f"{shop.path}/parties", OWNER)
    again = await shop.partner.done(f"{shop.path}/parties", OWNER | {"name": "Li Zhenzhen", "share_bps": None})
    assert (again["id"], again["name"], again["share_bps"]) == (first["id"], "Li Zhenzhen", None)
    query = f"SELECT name, reference_hash FROM parties WHERE merchant_id = '{shop.id}'"  # noqa: S608
    ((name, hashed),) = await shops.rows(gateway.world.settings.database_url, query)
    assert b"Zhen" not in bytes(name)
    assert len(hashed) == 64
    gone = await shop.partner.send("DELETE", f"{shop.path}/parties/{first['id']}")
    assert gone.status_code == 204
    again_gone = await shop.partner.send("DELETE", f"{shop.path}/parties/{first['id']}")
    assert (again_gone.status_code, again_gone.json()["code"]) == (404, "party_not_found")


async def test_an_erasure_forgets_them(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.partner.done(f"{shop.path}/parties", OWNER)
    await granting.take_back(gateway.world, shop.id)
    await work.drain(gateway.world)
    assert (await shop.partner.seen(f"{shop.path}/parties"))["data"] == []
