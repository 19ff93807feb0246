"""Model cards: what a model is, what it was made from, how good it is and how to tell it from another.

No wall clock and no machine in them: a card is the same for the same seed.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from gateway import scorer
from gateway.domain import features as f
from onnx_models import parameters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto

SCHEMA = "restock-model/1"
LIBRARIES = ("lightgbm", "numpy", "onnx", "scipy")
LIMITS = (
    "Trained on simulated merchants only. Every figure here is a simulator figure unless it says otherwise.",
    "A PD's level does not travel between populations: recalibrate it on a bank's outcomes before reading a rate.",
    "Works on sales alone; sees cash, suppliers, taxes and stock only where consented. Not for long contracts.",
)
REASON_CODES = {
    "revenue_cv_26w": "uneven_revenue",
    "active_day_share_90": "few_trading_days",
    "rev30_to_rev90": "recent_decline",
    "rev90_to_prior90": "quarterly_decline",
    "worst_week_share_84": "very_weak_week",
    "longest_gap_180": "long_closure",
    "top_day_share_90": "revenue_on_few_days",
    "refund_rate_90": "many_refunds",
    "refund_rate_trend": "rising_refunds",
    "fall_from_peak_180": "far_below_peak",
    "year_growth": "below_last_year",
    "tickets_per_day_90": "few_customers",
    "history_days": "short_history",
    "supplier_paid_ratio_90": "buys_more_than_sells",
    "supplier_overdue_days": "suppliers_overdue",
    "tax_arrears_days": "taxes_overdue",
    "late_utility_count_180": "utilities_late",
    "fixed_cost_ratio_90": "high_fixed_costs",
    "net_flow_margin_90": "spends_more_than_earns",
    "cash_cover_min_180": "low_cash",
    "low_cash_share_180": "often_low_cash",
    "flow_drawdown_180": "cash_drained",
    "stock_cover_off": "unusual_stock",
    "instalment_ratio": "other_loans",
    "missed_before": "missed_payments",
    "exposure_ratio": "large_loan",
}


def data_hash(*arrays: NDArray[Any]) -> str:
    """SHA-256 over the arrays' bytes, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def metadata(name: str, number: int) -> dict[str, str]:
    """What the file itself carries, so that a card and a file cannot be paired wrongly."""
    names = scorer.FEATURES[name]
    return {"model": name, "version": str(number), "features": ",".join(names), "schema": f.schema_hash(name, names)}


def golden(rows: NDArray[np.float32], outputs: Mapping[str, Any], tolerance: float) -> dict[str, Any]:
    """Rows in and what the training side (not ONNX) makes of them; null stands for NaN."""
    return {
        "inputs": [[None if np.isnan(value) else float(value) for value in row] for row in rows],
        "outputs": {key: np.asarray(value, np.float64).round(9).tolist() for key, value in outputs.items()},
        "tolerance": tolerance,
    }


def write(folder: Path, model: ModelProto, card: Mapping[str, Any]) -> None:
    """Write `model.onnx`, `card.json` and `card.md` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    body = model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(body)
    whole = {
        "schema": SCHEMA,
        **card,
        "sha256": hashlib.sha256(body).hexdigest(),
        "simulator": parameters.VERSION,
        "libraries": {name: version(name) for name in LIBRARIES},
        "limits": LIMITS,
    }
    (folder / "card.json").write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
    (folder / "card.md").write_text(_page(whole))


def newest(folder: Path) -> Path:
    """The newest version under a model's `folder`."""
    return max((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))


def amend(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write the `figures` of an evaluation into the newest card under `folder`; the model stays as it is."""
    where = newest(folder)
    whole = json.loads((where / "card.json").read_bytes())
    whole["evaluation"] = {**whole.get("evaluation", {}), **figures}
    (where / "card.json").write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
    (where / "card.md").write_text(_page(whole))


def _page(card: Mapping[str, Any]) -> str:
    """The card for a person."""
    lines = [f"# {card['model']} version {card['version']}", "", str(card["use"]), ""]
    lines += [f"- {limit}" for limit in card["limits"]]
    lines += ["", "| figure (simulator, merchants not trained on) | value |", "|---|---|"]
    lines += [f"| {key} | {value} |" for key, value in sorted(card["metrics"].items())]
    for title, figures in sorted(card.get("evaluation", {}).items()):
        lines += ["", f"| {title} | |", "|---|---|"]
        lines += [f"| {key} | {value} |" for key, value in figures.items()]
    lines += ["", "| feature | sign | reason code |", "|---|---|---|"]
    signs, codes = card["monotone"], card["reason_codes"]
    lines += [f"| {name} | {signs.get(name, '')} | {codes.get(name, '')} |" for name in card["features"]]
    made = ", ".join(f"{name} {number}" for name, number in sorted(card["libraries"].items()))
    lines += [
        "",
        f"Seed {card['seed']}, simulator {card['simulator']}, data `{card['data_hash']}`.",
        f"Made with {made}.",
    ]
    lines += [f"SHA-256 of model.onnx: `{card['sha256']}`."]
    return "\n".join(lines) + "\n"
