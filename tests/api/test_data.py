"""Stock, purchases, signals and the status of data over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import tills
from tests.gateways import NOW
from tests.tills import TODAY, row

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
COUNT: dict[str, Any] = {
    "stock_id": "s1", "item_id": "rice", "counted_at": NOW.isoformat(), "quantity": "3", "currency": "EUR",
}  # fmt: skip
TAX: dict[str, Any] = {
    "kind": "tax", "signal_id": "vat-1", "from_on": "2026-01-01", "to_on": "2026-01-31", "currency": "EUR",
    "declared_amount": 100_000, "due_amount": 20_000, "due_on": "2026-02-20",
}  # fmt: skip


async def test_rows_are_judged_one_by_one_and_refusals_are_remembered(site: Gateway) -> None:
    shop = await tills.new(await site.partner())
    rows = [COUNT, COUNT | {"stock_id": "s2", "currency": "USD"}, {"stock_id": "s3"}, COUNT]
    answer = await shop.partner.done(f"{shop.path}/stock", rows)
    told = (answer["accepted"], answer["duplicates"], [(one["index"], one["code"]) for one in answer["rejected"]])
    assert told == (1, 1, [(1, "wrong_currency"), (2, "required")])
    (stock,) = (await shop.partner.seen(f"{shop.path}/data-status"))["sources"]
    counts = [stock[name] for name in ("source", "kind", "accepted_count", "duplicates_count", "rejected_count")]
    assert counts == ["partner", "stock", 1, 1, 2]
    assert stock["last_rejects"]
    assert stock["last_on"] == TODAY.isoformat()


async def test_only_bad_rows_are_a_problem(site: Gateway) -> None:
    shop = await tills.new(await site.partner())
    answer = await shop.partner.post(f"{shop.path}/signals", [TAX | {"currency": "USD"}, {"kind": "weather"}])
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_taken")


async def test_what_a_person_typed_in_is_a_source_of_its_own_and_trusted_least(site: Gateway) -> None:
    shop = await tills.new(await site.partner())
    await shop.partner.done(f"{shop.path}/signals", TAX)
    answer = await shop.partner.send("POST", f"{shop.path}/signals", params={"source": "hand"}, json=TAX)
    assert answer.json()["accepted"] == 1
    found = (await shop.partner.seen(f"{shop.path}/data-status"))["sources"]
    assert [(one["source"], one["kind"], one["tier"]) for one in found] == [
        ("hand", "signals.tax", "declared"), ("partner", "signals.tax", "settled"),
    ]  # fmt: skip


async def test_a_source_of_sales_shows_its_gaps_and_its_silence(site: Gateway) -> None:
    shop = await tills.new(await site.partner())
    missing = {TODAY - timedelta(days=back) for back in (1, 2, 20)}
    rows = [row(500, NOW - timedelta(days=back)) for back in range(40, 0, -1)]
    await shop.push(*[one for one in rows if one["occurred_at"][:10] not in {str(on) for on in missing}])
    await shop.close()
    status = await shop.partner.seen(f"{shop.path}/data-status")
    (found,) = status["sources"]
    assert (found["leading"], found["stale"], found["accepted_count"], status["tier"]) == (True, True, 37, "settled")
    assert [(one["from_on"], one["days_count"]) for one in found["gaps"]] == [
        (str(TODAY - timedelta(days=20)), 1), (str(TODAY - timedelta(days=2)), 2),
    ]  # fmt: skip


async def test_a_source_that_nobody_may_name_is_refused(site: Gateway) -> None:
    shop = await tills.new(await site.partner())
    answer = await shop.partner.send("POST", f"{shop.path}/stock", params={"source": "bank"}, json=COUNT)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await shop.partner.seen(f"{shop.path}/data-status"))["sources"] == []
