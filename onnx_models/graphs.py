"""The ONNX graphs: what was learned, in one file a model, float32 in and out.

Every weight is a multiple of a power of two, small enough that float32 sums of them are exact: the answer does not
depend on the order of a sum, so not on the batch either. It must not know where the weights come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats32 = NDArray[np.float32]

LEAF_QUANTUM = 2.0**-14
LOGIT_QUANTUM = 2.0**-16
SCORE_QUANTUM = 2.0**-10
LIGHTGBM_ZERO = float(np.float32(1e-35))
OPSETS = (("", 18), ("ai.onnx.ml", 5))
IR_VERSION = 10


class Forest(NamedTuple):
    """Trees of one ensemble: `trees` are LightGBM's own dump, `target` says which quantile each adds to."""

    trees: Sequence[Mapping[str, Any]]
    target: Sequence[int]


class Stumps(NamedTuple):
    """An additive model of k features with e edges each, on values turned so that more is riskier.

    contribution = sum of `weights` whose edge the turned value exceeds − `centre`; `missing` where the value is NaN.
    """

    signs: Floats32  # (k,)
    edges: Floats32  # (k, e)
    weights: Floats32  # (k, e), not negative
    centre: Floats32  # (k,)
    missing: Floats32  # (k,), not negative
    base: Floats32  # (1,)


def quantised(values: NDArray[np.float64], quantum: float) -> Floats32:
    """The nearest multiples of `quantum` (a power of two), exact in float32."""
    return (np.rint(values / quantum) * quantum).astype(np.float32)


def floored(threshold: float) -> np.float32:
    """The greatest float32 not above `threshold`: a float32 x ≤ threshold exactly when x ≤ this.

    LightGBM reads values within ±1e-35 as 0, so its threshold just below 0 leaves −1e-35 itself on the right.
    """
    near = np.float32(threshold)
    below = np.nextafter(near, np.float32(-np.inf))
    return near if float(near) <= threshold and threshold != -LIGHTGBM_ZERO else below


def forecast_graph(
    forest: Forest, offsets: Floats32, fallback: Floats32, columns: Mapping[str, int], metadata: Mapping[str, str]
) -> onnx.ModelProto:
    """Features (n, f) → `quantiles` (n, k), sorted, not negative: 1 + σ·(trees + offsets).

    With `groups` in `columns` the k quantiles are of so many horizons, one after the other, each sorted by itself.

    `columns` names where `sigma` and `history_days` are, and its `least_days`, below which `fallback` (7,) replaces
    the trees. `sigma_low`, `sigma_high` in 1e-3 bound σ; `fallback_low` is its lower bound for a short history.
    """
    k = len(offsets)
    constants: dict[str, Any] = {
        "offsets": offsets,
        "fallback": fallback,
        "least": np.float32(columns["least_days"]),
        "low": np.float32(columns["sigma_low"] / 1000),
        "high": np.float32(columns["sigma_high"] / 1000),
        "fallback_low": np.float32(columns["fallback_low"] / 1000),
        "at_sigma": np.array([columns["sigma"]], np.int64),
        "at_days": np.array([columns["history_days"]], np.int64),
        "one": np.float32(1),
        "zero": np.float32(0),
        "k": np.array([k // columns.get("groups", 1)], np.int64),
    }
    nodes = [
        _ensemble(forest, k),
        helper.make_node("Gather", ["features", "at_sigma"], ["raw_sigma"], axis=1),
        helper.make_node("Gather", ["features", "at_days"], ["days"], axis=1),
        helper.make_node("GreaterOrEqual", ["days", "least"], ["known"]),
        helper.make_node("Where", ["known", "low", "fallback_low"], ["lowest"]),
        helper.make_node("IsNaN", ["raw_sigma"], ["no_sigma"]),
        helper.make_node("Where", ["no_sigma", "high", "raw_sigma"], ["some_sigma"]),
        helper.make_node("Min", ["some_sigma", "high"], ["capped"]),
        helper.make_node("Max", ["capped", "lowest"], ["sigma"]),
        helper.make_node("Add", ["trees", "offsets"], ["shifted"]),
        helper.make_node("Where", ["known", "shifted", "fallback"], ["scaled"]),
        helper.make_node("Mul", ["scaled", "sigma"], ["spread"]),
        helper.make_node("Add", ["spread", "one"], ["ratio"]),
        helper.make_node("Max", ["ratio", "zero"], ["floored"]),
        *_sorted(columns.get("groups", 1), k, constants),
    ]
    return _model(nodes, constants, {"quantiles": k}, metadata)


def _sorted(groups: int, k: int, constants: dict[str, Any]) -> list[onnx.NodeProto]:
    """Sort `floored` into `quantiles`, each group by itself; writes the shapes it needs into `constants`."""
    if groups == 1:
        return [helper.make_node("TopK", ["floored", "k"], ["quantiles", "order"], axis=1, largest=0, sorted=1)]
    constants["grouped"] = np.array([-1, groups, k // groups], np.int64)
    constants["flat"] = np.array([-1, k], np.int64)
    return [
        helper.make_node("Reshape", ["floored", "grouped"], ["by_group"]),
        helper.make_node("TopK", ["by_group", "k"], ["ranked", "order"], axis=2, largest=0, sorted=1),
        helper.make_node("Reshape", ["ranked", "flat"], ["quantiles"]),
    ]


class Scales(NamedTuple):
    """The anomaly model: (k,) what is usual, its robust spread, how many spreads are forgiven, and the weights."""

    centre: Floats32
    spread: Floats32
    weights: Floats32
    forgiven: np.float32
    most: np.float32


def anomaly_graph(scales: Scales, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """Features (n, k) → `score` (n, 1) and `contributions` (n, k) that add up to it exactly; NaN contributes 0."""
    k = len(scales.centre)
    constants = {
        "centre": scales.centre,
        "spread": scales.spread,
        "weights": scales.weights,
        "forgiven": scales.forgiven,
        "most": scales.most,
        "zero": np.float32(0),
        "quantum": np.float32(SCORE_QUANTUM),
        "second": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("IsNaN", ["features"], ["absent"]),
        helper.make_node("Where", ["absent", "centre", "features"], ["known"]),
        helper.make_node("Sub", ["known", "centre"], ["away"]),
        helper.make_node("Div", ["away", "spread"], ["z"]),
        helper.make_node("Sub", ["z", "forgiven"], ["beyond"]),
        helper.make_node("Max", ["beyond", "zero"], ["odd"]),
        helper.make_node("Min", ["odd", "most"], ["capped"]),
        helper.make_node("Mul", ["capped", "weights"], ["weighted"]),
        helper.make_node("Div", ["weighted", "quantum"], ["quanta"]),
        helper.make_node("Round", ["quanta"], ["whole"]),
        helper.make_node("Mul", ["whole", "quantum"], ["contributions"]),
        helper.make_node("ReduceSum", ["contributions", "second"], ["score"], keepdims=1),
    ]
    return _model(nodes, constants, {"score": 1, "contributions": k}, metadata)


def evaluate_scales(scales: Scales, features: Floats32) -> tuple[NDArray[np.float64], Floats32]:
    """The same model in numpy: scores (n,) and contributions (n, k). The graph must agree with this."""
    known = np.where(np.isnan(features), scales.centre, features)
    beyond = np.minimum(np.maximum((known - scales.centre) / scales.spread - scales.forgiven, 0), scales.most)
    parts = np.rint(beyond * scales.weights / np.float32(SCORE_QUANTUM)) * np.float32(SCORE_QUANTUM)
    return parts.sum(axis=1, dtype=np.float64), parts.astype(np.float32)


def pd_graph(stumps: Stumps, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """Features (n, k) → `pd` (n, 1), `logit` (n, 1) and `contributions` (n, k), which add up to the logit − base."""
    k = len(stumps.signs)
    constants = {
        "signs": stumps.signs,
        "edges": stumps.edges,
        "weights": stumps.weights,
        "centre": stumps.centre,
        "missing": stumps.missing,
        "base": stumps.base,
        "last": np.array([2], np.int64),
        "second": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Mul", ["features", "signs"], ["risk"]),
        helper.make_node("Unsqueeze", ["risk", "last"], ["wide"]),
        helper.make_node("Greater", ["wide", "edges"], ["beyond"]),
        helper.make_node("Cast", ["beyond"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["ones", "weights"], ["steps"]),
        helper.make_node("ReduceSum", ["steps", "last"], ["sums"], keepdims=0),
        helper.make_node("Sub", ["sums", "centre"], ["centred"]),
        helper.make_node("IsNaN", ["features"], ["absent"]),
        helper.make_node("Where", ["absent", "missing", "centred"], ["contributions"]),
        helper.make_node("ReduceSum", ["contributions", "second"], ["total"], keepdims=1),
        helper.make_node("Add", ["total", "base"], ["logit"]),
        helper.make_node("Cast", ["logit"], ["logit64"], to=TensorProto.DOUBLE),
        helper.make_node("Sigmoid", ["logit64"], ["pd64"]),
        helper.make_node("Cast", ["pd64"], ["pd"], to=TensorProto.FLOAT),
    ]
    return _model(nodes, constants, {"pd": 1, "logit": 1, "contributions": k}, metadata)


def evaluate_stumps(stumps: Stumps, features: Floats32) -> tuple[NDArray[np.float64], Floats32]:
    """The same model in numpy: logits (n,) and contributions (n, k). The graph must agree with this."""
    beyond = (features * stumps.signs)[:, :, None] > stumps.edges
    sums = (beyond * stumps.weights).sum(axis=2, dtype=np.float32) - stumps.centre
    contributions = np.where(np.isnan(features), stumps.missing, sums).astype(np.float32)
    return contributions.sum(axis=1, dtype=np.float64) + float(stumps.base[0]), contributions


def _model(
    nodes: list[onnx.NodeProto], constants: Mapping[str, Any], outputs: Mapping[str, int], metadata: Mapping[str, str]
) -> onnx.ModelProto:
    width = len(metadata["features"].split(","))
    graph = helper.make_graph(
        nodes,
        metadata["model"],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, ["n", size]) for key, size in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="restock-gateway")
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    return model


class _Arrays:
    """The columns of a TreeEnsemble node, filled tree by tree."""

    def __init__(self) -> None:
        self.splits: list[np.float32] = []
        self.feature: list[int] = []
        self.yes: list[int] = []
        self.yes_leaf: list[int] = []
        self.no: list[int] = []
        self.no_leaf: list[int] = []
        self.missing_yes: list[int] = []
        self.leaf: list[np.float32] = []
        self.leaf_target: list[int] = []
        self.roots: list[int] = []

    def tree(self, node: Mapping[str, Any], target: int) -> None:
        self.roots.append(len(self.splits))
        if "split_feature" not in node:  # a tree of one leaf: a split whose sides agree
            node = {"split_feature": 0, "threshold": 0.0, "left_child": node, "right_child": node}
        self.split(node, target)

    def split(self, node: Mapping[str, Any], target: int) -> int:
        """Write a split and all below it; its index. NaN counts as 0, as LightGBM does when trained without any."""
        at = len(self.splits)
        threshold = floored(node["threshold"])
        self.splits.append(threshold)
        self.feature.append(node["split_feature"])
        self.missing_yes.append(int(threshold >= 0))
        for column in (self.yes, self.yes_leaf, self.no, self.no_leaf):
            column.append(0)
        for child, index, leaf in (("left_child", self.yes, self.yes_leaf), ("right_child", self.no, self.no_leaf)):
            below = node[child]
            leaf[at] = int("split_feature" not in below)
            index[at] = self.ends(below["leaf_value"], target) if leaf[at] else self.split(below, target)
        return at

    def ends(self, value: float, target: int) -> int:
        self.leaf.append(np.float32(value))
        self.leaf_target.append(target)
        return len(self.leaf) - 1


def _ensemble(forest: Forest, targets: int) -> onnx.NodeProto:
    """One TreeEnsemble node (ai.onnx.ml 5) that sums the trees of each target."""
    arrays = _Arrays()
    for tree, target in zip(forest.trees, forest.target, strict=True):
        arrays.tree(tree["tree_structure"], target)
    return helper.make_node(
        "TreeEnsemble",
        ["features"],
        ["trees"],
        domain="ai.onnx.ml",
        n_targets=targets,
        aggregate_function=1,
        tree_roots=arrays.roots,
        nodes_featureids=arrays.feature,
        nodes_splits=numpy_helper.from_array(np.array(arrays.splits, np.float32)),
        nodes_modes=numpy_helper.from_array(np.zeros(len(arrays.splits), np.uint8)),
        nodes_truenodeids=arrays.yes,
        nodes_trueleafs=arrays.yes_leaf,
        nodes_falsenodeids=arrays.no,
        nodes_falseleafs=arrays.no_leaf,
        nodes_missing_value_tracks_true=arrays.missing_yes,
        leaf_targetids=arrays.leaf_target,
        leaf_weights=numpy_helper.from_array(np.array(arrays.leaf, np.float32)),
    )
