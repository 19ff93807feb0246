"""The shipped models and rows to try them on, shared by the tests here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from gateway.domain import features as f
from onnx_models import graphs, parity, samples
from onnx_models.parameters import SECTORS

FOLDER = Path(graphs.__file__).parent
Features = NDArray[np.float32]


def path(name: str, version: int = 1) -> Path:
    """The file of a shipped model."""
    return FOLDER / name / str(version) / "model.onnx"


def run(name: str, features: Features) -> list[NDArray[np.float32]]:
    """All outputs of a shipped model, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    answers: list[NDArray[np.float32]] = onnxruntime.InferenceSession(path(name), options).run(
        None, {"features": features}
    )
    return answers


def constants(name: str) -> dict[str, NDArray[np.float32]]:
    """The constants of a shipped graph, by name."""
    return {item.name: numpy_helper.to_array(item) for item in onnx.load(path(name)).graph.initializer}


def stumps() -> graphs.Stumps:
    """The weights inside the shipped PD model."""
    known = constants("pd")
    return graphs.Stumps(*(known[field] for field in graphs.Stumps._fields))


def pd_rows() -> Features:
    """About a thousand simulated loans' features, from merchants no model was trained on."""
    return samples.loans(samples.chunk(99, 1, SECTORS, 300), 4).features


def forecast_rows(horizon: int) -> Features:
    """About a thousand simulated forecasts' features, from merchants no model was trained on."""
    return samples.forecasts(samples.chunk(99, 2, SECTORS, 300), horizon, 5).features


def awkward(rows: Features, edges: list[NDArray[np.float32]], count: int = 5000) -> Features:
    """`count` awkward rows made of `rows` and the model's own `edges`."""
    return parity.awkward(rows, edges, count)


def pd_edges() -> list[NDArray[np.float32]]:
    """Each feature's finite edges, on the feature's own scale."""
    return parity.edges(stumps())


def forest() -> dict[str, onnx.AttributeProto]:
    """The attributes of the 7-day model's tree ensemble."""
    node = next(node for node in onnx.load(path("forecast_7")).graph.node if node.op_type == "TreeEnsemble")
    return {attribute.name: attribute for attribute in node.attribute}


def forecast_edges() -> list[NDArray[np.float32]]:
    """Each feature's thresholds in the 7-day model."""
    attributes = forest()
    splits = numpy_helper.to_array(attributes["nodes_splits"].t)
    column = np.array(attributes["nodes_featureids"].ints)
    return [splits[column == number] for number in range(len(f.FORECAST_FEATURES))]
