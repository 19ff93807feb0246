"""The scorer: integers out, and a clear refusal of any file that is not what its card says."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gateway import scorer
from gateway.domain import features as f
from gateway.domain.calibrations import Calibration
from gateway.domain.models import ModelRefused, Serving
from tests.model_files import SHIPPED, add_version, change, copied, spoil

if TYPE_CHECKING:
    from pathlib import Path

MODELS = ("forecast_7", "forecast_30", "path_52", "pd")
"""Without the rules, so that nothing answers for a PD that is refused."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path, MODELS)


@pytest.fixture(scope="module")
def models() -> scorer.OnnxScorer:
    return scorer.load(SHIPPED)


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
    spoil(folder, name)
    with pytest.raises(ModelRefused, match=f"{name}: the file's SHA-256"):
        scorer.load(folder)


@pytest.mark.parametrize("body", [b"", b"not a model", b"\x08\x0a" * 100])
def test_a_file_that_is_no_model_is_refused_even_with_its_own_hash(folder: Path, body: bytes) -> None:
    (folder / "pd" / "1" / "model.onnx").write_bytes(body)
    change(folder, "pd", lambda card: card.update(sha256=hashlib.sha256(body).hexdigest()))
    with pytest.raises(ModelRefused, match="pd: "):
        scorer.load(folder)


def test_swapped_models_are_refused(folder: Path) -> None:
    shutil.copytree(folder / "forecast_30" / "1", folder / "forecast_7" / "1", dirs_exist_ok=True)
    with pytest.raises(ModelRefused, match="forecast_7: the card is of forecast_30"):
        scorer.load(folder)


def test_a_swapped_file_is_refused_even_when_the_card_was_edited_to_fit(folder: Path) -> None:
    body = (folder / "forecast_30" / "1" / "model.onnx").read_bytes()
    (folder / "forecast_7" / "1" / "model.onnx").write_bytes(body)
    change(folder, "forecast_7", lambda card: card.update(sha256=hashlib.sha256(body).hexdigest()))
    with pytest.raises(ModelRefused, match="forecast_7: the file says it is forecast_30"):
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
    with pytest.raises(ModelRefused, match=reason):
        scorer.load(folder)


@pytest.mark.parametrize(("name", "output"), [("forecast_7", "quantiles"), ("pd", "pd"), ("pd", "contributions")])
def test_a_model_that_answers_golden_rows_differently_is_refused(folder: Path, name: str, output: str) -> None:
    def edit(card: dict[str, Any]) -> None:
        card["golden"]["outputs"][output][3][0] += 3e-5

    change(folder, name, edit)
    with pytest.raises(ModelRefused, match=f"{name}: its {output} for the golden rows"):
        scorer.load(folder)


def test_golden_outputs_that_are_missing_are_refused(folder: Path) -> None:
    change(folder, "pd", lambda card: card["golden"]["outputs"].pop("logit"))
    with pytest.raises(ModelRefused, match="logit"):
        scorer.load(folder)


def test_a_missing_model_or_card_is_refused_by_name(folder: Path) -> None:
    (folder / "pd" / "1" / "card.json").unlink()
    with pytest.raises(ModelRefused, match="pd: its files cannot be read"):
        scorer.load(folder)
    shutil.rmtree(folder / "forecast_7")
    with pytest.raises(ModelRefused, match="forecast_7: there is no version"):
        scorer.load(folder)


def test_the_newest_version_that_passes_answers_and_the_refused_one_is_named(folder: Path) -> None:
    add_version(folder, "pd", 9)
    shutil.copytree(folder / "pd" / "1", folder / "pd" / "10")
    loaded = scorer.load(folder)
    assert loaded.loaded["pd"].card.version == 9
    (refusal,) = [one for one in loaded.refused if one.model == "pd"]
    assert (refusal.model, refusal.version) == ("pd", 10)
    assert "version 1, not 10" in refusal.reason


def test_a_promoted_version_answers_and_no_newer_one_ever_stands_in_for_it(folder: Path) -> None:
    for version in (2, 3):
        add_version(folder, "pd", version)
    promoted = {"pd": Serving(2)}
    assert scorer.load(folder, serving=promoted).loaded["pd"].card.version == 2
    spoil(folder, "pd", 2)
    loaded = scorer.load(folder, serving=promoted)
    assert loaded.loaded["pd"].card.version == 1
    assert [one.version for one in loaded.refused if one.model == "pd"] == [2]
    shutil.rmtree(folder / "pd" / "2")
    assert scorer.load(folder, serving=promoted).refused[0].reason == "pd: version 2 is not there"


def test_the_rules_answer_where_no_pd_is_left(folder: Path) -> None:
    shutil.copytree(SHIPPED / "rules", folder / "rules")
    spoil(folder, "pd")
    loaded = scorer.load(folder)
    assert (loaded.usable("pd"), loaded.usable("rules")) == (False, True)
    assert "pd" not in loaded.hashes()
    assert len(loaded.rules(pd_rows(3))) == 3
    with pytest.raises(ModelRefused, match="pd: there is no version of it that may answer"):
        loaded.explain(pd_rows(3))


def test_a_start_without_a_forecast_names_every_reason(folder: Path) -> None:
    add_version(folder, "forecast_30", 2)
    for version in (1, 2):
        spoil(folder, "forecast_30", version)
    change(folder, "forecast_7", lambda card: card.update(schema="restock-model/0"))
    with pytest.raises(ModelRefused) as refused:
        scorer.load(folder)
    assert refused.value.detail.count("forecast_30: the file's SHA-256") == 2
    assert "forecast_7: the card's schema" in refused.value.detail


def test_a_reload_changes_only_what_was_asked_for(folder: Path) -> None:
    add_version(folder, "pd", 2)
    before = scorer.load(folder)
    after = scorer.reload(before, folder, {"pd": Serving(1)})
    assert (before.loaded["pd"].card.version, after.loaded["pd"].card.version) == (2, 1)
    assert all(after.loaded[name] is before.loaded[name] for name in MODELS if name != "pd")
    assert scorer.reload(after, folder, {}).loaded["pd"].card.version == 2


def test_a_calibration_moves_pd_and_contributions_alike_and_is_named_among_the_hashes(folder: Path) -> None:
    line = Calibration(1_250_000, -300_000)
    plain, laid = scorer.load(folder), scorer.load(folder, serving={"pd": Serving(1, line)})
    rows = pd_rows(200)
    rows[::3, 3] = np.nan
    base = round(json.loads((folder / "pd" / "1" / "card.json").read_bytes())["base_logit"] * 1e6)
    assert laid.hashes() == plain.hashes() | {"calibration": "1250000:-300000"}
    assert laid.default(rows) == [one.pd for one in laid.explain(rows)]
    for own, moved in zip(plain.explain(rows), laid.explain(rows), strict=True):
        assert [one.logit for one in moved.contributions] == [line.scaled(one.logit) for one in own.contributions]
        logit = line.logit(base) + sum(one.logit for one in moved.contributions)
        assert abs(round(1e6 / (1 + np.exp(-logit / 1e6))) - moved.pd) <= 10


def test_a_calibration_keeps_the_order_of_every_two_merchants(folder: Path) -> None:
    rows = pd_rows(300)
    plain = scorer.load(folder).default(rows)
    laid = scorer.load(folder, serving={"pd": Serving(1, Calibration(400_000, 900_000))}).default(rows)
    order = np.argsort(plain, kind="stable")
    assert (np.diff(np.array(laid)[order][np.diff(np.array(plain)[order], prepend=-1) > 0]) >= 0).all()


def test_an_older_version_that_steps_in_answers_without_the_calibration_of_another(folder: Path) -> None:
    add_version(folder, "pd", 2)
    spoil(folder, "pd", 2)
    loaded = scorer.load(folder, serving={"pd": Serving(2, Calibration(500_000, 0))})
    assert loaded.loaded["pd"].card.version == 1
    assert "calibration" not in loaded.hashes()
    assert loaded.default(pd_rows(20)) == scorer.load(folder).default(pd_rows(20))


@pytest.mark.parametrize("name", ["pd", "forecast_30"])
def test_the_cards_tell_what_drift_is_measured_against(models: scorer.OnnxScorer, name: str) -> None:
    reference = models.loaded[name].card.reference
    assert reference is not None
    assert set(reference.columns) == {*scorer.FEATURES[name], "score"}
    for column in reference.columns.values():
        assert len(column.shares) == len(column.edges) + 1
        assert abs(sum(column.shares) - 1) < 1e-5
