"""Training: the same seed gives the same bytes; features never see the day they predict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway import scorer
from gateway.domain import features as f
from onnx_models import learning, metrics, samples, simulator, train
from onnx_models.parameters import DAYS, SECTORS
from tests.onnx_models import models

if TYPE_CHECKING:
    from pathlib import Path

TINY = train.Plan(
    train=1,
    calibrate=1,
    test=1,
    origins=2,
    draws=3,
    replays=1,
    merchants=100,
    settings=learning.Settings(trees=4, least=20),
    year_trees=3,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    train.train(train.Run(folder, 7, TINY, lambda _: None))
    return folder


def test_the_same_seed_gives_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    train.train(train.Run(tmp_path, 7, TINY, lambda _: None))
    files = sorted(path.relative_to(trained) for path in trained.rglob("*") if path.is_file())
    assert len(files) == 18
    assert all((trained / path).read_bytes() == (tmp_path / path).read_bytes() for path in files)


def test_freshly_trained_models_pass_the_scorer_checks(trained: Path) -> None:
    assert set(scorer.load(trained).hashes()) == set(scorer.OUTPUTS)


@pytest.mark.parametrize("name", ["pd", "forecast_30"])
def test_a_card_tells_what_its_training_rows_looked_like(trained: Path, name: str) -> None:
    reference = scorer.load(trained).loaded[name].card.reference
    assert reference is not None
    assert set(reference.columns) == {*scorer.FEATURES[name], "score"}
    assert reference.rows >= reference.score_rows > 0


def test_nothing_from_the_day_on_reaches_a_feature() -> None:
    one = samples.chunk(97, 0, SECTORS, 50)
    day, length = np.full(50, 700), np.full(50, 650)
    before = samples._histories(one, day, length)
    for item in (one.net, one.refunds, one.tickets):
        item[700:] = 10**9
    after = samples._histories(one, day, length)
    assert all(np.array_equal(old, new) for old, new in zip(before, after, strict=True))
    assert np.array_equal(before.net[:, -1], one.net[699])


def test_a_chunk_can_be_made_again_alone() -> None:
    first, again = samples.chunk(97, 3, SECTORS, 40), samples.chunk(97, 3, SECTORS, 40)
    assert first.net.tobytes() == again.net.tobytes()
    assert first.net.tobytes() != samples.chunk(97, 4, SECTORS, 40).net.tobytes()


def test_amounts_are_whole_and_closed_shops_sell_nothing() -> None:
    one = samples.chunk(97, 5, SECTORS, 200)
    assert one.net.dtype == one.refunds.dtype == np.int64
    closed = np.flatnonzero(one.lives.closed < DAYS)
    assert len(closed) > 0
    assert all(not one.net[one.lives.closed[shop] :, shop].any() for shop in closed)


def test_a_shop_that_trades_at_a_loss_defaults_and_a_rich_one_does_not() -> None:
    rng = np.random.default_rng(0)
    shops = simulator.open_shops(rng, 200, SECTORS)._replace(opened=np.full(200, -1000))
    sales = simulator.sell(rng, shops, 365)
    books, nobody = simulator.first_books(shops, sales), np.zeros(200, np.int64)
    loan = books.usual * 20
    poor = books._replace(cash=-100 * books.usual)
    rich = books._replace(cash=10_000 * books.usual)
    lost = simulator.live(rng, shops._replace(net_margin=np.full(200, -0.3)), sales, poor, since=nobody, loan=loan)
    paid = simulator.live(rng, shops, sales, rich, since=nobody, loan=loan)
    assert lost.defaulted.mean() > 0.85  # some owners put in money of their own
    assert paid.defaulted.mean() < 0.1


@pytest.mark.parametrize("name", list(scorer.OUTPUTS))
def test_a_card_says_what_the_design_asks_for(name: str) -> None:
    card = json.loads((models.FOLDER / name / "1" / "card.json").read_text())
    assert card["simulator"]
    assert card["features_hash"] == f.schema_hash(name, scorer.FEATURES[name])
    assert {"seed", "data_hash", "libraries", "metrics", "limits", "use", "golden", "sha256"} <= set(card)
    assert len(card["golden"]["inputs"]) == train.GOLDEN_ROWS


def test_the_shipped_pd_ranks_and_is_calibrated_on_simulated_merchants() -> None:
    figures = json.loads((models.FOLDER / "pd" / "1" / "card.json").read_text())["metrics"]
    assert figures["auc"] >= 0.75
    assert figures["ece_10"] <= 0.02
    assert 0.9 <= figures["calibration_slope"] <= 1.1
    assert figures["brier_skill"] > 0
    assert 0.03 <= figures["base_rate"] <= 0.08


def test_auc_counts_ties_half() -> None:
    happened = np.array([True, False, True, False])
    assert metrics.auc(happened, np.array([1.0, 1.0, 1.0, 1.0])) == 0.5
    assert metrics.auc(happened, np.array([2.0, 1.0, 3.0, 0.0])) == 1.0
    assert metrics.auc(happened, np.array([2.0, 2.0, 3.0, 0.0])) == 0.875
