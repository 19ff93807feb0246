"""Whether a graph says what the training side says, on rows chosen to be awkward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

    from onnx_models.graphs import Forest, Stumps

    Features = NDArray[np.float32]

ROWS = 5000
NASTY = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e30, -1e30, 1e-40], np.float32)


def awkward(rows: Features, edges: Sequence[Features], count: int = ROWS) -> Features:
    """`count` rows made of `rows`, where about a quarter of the values are replaced by something nasty.

    NaN, infinities, zeros, huge numbers, and each feature's own `edges`, exactly and one ulp to either side.
    """
    rng = np.random.default_rng(5)
    mixed = rows[rng.integers(0, len(rows), count)].copy()
    for column, own in enumerate(edges):
        near = [own, np.nextafter(own, np.float32(np.inf)), np.nextafter(own, np.float32(-np.inf))]
        choices = np.concatenate([np.repeat(NASTY, max(1, len(own) // 8)), *near])
        at = rng.random(count) < 0.25
        mixed[at, column] = rng.choice(choices, int(at.sum()))
    return mixed


def thresholds(forest: Forest, width: int) -> list[Features]:
    """Each feature's thresholds, as LightGBM has them, rounded to the nearest float32."""
    found: list[list[float]] = [[] for _ in range(width)]
    waiting = [tree["tree_structure"] for tree in forest.trees]
    while waiting:
        node = waiting.pop()
        if "split_feature" in node:
            found[node["split_feature"]].append(node["threshold"])
            waiting += [node["left_child"], node["right_child"]]
    return [np.unique(np.array(own, np.float32)) for own in found]


def edges(stumps: Stumps) -> list[Features]:
    """Each feature's finite edges, on the feature's own scale."""
    return [(row * sign)[np.isfinite(row)] for row, sign in zip(stumps.edges, stumps.signs, strict=True)]


def worst(model: onnx.ModelProto, rows: Features, expected: Mapping[str, NDArray[Any]]) -> float:
    """The largest difference between the graph's outputs and the `expected` ones; infinite where a shape differs."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = session.run(list(expected), {"features": rows})
    pairs = list(zip(answers, expected.values(), strict=True))
    if any(ours.shape != theirs.shape for ours, theirs in pairs):
        return float("inf")
    return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
