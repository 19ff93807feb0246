"""`python -m tests.bench.scoring FILE ROUNDS [MERCHANTS]` writes a history file and scores it, in process, on one core.

A merchant has a year of daily rows. One JSON line: merchants a second of processor time, round by round, from the
file's bytes to the last answer's. The models are loaded before.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from time import process_time

import numpy as np

from gateway import scorer
from gateway.batch import score_command, spool
from gateway.batch.scores import Terms
from gateway.domain.positions import Profile
from gateway.domain.programmes import INVENTORY
from gateway.domain.tiers import Tier
from gateway.settings import Settings

MERCHANTS, DAYS = 2_000, 365
HEADER = "merchant_id,business_on,sales_amount,refunds_amount,tickets_count\n"


def write(path: Path, merchants: int) -> None:
    """A file of merchants whose days wander around a level of their own; one seed, so always the same one."""
    rng = np.random.default_rng(5)
    days = [(date(2024, 6, 1) + timedelta(days=day)).isoformat() for day in range(DAYS)]
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for merchant in range(merchants):
            sales = (rng.lognormal(11.5, 0.8) * rng.lognormal(0, 0.35, DAYS)).astype(np.int64)
            refunds = (sales * (rng.random(DAYS) < 0.3) * 0.1).astype(np.int64)
            rows = zip(days, sales.tolist(), refunds.tolist(), np.maximum(sales // 3_000, 1).tolist(), strict=True)
            file.write("".join([f"mer_{merchant:08d},{on},{s},{r},{t}\n" for on, s, r, t in rows]))


def run(history: Path, rounds: int, merchants: int) -> list[float]:
    """Merchants scored a second, of each round; the first, which fills caches, is not among them."""
    write(history, merchants)
    models, rates = scorer.load(Settings().models_dir), []
    terms = Terms(INVENTORY, "CNY", Profile(tier=Tier.settled))
    for _ in range(rounds + 1):
        with spool.opened() as answers, history.with_suffix(".jsonl").open("wb") as output:
            started = process_time()
            summary = score_command.score(models, terms, history, answers)
            answers.pour(output)
            rates.append(summary.merchants_count / (process_time() - started))
    return rates[1:]


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else MERCHANTS)))
