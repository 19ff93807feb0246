"""A stored decision can be made again, and one that was tampered with cannot, on both engines."""

from __future__ import annotations

import random
from base64 import b64encode
from datetime import timedelta
from struct import pack
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.errors import NotFound
from gateway.store.queries import Query, Text
from gateway.usecases import decisions
from gateway.usecases.decisions import ProgrammeGone, Replay
from tests import tills
from tests.tills import refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


def nines(count: int) -> str:
    """A kept row of features, every one of them 9.0."""
    return b64encode(pack(f"<{count}f", *[9.0] * count)).decode()


async def replay(gateway: Gateway, decision_id: str) -> Replay:
    world = gateway.world
    return await decisions.replay(world.store, world.scorer, world.programme, decision_id)


async def live(gateway: Gateway, till: Till, seed: int) -> None:
    """Some weeks of a shop: growing, falling, refunds, corrections of closed days, silent days."""
    chance = random.Random(seed)
    amount = 40_000
    for _ in range(25):
        amount = max(2_000, amount * chance.randint(60, 150) // 100)
        rows = [row(amount, gateway.clock.at - timedelta(minutes=n)) for n in range(chance.randint(0, 4))]
        rows += [refund(amount // 3, at=gateway.clock.at - timedelta(days=chance.randint(0, 3)))] * (
            chance.random() < 0.3
        )
        if rows:
            await till.push(*rows)
        if chance.random() < 0.8:
            await till.close(gateway.clock.at.date())
        gateway.clock.at += timedelta(days=1)


async def test_every_decision_of_a_life_is_made_again_as_it_was(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    young = await tills.trading(partner, days=20)
    old = await tills.trading(partner, days=420, amount=55_000)
    found = 0
    for seed, till in enumerate((young, old)):
        await live(own_gateway, till, seed)
        for made in await till.decisions():
            again = await replay(own_gateway, made["id"])
            assert again.differences == ()
            assert (again.agrees, again.same_models) == (True, True)
            assert (again.limit_amount, again.replayed_limit_amount) == (made["limit_amount"], made["limit_amount"])
            assert made["reasons"]
            found += 1
    assert found > 15


TAMPERED: list[tuple[str, str, Any]] = [
    ("inputs", "tails.30", 5),
    ("inputs", "tails.28", 5),
    ("inputs", "net_open_amount", 100_000),
    ("inputs", "exposure_amount", 0),  # unchanged: agrees, see below
    ("inputs", "headroom_amount", 90_000),
    ("inputs", "forecast_30.1", 10),
    ("inputs", "forecast_30.3", 10),
    ("inputs", "grade", "C"),
    ("inputs", "pd", 1),
    ("inputs", "stale", True),
    ("inputs", "scored", False),
    ("inputs", "trading_days_count", 3),
    ("inputs", "merchant_state", "suspended"),
    ("inputs", "currency", "KRW"),
    ("inputs", "anomaly", 999_999),
    ("inputs", "year_p10.7", 1),
    ("inputs", "graded_from", "D"),
    ("inputs", "monitoring_bps", 9_000),
    ("scores", "pd", 1),
    ("scores", "grade", "A"),
    ("scores", "features.pd", nines(26)),
    ("scores", "features.forecast_30", nines(24)),
    ("scores", "features.forecast_7", nines(24)),
    ("scores", "ratios_7.3", 10),
    ("scores", "ratios_30.1", 10),
    ("scores", "ratios_year.0.0", 10),
    ("scores", "ratios_year.7.2", 90_000_000),
    ("scores", "year.7.2", 10),
    ("scores", "year.0.1", 10),
    ("scores", "features.path_52", nines(9)),
    ("scores", "features.anomaly", nines(8)),
    ("scores", "anomaly", 999_999),
    ("scores", "anomaly_contributions.0.1", 77_777),
    ("scores", "factors_7.0", 6_000_000),
    ("scores", "factors_30.3", 6_000_000),
    ("scores", "graded_from", "D"),
    ("scores", "model", "rules"),
    ("scores", "programme.version", 77),
    ("scores", "forecast_7.3", 10),
    ("scores", "forecast_30.1", 10),
    ("scores", "candidates.0.pd", 1),
    ("scores", "candidates.1.exposure_amount", 1),
    ("scores", "contributions.2.1", 77_777),
    ("terms", "base_amount", 10**9),
    ("terms", "affordability_amount", 10**9),
    ("reasons", "0.code", "headroom_binds"),
]


async def test_a_decision_that_was_tampered_with_is_told(gateway: Gateway) -> None:
    till = await tills.trading(await gateway.partner())
    (made,) = await till.decisions()
    for column, path, value in TAMPERED:
        kept = await _column(gateway, made["id"], column)
        document = msgspec.json.decode(kept)
        same = _put(document, path.split("."), value) == value
        await _set(gateway, made["id"], column, document)
        again = await replay(gateway, made["id"])
        assert again.agrees is same, (column, path, again)
        assert bool(again.differences) is not same
        await _set(gateway, made["id"], column, msgspec.json.decode(kept))
    assert (await replay(gateway, made["id"])).agrees


async def test_a_decision_of_another_programme_or_none_at_all_is_not_replayed(gateway: Gateway) -> None:
    till = await tills.trading(await gateway.partner())
    (made,) = await till.decisions()
    await _set(gateway, made["id"], "programme", {"id": "prg_inventory", "version": 77})
    with pytest.raises(ProgrammeGone):
        await replay(gateway, made["id"])
    with pytest.raises(NotFound):
        await replay(gateway, "dec_01jc0000000000000000000000")


async def test_other_models_are_told_from_the_ones_that_answered(gateway: Gateway) -> None:
    till = await tills.trading(await gateway.partner())
    (made,) = await till.decisions()
    scores = msgspec.json.decode(await _column(gateway, made["id"], "scores"))
    await _set(gateway, made["id"], "scores", scores | {"models": scores["models"] | {"pd": "another"}})
    again = await replay(gateway, made["id"])
    assert (again.agrees, again.same_models) == (True, False)


def _put(document: Any, path: list[str], value: Any) -> Any:
    """Replace what lies at `path`; what was there."""
    *way, last = [int(step) if step.isdigit() else step for step in path]
    for step in way:
        document = document[step]
    before, document[last] = document[last], value
    return before


async def _column(gateway: Gateway, decision_id: str, column: str) -> str:
    texts = [f"SELECT {column}_json AS found FROM decisions WHERE id = {mark}1" for mark in "?$"]  # noqa: S608
    found = await gateway.world.store.one(_query(texts, ("id",)), id=decision_id)
    assert found is not None
    return str(found[0])


async def _set(gateway: Gateway, decision_id: str, column: str, document: Any) -> None:
    texts = [f"UPDATE decisions SET {column}_json = {mark}1 WHERE id = {mark}2" for mark in "?$"]  # noqa: S608
    query = _query(texts, (f"{column}_json", "id"))
    values = {f"{column}_json": document, "id": decision_id}
    assert await gateway.world.store.write(lambda tx: tx.run(query, **values)) == 1


def _query(texts: list[str], parameters: tuple[str, ...]) -> Query:
    sqlite, postgres = (Text(text, parameters) for text in texts)
    return Query("test.decisions", sqlite, postgres)
