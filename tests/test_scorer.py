"""The scorer: integers out, and a clear refusal of any file that is not what its card says."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import onnx_models
from gateway import scorer
from gateway.domain import features as f

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = Path(onnx_models.__file__).parent
MODELS = ("forecast_7", "forecast_30", "pd")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in MODELS:
        shutil.copytree(SHIPPED / name, tmp_path / name)
    return tmp_path


@pytest.fixture(scope="module")
def models() -> scorer.OnnxScorer:
    return scorer.load(SHIPPED)


def change(folder: Path, name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / name / "1" / "card.json"
    card = json.loads(path.read_bytes())
    edit(card)
    path.write_text(json.dumps(card))


def pd_rows(count: int) -> Any:
    rng = np.random.default_rng(1)
    net = rng.integers(0, 10**7, (count, f.HISTORY_DAYS))
    past = f.Histories(net, net // 20, net // 1000, np.full(count, 300), np.full(count, 738_000))
    return f.pd_features(past, net[:, -30:].sum(axis=1) // 2)


def test_scores_are_plain_integers_within_their_range(models: scorer.OnnxScorer) -> None:
    chances = models.default(pd_rows(50))
    assert all(type(chance) is int and 0 <= chance <= 1_000_000 for chance in chances)
    rows = np.zeros((4, len(f.FORECAST_FEATURES)), np.float32)
    for horizon in f.HORIZONS:
        for quantiles in models.forecast(horizon, rows):
            assert len(quantiles) == 7
            assert all(type(value) is int for value in quantiles)
            assert list(quantiles) == sorted(quantiles)


def test_an_explanation_has_the_same_pd_and_one_contribution_a_feature(models: scorer.OnnxScorer) -> None:
    rows = pd_rows(20)
    scores = models.explain(rows)
    assert [score.pd for score in scores] == models.default(rows)
    assert all(tuple(part.feature for part in score.contributions) == f.PD_FEATURES for score in scores)


def test_a_missing_value_is_explained_as_missing(models: scorer.OnnxScorer) -> None:
    rows = pd_rows(1)
    rows[0, f.PD_FEATURES.index("year_growth")] = np.nan
    part = next(part for part in models.explain(rows)[0].contributions if part.feature == "year_growth")
    assert part.value is None
    assert part.logit >= 0


def test_contributions_and_the_base_give_the_pd_back(models: scorer.OnnxScorer) -> None:
    base = json.loads((SHIPPED / "pd" / "1" / "card.json").read_bytes())["base_logit"]
    for score in models.explain(pd_rows(50)):
        logit = base + sum(part.logit for part in score.contributions) / 1e6
        assert score.pd == pytest.approx(1e6 / (1 + np.exp(-logit)), abs=5)


def test_one_row_scores_as_it_does_in_a_batch(models: scorer.OnnxScorer) -> None:
    rows = pd_rows(300)
    assert models.default(rows) == [models.default(rows[number : number + 1])[0] for number in range(300)]


def test_an_empty_batch_gives_no_scores(models: scorer.OnnxScorer) -> None:
    assert models.default(pd_rows(2)[:0]) == []
    assert models.forecast(7, np.zeros((0, len(f.FORECAST_FEATURES)), np.float32)) == []


def test_hashes_are_those_of_the_files(models: scorer.OnnxScorer) -> None:
    for name, known in models.hashes().items():
        assert hashlib.sha256((SHIPPED / name / "1" / "model.onnx").read_bytes()).hexdigest() == known


@pytest.mark.parametrize("name", MODELS)
def test_a_corrupted_file_is_refused(folder: Path, name: str) -> None:
    path = folder / name / "1" / "model.onnx"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    with pytest.raises(scorer.ModelRefused, match=f"{name}: the file's SHA-256"):
        scorer.load(folder)


@pytest.mark.parametrize("body", [b"", b"not a model", b"\x08\x0a" * 100])
def test_a_file_that_is_no_model_is_refused_even_with_its_own_hash(folder: Path, body: bytes) -> None:
    (folder / "pd" / "1" / "model.onnx").write_bytes(body)
    change(folder, "pd", lambda card: card.update(sha256=hashlib.sha256(body).hexdigest()))
    with pytest.raises(scorer.ModelRefused, match="pd: "):
        scorer.load(folder)


def test_swapped_models_are_refused(folder: Path) -> None:
    shutil.copytree(folder / "forecast_30" / "1", folder / "forecast_7" / "1", dirs_exist_ok=True)
    with pytest.raises(scorer.ModelRefused, match="forecast_7: the card is of forecast_30"):
        scorer.load(folder)


def test_a_swapped_file_is_refused_even_when_the_card_was_edited_to_fit(folder: Path) -> None:
    body = (folder / "forecast_30" / "1" / "model.onnx").read_bytes()
    (folder / "forecast_7" / "1" / "model.onnx").write_bytes(body)
    change(folder, "forecast_7", lambda card: card.update(sha256=hashlib.sha256(body).hexdigest()))
    with pytest.raises(scorer.ModelRefused, match="forecast_7: the file says it is forecast_30"):
        scorer.load(folder)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"schema": "restock-model/0"}, "schema"),
        ({"version": 2}, "version 2"),
        ({"features_hash": "0" * 64}, "another revision"),
        ({"features": list(reversed(f.PD_FEATURES))}, "not the ones this code computes"),
        ({"features": list(f.PD_FEATURES[:-1])}, "not the ones this code computes"),
    ],
)
def test_a_card_of_another_schema_is_refused(folder: Path, edit: dict[str, Any], reason: str) -> None:
    change(folder, "pd", lambda card: card.update(edit))
    with pytest.raises(scorer.ModelRefused, match=reason):
        scorer.load(folder)


@pytest.mark.parametrize(("name", "output"), [("forecast_7", "quantiles"), ("pd", "pd"), ("pd", "contributions")])
def test_a_model_that_answers_golden_rows_differently_is_refused(folder: Path, name: str, output: str) -> None:
    def edit(card: dict[str, Any]) -> None:
        card["golden"]["outputs"][output][3][0] += 3e-5

    change(folder, name, edit)
    with pytest.raises(scorer.ModelRefused, match=f"{name}: its {output} for the golden rows"):
        scorer.load(folder)


def test_golden_outputs_that_are_missing_are_refused(folder: Path) -> None:
    change(folder, "pd", lambda card: card["golden"]["outputs"].pop("logit"))
    with pytest.raises(scorer.ModelRefused, match="logit"):
        scorer.load(folder)


def test_a_missing_model_or_card_is_refused_by_name(folder: Path) -> None:
    (folder / "pd" / "1" / "card.json").unlink()
    with pytest.raises(scorer.ModelRefused, match="pd: its files cannot be read"):
        scorer.load(folder)
    shutil.rmtree(folder / "forecast_7")
    with pytest.raises(scorer.ModelRefused, match="forecast_7: there is no version"):
        scorer.load(folder)


def test_the_newest_version_answers(folder: Path) -> None:
    shutil.copytree(folder / "pd" / "1", folder / "pd" / "10")
    with pytest.raises(scorer.ModelRefused, match="version 1, not 10"):
        scorer.load(folder)
