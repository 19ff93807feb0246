"""Runs the models: features in, integers out. The sole importer of onnxruntime; it knows no policy.

A version is refused at load, by name and with the reason, when its file, its card, its schema or its answers to the
card's golden rows differ; the next older one that passes answers instead. Without any, the PD leaves the answer to the
rules, and a forecast refuses the start. One thread: a row costs tens of microseconds, so it runs inline.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import onnxruntime

from gateway.domain import features as f
from gateway.domain.anomalies import ANOMALY_FEATURES
from gateway.domain.models import CARD_SCHEMA, Card, ModelRefused, Refusal, Serving
from gateway.domain.paths import KNOTS, PATH_FEATURES
from gateway.domain.paths import QUANTILES as PATH_QUANTILES
from gateway.domain.risk_scores import AnomalyScore, Contribution, RiskScore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gateway.domain.calibrations import Calibration

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
REQUIRED = ("forecast_7", "forecast_30", "path_52")
"""Without one of these nothing can be offered: a start is refused. It is too without both of RISKS."""
RISKS = ("pd", "rules")
CALIBRATION = "calibration"
"""Stands among the hashes where the PD's logit is calibrated, so that a replay can tell."""


class Loaded(NamedTuple):
    """One version that passed every check, and what is laid over its answers."""

    session: onnxruntime.InferenceSession
    card: Card
    calibration: Calibration | None


class OnnxScorer:
    """The `Scorer` port by onnxruntime. Build it with `load`; it never changes, `reload` makes another."""

    def __init__(
        self, loaded: Mapping[str, Loaded], refused: tuple[Refusal, ...], serving: Mapping[str, Serving]
    ) -> None:
        self.loaded, self.refused, self.serving = loaded, refused, serving
        self._hashes = {name: one.card.sha256 for name, one in loaded.items()}
        self._calibration = loaded["pd"].calibration if "pd" in loaded else None
        if self._calibration is not None:
            self._hashes[CALIBRATION] = str(self._calibration)

    def forecast(self, horizon: int, features: NDArray[np.float32]) -> list[tuple[int, ...]]:
        """(n, FORECAST_FEATURES) for `horizon` 7 or 30 → n tuples of 7 ascending quantiles in 1e-6 of the scale."""
        (quantiles,) = self._run(f"forecast_{horizon}", features, ["quantiles"])
        return [tuple(row) for row in _millionths(quantiles).tolist()]

    def default(self, features: NDArray[np.float32]) -> list[int]:
        """(n, PD_FEATURES) → n PDs in 1/100 of a basis point (1e-6)."""
        if self._calibration is not None:
            (logits,) = self._run("pd", features, ["logit"])
            return [self._calibration.pd(own) for own in _millionths(logits[:, 0]).tolist()]
        (chances,) = self._run("pd", features, ["pd"])
        pds: list[int] = _millionths(chances[:, 0]).tolist()
        return pds

    def explain(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """(n, PD_FEATURES) → n scores, the same PDs as `default`, with one contribution a feature."""
        return self._risk("pd", features, self._calibration)

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

    def usable(self, name: str) -> bool:
        """Whether that model is loaded and passed every check; asking another one raises ModelRefused."""
        return name in self.loaded

    def hashes(self) -> dict[str, str]:
        """Model name → SHA-256 of the file that answers for it, and the calibration where there is one."""
        return dict(self._hashes)

    def _risk(
        self, name: str, features: NDArray[np.float32], calibration: Calibration | None = None
    ) -> list[RiskScore]:
        answers, contributions = self._run(name, features, ["pd" if calibration is None else "logit", "contributions"])
        told = _told(f.PD_FEATURES, features, contributions)
        whole = _millionths(answers[:, 0]).tolist()
        if calibration is None:
            return [RiskScore(pd, parts) for pd, parts in zip(whole, told, strict=True)]
        return [
            RiskScore(
                calibration.pd(logit),
                tuple(Contribution(one.feature, one.value, calibration.scaled(one.logit)) for one in parts),
            )
            for logit, parts in zip(whole, told, strict=True)
        ]

    def _run(self, name: str, features: NDArray[np.float32], outputs: list[str]) -> list[NDArray[np.float32]]:
        if name not in self.loaded:
            raise ModelRefused(f"{name}: there is no version of it that may answer", model=name)
        answers: list[NDArray[np.float32]] = self.loaded[name].session.run(outputs, {"features": features})
        return answers


def load(
    directory: Path, wanted: Collection[str] = tuple(OUTPUTS), serving: Mapping[str, Serving] | None = None
) -> OnnxScorer:
    """The `wanted` models under `directory` (`<model>/<version>/`), each in the version that `serving` names.

    A version that is refused is passed over for the next older one and stands in `refused`. Raises ModelRefused with
    every reason when a required model, or both of RISKS, have none left.
    """
    return _gathered(directory, wanted, serving or {}, {})


def reload(current: OnnxScorer, directory: Path, serving: Mapping[str, Serving]) -> OnnxScorer:
    """`current` with other versions or calibrations where `serving` asks for them; the rest stays as it is loaded."""
    names = {*serving, *current.serving}
    same = {n: one for n, one in current.loaded.items() if serving.get(n) == current.serving.get(n)}
    return _gathered(directory, {*current.loaded, *names}, serving, same)


def versions(name: str, directory: Path) -> list[int]:
    """The versions of a model on the disk, newest first."""
    return sorted((int(path.name) for path in (directory / name).glob("*") if path.name.isdecimal()), reverse=True)


def check(name: str, directory: Path, version: int) -> Card:
    """The card of one version, after every check. Raises ModelRefused."""
    return _load(name, directory / name / str(version))[1]


def _gathered(
    directory: Path, wanted: Collection[str], serving: Mapping[str, Serving], kept: Mapping[str, Loaded]
) -> OnnxScorer:
    loaded, refused = dict(kept), []
    for name in (name for name in OUTPUTS if name in wanted and name not in kept):
        for found in _tried(name, directory, serving.get(name, Serving())):
            if isinstance(found, Loaded):
                loaded[name] = found
            else:
                refused.append(found)
    missing = [name for name in REQUIRED if name in wanted and name not in loaded]
    if any(name in wanted for name in RISKS) and not any(name in loaded for name in RISKS):
        missing += RISKS
    if missing:
        reasons = [one.reason for one in refused if one.model in missing] or [f"{n}: not asked for" for n in missing]
        raise ModelRefused("; ".join(reasons), models=missing)
    return OnnxScorer(loaded, tuple(refused), serving)


def _tried(name: str, directory: Path, serving: Serving) -> Iterator[Refusal | Loaded]:
    """Refusals of the versions tried, newest first, until one passes."""
    found = [n for n in versions(name, directory) if serving.version is None or n <= serving.version]
    if serving.version is not None and serving.version not in found:
        yield Refusal(name, serving.version, f"{name}: version {serving.version} is not there")
    elif not found:
        yield Refusal(name, None, f"{name}: there is no version of it")
    for version in found:
        try:
            session, card = _load(name, directory / name / str(version))
        except ModelRefused as fault:
            yield Refusal(name, version, fault.detail)
            continue
        yield Loaded(session, card, serving.calibration if version == serving.version else None)
        return


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
    values = _millionths(np.where(absent, np.float32(0), features)).astype(object)
    values[absent] = None
    logits = _millionths(parts).tolist()
    return [tuple(map(Contribution, names, row, own)) for row, own in zip(values.tolist(), logits, strict=True)]


def _millionths(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rounded to 1e-6, half to even, in float64: the only place where a score turns into an integer."""
    bounded = np.minimum(np.maximum(values.astype(np.float64), -1e9), 1e9)
    whole: NDArray[np.int64] = np.rint(bounded * MILLION).astype(np.int64)
    return whole
