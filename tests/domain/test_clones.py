"""Copies among histories: found through scaling, noise and a shift in time; simulated shops are never taken for one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway.domain import clones
from gateway.domain.clones import DAYS, Search, Twins
from onnx_models import parameters, simulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

COUNT = 2_000
COPIED_COUNT = 100
PAIRS_COUNT = 20_000


@lru_cache(maxsize=1)
def shops() -> NDArray[np.int64]:
    """(COUNT, 140) a day's net sales of simulated shops of every sector, all on the same calendar."""
    rng = np.random.default_rng(11)
    opened = simulator.open_shops(rng, COUNT, parameters.SECTORS)
    opened = opened._replace(start=np.full(COUNT, opened.start[0]))
    sold = simulator.sell(rng, opened, days=140)
    return np.rint(sold.gross - sold.refunds).astype(np.int64).T


def last(net: NDArray[np.int64], back: int = 0) -> NDArray[np.int64]:
    """The last DAYS days, or those so many days earlier."""
    return net[..., net.shape[-1] - DAYS - back : net.shape[-1] - back]


def twins(histories: dict[str, list[int]]) -> list[Twins]:
    """What a search finds."""
    search = Search()
    for name, net in histories.items():
        search.add(name, net)
    found = [clones.compare(histories, *pair) for pair in search.pairs(PAIRS_COUNT)]
    return [one for one in found if one is not None]


def honest() -> dict[str, list[int]]:
    return {f"shop {n}": one.tolist() for n, one in enumerate(last(shops()))}


def noisy(net: NDArray[np.int64], share: float, seed: int = 3) -> list[int]:
    rng = np.random.default_rng(seed)
    return [round(x) for x in (net * (1 + share * rng.standard_normal(len(net)))).tolist()]


def test_no_two_of_two_thousand_simulated_shops_are_taken_for_copies() -> None:
    assert twins(honest()) == []


def test_shops_of_one_chain_with_the_same_week_and_season_are_not_copies() -> None:
    rng = np.random.default_rng(4)
    week = np.tile([0.7, 0.8, 0.9, 1.0, 1.4, 1.9, 0.0], 9)[:DAYS] * np.linspace(1, 1.3, DAYS)
    noise = 1 + 0.06 * rng.standard_normal((400, DAYS))
    chain = np.rint(300_000 * week * noise * rng.uniform(0.5, 2, (400, 1))).astype(np.int64)
    histories = {f"branch {n}": one.tolist() for n, one in enumerate(chain)}
    assert twins(histories) == []


TRICKS: dict[str, Callable[[NDArray[np.int64]], list[int]]] = {
    "the same": lambda net: last(net).tolist(),
    "scaled by 1.3": lambda net: [round(x * 1.3) for x in last(net).tolist()],
    "noise of 0.5 %": lambda net: noisy(last(net), 0.005),
    "a day later": lambda net: last(net, 1).tolist(),
    "a week later, scaled and with noise": lambda net: noisy(last(net, 7) * 3, 0.005),
}
CAUGHT = dict.fromkeys(TRICKS, 0.96) | {"the same": 1.0, "scaled by 1.3": 1.0, "a day later": 1.0}
"""The share of copies that must be caught."""


@pytest.mark.parametrize("name", TRICKS)
def test_a_copy_is_found_among_two_thousand_shops(name: str) -> None:
    trading = np.flatnonzero((last(shops()) > 0).sum(axis=1) >= 40)
    chosen = np.random.default_rng(5).choice(trading, COPIED_COUNT, replace=False)
    copies = {f"copy {n}": TRICKS[name](shops()[n]) for n in chosen}
    found = {(one.one.split()[1], one.other.split()[1]) for one in twins(honest() | copies)}
    assert all(one == other for one, other in found), "nobody else is taken for a copy"
    assert len(found) >= CAUGHT[name] * COPIED_COUNT


@pytest.mark.parametrize(
    "trick",
    [
        lambda net: noisy(last(net), 0.03),
        lambda net: (last(net) // 2 + last(shops()[1]) // 2).tolist(),
        lambda net: last(net, 60).tolist(),
        lambda net: last(net)[::-1].tolist(),
    ],
    ids=["noise of 3 %", "another shop's mixed in", "from further back", "backwards"],
)
def test_these_copies_are_known_to_pass(trick: Callable[[NDArray[np.int64]], list[int]]) -> None:
    steady = int(np.argmax((last(shops()) > 0).sum(axis=1)))
    assert twins({"shop": last(shops()[steady]).tolist(), "copy": trick(shops()[steady])}) == []


def test_what_was_found_is_told_in_figures() -> None:
    net = shops()[int(np.argmax((last(shops()) > 0).sum(axis=1)))]
    (found,) = twins({"one": last(net).tolist(), "other": [x * 2 for x in last(net, 3).tolist()]})
    assert (found.one, found.other, found.lag_days, found.factor_bps) == ("one", "other", 3, 20_000)
    assert (found.agreeing_bps, found.days_count) == (10_000, sum(last(net)[: DAYS - 3] > 0))


@pytest.mark.parametrize(
    "net", [[], [0] * DAYS, [5_000] * DAYS, [4_000, 6_000] * (DAYS // 2), [0] * 40 + [5] * 20, [-7] * DAYS],
    ids=["nothing", "zeros", "the same each day", "two amounts in turn", "new", "returns alone"],
)  # fmt: skip
def test_histories_that_say_nothing_are_not_alike(net: list[int]) -> None:
    assert twins({"one": net, "other": net, "third": net}) == []


def test_a_thousand_copies_of_one_history_are_all_found_by_as_many_comparisons() -> None:
    net = last(shops()[int(np.argmax((last(shops()) > 0).sum(axis=1)))]).tolist()
    histories = {f"copy {n}": net for n in range(1_000)}
    search = Search()
    for name, one in histories.items():
        search.add(name, one)
    pairs = search.pairs(PAIRS_COUNT)
    assert len(pairs) <= clones.NEIGHBOURS * 1_000
    assert {name for pair in pairs for name in pair[:2]} == set(histories)
    assert len(search.pairs(10)) == 10
