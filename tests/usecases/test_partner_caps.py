"""What all of one partner's shops may owe together, on both engines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.domain.programmes import INVENTORY
from gateway.store import migrate
from tests import shops
from tests.shops import Shop
from tests.store.notes import query

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.anyio
DRAWS_COUNT = 10


async def neighbour(shop: Shop) -> Shop:
    """Another shop of the same partner."""
    other = Shop(shop.gateway, shop.partner, shop.bank)
    await other.open()
    return other


async def owed(shop: Shop) -> tuple[dict[str, int], int]:
    """Every exposure row, and what the merchants' own rows sum to."""
    url = shop.world.settings.database_url
    kept = await shops.rows(url, "SELECT scope, amount FROM exposures")
    own = await shops.rows(url, "SELECT exposure_amount FROM positions")
    return dict(kept), sum(amount for (amount,) in own)


def codes(answers: list[httpx.Response]) -> list[str]:
    return [answer.json()["code"] if answer.is_error else "ok" for answer in answers]


async def test_twenty_draws_of_two_shops_at_once_never_exceed_their_partners_cap(shop_on_both: Shop) -> None:
    one, other = shop_on_both, await neighbour(shop_on_both)
    step = (await one.offer())["step_amount"]
    proposed = [
        (shop, await shop.propose(await shop.quote(10 * step))) for _ in range(DRAWS_COUNT) for shop in (one, other)
    ]
    cap_major = 7 * 10 * step // 100
    one.world.programme = msgspec.structs.replace(INVENTORY, partner_cap_major=cap_major)
    told = codes(await asyncio.gather(*(shop.confirm(proposal) for shop, proposal in proposed)))
    rows, total = await owed(one)
    assert told.count("ok") == 7
    assert set(told) <= {"ok", "exposure_exceeded", "quote_superseded"}
    assert total == 7 * 10 * step <= cap_major * 100
    assert rows == {f"programme:{INVENTORY.id}:EUR": total, f"partner:{one.partner.partner_id}:EUR": total}
    assert (await one.verify()).problems == ()


async def test_what_one_shop_owes_leaves_its_neighbour_less_and_gives_it_back_when_it_ends(shop_on_both: Shop) -> None:
    one, other = shop_on_both, await neighbour(shop_on_both)
    free = (await other.offer())["available_amount"]
    one.world.programme = msgspec.structs.replace(INVENTORY, partner_cap_major=free // 100)
    amount = (await one.offer())["step_amount"] * 20
    drawdown_id = await one.draw(amount)
    assert (await other.offer())["available_amount"] == free - amount
    assert (await one.offer())["available_amount"] == free - amount  # its own debt is its own room used
    assert (await one.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")).is_success
    rows, total = await owed(one)
    assert set(rows.values()) == {0}
    assert total == 0
    assert (await other.offer())["available_amount"] == free
    assert (await one.verify()).problems == ()


async def test_what_was_owed_before_there_was_such_a_cap_is_counted_by_the_migration(shop_on_both: Shop) -> None:
    shop, store = shop_on_both, shop_on_both.world.store
    await shop.draw()
    (counting,) = [one.statements[-1] for one in migrate.migrations() if one.name == "programmes"]
    await store.write(lambda tx: tx.run(query("DELETE FROM exposures WHERE scope LIKE 'partner:%'")))
    assert [problem for problem in (await shop.verify()).problems if "partner" in problem]
    await store.write(lambda tx: tx.run(query(counting)))
    assert (await shop.verify()).problems == ()
