"""`gateway demo --once --json` from end to end: real processes, real HTTP, and figures recomputed from the input."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.demo import shop

if TYPE_CHECKING:
    from pathlib import Path

Step = dict[str, Any]
_DEADLINE_SECONDS = 300


def tell(*words: str) -> list[Step]:
    """Every step of one run, which must end well."""
    command = [sys.executable, "-m", "gateway", "demo", "--once", "--json", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_DEADLINE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def made_up() -> list[Step]:
    return tell()


@pytest.fixture(scope="module")
def bakery(shared: Path) -> list[Step]:
    mapping = "occurred_at=datetime,amount=total"
    file = shared / "data" / "bakery_tickets.csv"
    return tell("--sales", str(file), "--columns", mapping, "--currency", "KRW", "--timezone", "Asia/Seoul")


def recomputed_limit(result: Step) -> int:
    terms = result["terms"]
    graded = terms["grade_bps"] * min(terms["base_amount"], terms["affordability_amount"]) // 10_000
    return int(min(graded, terms["programme_cap_amount"], terms["headroom_amount"]))


def assert_a_true_story(told: list[Step], net_30d: int, eve: int) -> None:
    result = told[-1]
    drawdown = result["drawdown"]
    assert result["step"] == "result"
    assert result["net_sales_30d_amount"] == net_30d
    assert result["takings_today_amount"] == eve
    assert result["limit_amount"] == recomputed_limit(result)
    assert 0 < result["limit_amount"] <= net_30d * 8 // 10
    assert result["available_amount"] <= result["limit_amount"]
    assert drawdown["state"] == "repaid"
    assert drawdown["amount"] * 4 >= result["limit_amount"]
    assert drawdown["outstanding_amount"] == 0
    assert result["repaid_amount"] == drawdown["total_amount"] == drawdown["amount"] + drawdown["fee_amount"]
    assert drawdown["bank_reference"]
    assert result["ledger_balanced"] is True
    assert result["decision_ms"] is not None


def assert_told_in_order(told: list[Step]) -> None:
    names = [step["step"] for step in told if step["step"] != "lived"]
    first = ["read", "ready", "onboarded", "consented", "history", "offered", "foreseen", "quoted", "confirmed"]
    assert names == [*first, "paid", "repaid", "result"]


def test_the_made_up_shop_is_paid_out_and_pays_back(made_up: list[Step]) -> None:
    as_of_on = date.fromisoformat(made_up[-1]["as_of_on"])
    days: dict[date, int] = {}
    for receipt in shop.receipts().receipts:
        days[receipt.business_on] = days.get(receipt.business_on, 0) + receipt.net_amount
    net_30d = sum(days.get(as_of_on - timedelta(days=back), 0) for back in range(1, 31))
    assert_a_true_story(made_up, net_30d, days.get(as_of_on - timedelta(days=1), 0))
    assert_told_in_order(made_up)


def test_what_is_withheld_never_shrinks_what_is_repaid(made_up: list[Step]) -> None:
    repaid = [step["repaid_amount"] for step in made_up if step["step"] == "lived"]
    assert repaid == sorted(repaid)
    assert repaid[-1] == made_up[-1]["repaid_amount"]


def test_a_real_bakery_is_paid_out_and_pays_back(bakery: list[Step], shared: Path) -> None:
    as_of_on = date.fromisoformat(bakery[-1]["as_of_on"])
    net_30d = eve = 0
    with (shared / "data" / "bakery_tickets.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["total"]:
                sold_on = datetime.strptime(row["datetime"], "%m/%d/%Y %H:%M").date()  # noqa: DTZ007 - the shop's own
                back = (as_of_on - sold_on).days
                net_30d += int(row["total"]) if 1 <= back <= 30 else 0
                eve += int(row["total"]) if back == 1 else 0
    assert bakery[-1]["currency"] == "KRW"
    assert bakery[0]["blank_count"] == 233
    assert_a_true_story(bakery, net_30d, eve)
    assert_told_in_order(bakery)
