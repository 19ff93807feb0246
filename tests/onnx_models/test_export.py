from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

import pytest

from onnx_models import export
from onnx_models import parameters as p

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> dict[str, list[tuple[date, int, int, int]]]:
    found = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for name, on, *numbers in list(csv.reader(file))[1:]:
            sales, refunds, tickets = map(int, numbers)
            found[name].append((date.fromisoformat(on), sales, refunds, tickets))
    return found


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[date, int, int, int]]]:
    path = tmp_path_factory.mktemp("export") / "deep" / "simulated.csv"
    export.main(["--merchants", "120", str(path)])
    return read(path)


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file, seed in zip(files, ("1", "1", "2"), strict=True):
        export.main(["--merchants", "3", "--seed", seed, str(file)])
    first, again, other = (file.read_bytes() for file in files)
    assert first == again != other


def test_each_merchant_says_that_it_is_simulated(shops: dict[str, list[tuple[date, int, int, int]]]) -> None:
    assert all(name.startswith("simulator_") for name in shops)


def test_every_day_is_there_once_and_in_order(shops: dict[str, list[tuple[date, int, int, int]]]) -> None:
    for days in shops.values():
        first = days[0][0].toordinal()
        assert [on.toordinal() for on, *_ in days] == list(range(first, first + len(days)))
        assert len(days) <= p.DAYS


def test_shops_that_closed_end_early_and_the_others_on_one_day(
    shops: dict[str, list[tuple[date, int, int, int]]],
) -> None:
    ends = [days[-1][0] for days in shops.values()]
    assert max(ends) == export.LAST_ON
    assert 0 < sum(end < export.LAST_ON for end in ends) < len(ends) / 2


def test_amounts_are_whole_and_never_negative(shops: dict[str, list[tuple[date, int, int, int]]]) -> None:
    rows = [row for days in shops.values() for row in days]
    assert min(min(sales, refunds, tickets) for _, sales, refunds, tickets in rows) == 0
    assert all(tickets > 0 for _, sales, _, tickets in rows if sales)
