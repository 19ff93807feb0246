"""The expert scorecard: points on the PD's features, set by judgement before any outcome was seen.

It is the first stage of every lender and the fallback of this one. Each entry is an edge and the log-odds added beyond
it, in the feature's risky direction. Its base puts a shop without points near .2 %. [guess], like any scorecard.
"""

from __future__ import annotations

import numpy as np

from gateway.domain import features as f
from onnx_models.graphs import LOGIT_QUANTUM, Stumps, quantised
from onnx_models.learning import EDGES

BASE = -6.4
UNKNOWN = {"cash_cover_min_180": 0.3}  # log-odds of a missing value; others
UNKNOWN_ELSE = 0.05
POINTS = {
    "revenue_cv_26w": ((0.4, 0.2), (0.8, 0.3)),
    "active_day_share_90": ((0.5, 0.2), (0.2, 0.2)),
    "rev30_to_rev90": ((0.8, 0.3), (0.5, 0.4)),
    "rev90_to_prior90": ((0.8, 0.2), (0.5, 0.3)),
    "worst_week_share_84": ((0.3, 0.2),),
    "longest_gap_180": ((7, 0.1), (21, 0.2)),
    "top_day_share_90": ((0.15, 0.2),),
    "refund_rate_90": ((0.05, 0.2), (0.12, 0.4)),
    "refund_rate_trend": ((0.05, 0.2),),
    "fall_from_peak_180": ((0.3, 0.2), (0.5, 0.4)),
    "year_growth": ((0.9, 0.2), (0.7, 0.4)),
    "tickets_per_day_90": ((2.4, 0.3), (4.0, 0.2)),
    "history_days": ((365, 0.2), (180, 0.3)),
    "supplier_paid_ratio_90": ((1.2, 0.3),),
    "supplier_overdue_days": ((7, 0.4), (30, 0.6)),
    "tax_arrears_days": ((30, 0.5),),
    "late_utility_count_180": ((1, 0.3), (3, 0.3)),
    "fixed_cost_ratio_90": ((0.4, 0.3), (0.7, 0.3)),
    "net_flow_margin_90": ((0.0, 0.2), (-0.2, 0.3)),
    "cash_cover_min_180": ((20, 0.4), (10, 0.6), (3, 0.6), (0, 0.6)),
    "low_cash_share_180": ((0.05, 0.3), (0.3, 0.4)),
    "flow_drawdown_180": ((20, 0.3), (45, 0.5)),
    "stock_cover_off": ((0.7, 0.2),),
    "instalment_ratio": ((0.05, 0.3), (0.15, 0.5), (0.3, 0.5)),
    "missed_before": ((0.5, 0.8),),
    "exposure_ratio": ((0.2, 0.3), (0.4, 0.3), (0.6, 0.3)),
}


def scorecard() -> Stumps:
    """The points as an additive model, so that the PD's graph, checks and reasons serve it too."""
    signs = np.array(list(f.PD_SIGNS.values()), np.float32)
    edges = np.full((len(signs), EDGES), np.inf, np.float32)
    weights = np.zeros((len(signs), EDGES))
    for row, (name, sign) in enumerate(f.PD_SIGNS.items()):
        for column, (edge, points) in enumerate(POINTS[name]):
            edges[row, column], weights[row, column] = sign * edge, points
    missing = np.array([UNKNOWN.get(name, UNKNOWN_ELSE) for name in f.PD_SIGNS])
    return Stumps(
        signs,
        edges,
        quantised(weights, LOGIT_QUANTUM),
        np.zeros(len(signs), np.float32),
        quantised(missing, LOGIT_QUANTUM),
        quantised(np.array([BASE]), LOGIT_QUANTUM),
    )
