"""Runs the models: features in, integers out. The sole importer of onnxruntime; it knows no policy.

A model is refused at load, by name and with the reason, when its file, its card, its schema or its answers to the
card's golden rows differ. One thread: a row costs tens of microseconds, so it runs inline.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import onnxruntime

from gateway.domain import features as f
from gateway.domain.anomalies import ANOMALY_FEATURES
from gateway.domain.errors import Invalid
from gateway.domain.paths import KNOTS, PATH_FEATURES
from gateway.domain.paths import QUANTILES as PATH_QUANTILES
from gateway.ports import AnomalyScore, Contribution, RiskScore

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

CARD_SCHEMA = "restock-model/1"
MILLION = 1_000_000
OUTPUTS = {
    "forecast_7": ("quantiles",),
    "forecast_30": ("quantiles",),
    "pd": ("pd", "logit", "contributions"),
    "path_52": ("quantiles",),
    "anomaly": ("score", "contributions"),
    "rules": ("pd", "logit", "contributions"),
}
FEATURES = {
    "forecast_7": f.FORECAST_FEATURES,
    "forecast_30": f.FORECAST_FEATURES,
    "pd": f.PD_FEATURES,
    "path_52": PATH_FEATURES,
    "anomaly": ANOMALY_FEATURES,
    "rules": f.PD_FEATURES,
}
REQUIRED = ("forecast_7", "forecast_30", "pd")
"""What a server asks. The others may be absent; asking one that is not loaded is refused."""


class ModelRefused(Invalid):
    """A model file is not the one its card describes, or not one this code can feed."""

    code = "model_refused"
    title = "A model was refused"


class Golden(msgspec.Struct, frozen=True):
    """Rows in (None = NaN) and what the training side made of them, within `tolerance`."""

    inputs: list[list[float | None]]
    outputs: dict[str, list[list[float]]]
    tolerance: float


class Card(msgspec.Struct, frozen=True):
    """What the scorer reads of a card.json; the rest is for people."""

    schema: str
    model: str
    version: int
    sha256: str
    features: tuple[str, ...]
    features_hash: str
    golden: Golden


class OnnxScorer:
    """The `Scorer` port by onnxruntime. Build it with `load`."""

    def __init__(self, sessions: dict[str, onnxruntime.InferenceSession], cards: dict[str, Card]) -> None:
        self._sessions = sessions
        self._hashes = {name: card.sha256 for name, card in cards.items()}

    def forecast(self, horizon: int, features: NDArray[np.float32]) -> list[tuple[int, ...]]:
        """(n, FORECAST_FEATURES) for `horizon` 7 or 30 → n tuples of 7 ascending quantiles in 1e-6 of the scale."""
        (quantiles,) = self._run(f"forecast_{horizon}", features, ["quantiles"])
        return [tuple(row) for row in _millionths(quantiles).tolist()]

    def default(self, features: NDArray[np.float32]) -> list[int]:
        """(n, PD_FEATURES) → n PDs in 1/100 of a basis point (1e-6)."""
        (chances,) = self._run("pd", features, ["pd"])
        pds: list[int] = _millionths(chances[:, 0]).tolist()
        return pds

    def explain(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """(n, PD_FEATURES) → n scores, the same PDs as `default`, with one contribution a feature."""
        return self._risk("pd", features)

    def rules(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """(n, PD_FEATURES) → n scores of the expert scorecard, in the form of `explain`: the fallback for the PD."""
        return self._risk("rules", features)

    def year(self, features: NDArray[np.float32]) -> list[list[tuple[int, ...]]]:
        """(n, PATH_FEATURES) → n times len(KNOTS) triples (P10, P50, P90), for `paths.path`.

        Each is the average week from now to the knot, in 1e-6 of a week at the 28-day mean.
        """
        (quantiles,) = self._run("path_52", features, ["quantiles"])
        grouped = _millionths(quantiles).reshape(len(quantiles), len(KNOTS), len(PATH_QUANTILES)).tolist()
        return [[tuple(triple) for triple in row] for row in grouped]

    def anomaly(self, features: NDArray[np.float32]) -> list[AnomalyScore]:
        """(n, ANOMALY_FEATURES) → n scores with one contribution a feature."""
        scores, parts = self._run("anomaly", features, ["score", "contributions"])
        told = _told(ANOMALY_FEATURES, features, parts)
        return [AnomalyScore(score, row) for score, row in zip(_millionths(scores[:, 0]).tolist(), told, strict=True)]

    def hashes(self) -> dict[str, str]:
        """Model name → SHA-256 of the file that answers for it, kept with each decision."""
        return dict(self._hashes)

    def _risk(self, name: str, features: NDArray[np.float32]) -> list[RiskScore]:
        chances, contributions = self._run(name, features, ["pd", "contributions"])
        told = _told(f.PD_FEATURES, features, contributions)
        return [RiskScore(pd, parts) for pd, parts in zip(_millionths(chances[:, 0]).tolist(), told, strict=True)]

    def _run(self, name: str, features: NDArray[np.float32], outputs: list[str]) -> list[NDArray[np.float32]]:
        _require(name, name in self._sessions, "there is no version of it")
        answers: list[NDArray[np.float32]] = self._sessions[name].run(outputs, {"features": features})
        return answers


def load(directory: Path, wanted: Collection[str] = tuple(OUTPUTS)) -> OnnxScorer:
    """The newest version of the `wanted` models under `directory` (`<model>/<version>/`). Raises ModelRefused.

    Each costs a start some of its second, so a server names the ones it asks.
    """
    names = [name for name in wanted if name in REQUIRED or (directory / name).is_dir()]
    loaded = {name: _load(name, _newest(name, directory / name)) for name in names}
    return OnnxScorer({name: one[0] for name, one in loaded.items()}, {name: one[1] for name, one in loaded.items()})


def _newest(name: str, directory: Path) -> Path:
    numbers = sorted(int(path.name) for path in directory.glob("*") if path.name.isdecimal())
    if not numbers:
        raise ModelRefused(f"{name}: there is no version of it", model=name)
    return directory / str(numbers[-1])


def _load(name: str, folder: Path) -> tuple[onnxruntime.InferenceSession, Card]:
    """The session and the card in `folder`, after every check."""
    try:
        card = msgspec.json.decode((folder / "card.json").read_bytes(), type=Card)
        body = (folder / "model.onnx").read_bytes()
    except (OSError, msgspec.DecodeError) as fault:
        raise ModelRefused(f"{name}: its files cannot be read: {fault}", model=name) from fault
    _check_card(name, folder, card, body)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = _open(name, body, options)
    _check_session(name, card, session)
    _check_golden(name, card, session)
    return session, card


def _open(name: str, body: bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(body, options, providers=["CPUExecutionProvider"])
    except Exception as fault:  # onnxruntime raises many unrelated classes
        raise ModelRefused(f"{name}: onnxruntime cannot open the file: {fault}", model=name) from fault


def _require(name: str, same: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence at each call
    if not same:
        raise ModelRefused(f"{name}: {reason}", model=name)


def _check_card(name: str, folder: Path, card: Card, body: bytes) -> None:
    _require(name, card.schema == CARD_SCHEMA, f"the card's schema is {card.schema}, not {CARD_SCHEMA}")
    _require(name, card.model == name, f"the card is of {card.model}")
    _require(name, str(card.version) == folder.name, f"the card is of version {card.version}, not {folder.name}")
    _require(name, hashlib.sha256(body).hexdigest() == card.sha256, "the file's SHA-256 is not the card's")
    _require(name, card.features == FEATURES[name], "its features are not the ones this code computes")
    _require(name, card.features_hash == f.schema_hash(name, FEATURES[name]), "its features are of another revision")


def _check_session(name: str, card: Card, session: onnxruntime.InferenceSession) -> None:
    carried = session.get_modelmeta().custom_metadata_map
    _require(name, carried.get("model") == name, f"the file says it is {carried.get('model')}")
    _require(name, carried.get("version") == str(card.version), "the file is of another version than its card")
    _require(name, carried.get("schema") == card.features_hash, "the file was made for other features than its card")
    inputs = [(one.name, one.type, one.shape[1:]) for one in session.get_inputs()]
    _require(name, inputs == [("features", "tensor(float)", [len(card.features)])], f"its inputs are {inputs}")
    outputs = tuple(one.name for one in session.get_outputs())
    _require(name, outputs == OUTPUTS[name], f"its outputs are {outputs}")


def _check_golden(name: str, card: Card, session: onnxruntime.InferenceSession) -> None:
    rows = [[np.nan if value is None else value for value in row] for row in card.golden.inputs]
    answers: list[Any] = session.run(list(OUTPUTS[name]), {"features": np.array(rows, np.float32)})
    for output, answer in zip(OUTPUTS[name], answers, strict=True):
        expected = np.array(card.golden.outputs.get(output, []))
        close = expected.shape == answer.shape and bool((np.abs(answer - expected) <= card.golden.tolerance).all())
        _require(name, close, f"its {output} for the golden rows are not the card's")


def _told(
    names: tuple[str, ...], features: NDArray[np.float32], parts: NDArray[np.float32]
) -> list[tuple[Contribution, ...]]:
    """One contribution a feature for every row."""
    absent = np.isnan(features)  # once: `nan_to_num` and `clip` cost more than the model on one row
    values, logits = _millionths(np.where(absent, np.float32(0), features)).tolist(), _millionths(parts).tolist()
    missing = absent.tolist()
    return [
        tuple(
            Contribution(name, None if unknown else value, part)
            for name, value, unknown, part in zip(names, row, unknowns, own, strict=True)
        )
        for row, unknowns, own in zip(values, missing, logits, strict=True)
    ]


def _millionths(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rounded to 1e-6, half to even, in float64: the only place where a score turns into an integer."""
    bounded = np.minimum(np.maximum(values.astype(np.float64), -1e9), 1e9)
    whole: NDArray[np.int64] = np.rint(bounded * MILLION).astype(np.int64)
    return whole
