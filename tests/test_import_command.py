"""`gateway import`: a file brought in whole, killed and brought in again, refused, tried, and read back."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from gateway import control
from gateway.commands import imports as command
from gateway.domain.consents import ConsentRequired
from gateway.domain.errors import Invalid, NotFound
from gateway.usecases import erasing
from gateway.usecases import imports as usecase
from gateway.usecases.imports import ImportMoved
from tests import gateways, granting, imports, shops, tills

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.usecases.world import World

pytestmark = pytest.mark.anyio

AFTER_THE_DATA = datetime(2011, 12, 12, 9, tzinfo=UTC)
GBP = {"currency": "GBP", "timezone": "Europe/London", "country": "GB"}
DAYS = (
    "SELECT business_on, sales_amount, refunds_amount, tickets_count FROM days WHERE tickets_count + refunds_amount > 0"
)
SALES = """
name = "till"
record = "sale"
dates = ["%Y-%m-%d %H:%M"]
refunds = "negative"
[columns]
sale_id = "no"
occurred_at = "at"
amount = "total"
"""


def profile(folder: Path, text: str) -> Path:
    path = folder / "profile.toml"
    path.write_text(text, encoding="utf-8")
    return path


def online_retail(shared: Path, folder: Path, first: int, count: int | None) -> tuple[Path, dict[str, list[int]]]:
    """A slice of the data set as CSV, and what it says of each day: sales, refunds, tickets."""
    table = pa.parquet.read_table(shared / "data" / "online_retail.parquet").slice(first, count)
    table = table.set_column(2, "InvoiceDate", table["InvoiceDate"].cast(pa.timestamp("s")))
    path = folder / "retail.csv"
    pa.csv.write_csv(table, path)
    days: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for quantity, price, at in zip(*(table[name].to_pylist() for name in ("Quantity", "UnitPrice", "InvoiceDate")),
                                   strict=True):  # fmt: skip
        worth = int((quantity * Decimal(str(price)) * 100).quantize(Decimal(1), ROUND_HALF_UP))
        if worth:
            sums = days[at.date().isoformat()]
            sums[worth < 0] += abs(worth)
            sums[2] += worth > 0
    return path, dict(days)


async def stored(url: str) -> dict[str, list[int]]:
    return {row[0]: list(row[1:]) for row in await shops.rows(url, DAYS) if any(row[1:])}


async def test_a_real_shops_lines_without_ids_come_in_once_though_killed_twice(
    shared: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BATCH_COUNT", 400)
    path, expected = online_retail(shared, tmp_path, 73_800, 1_800)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) < len(lines)  # lines that are the same are sales of their own
    async with gateways.start(database_url, tmp_path, starts_at=AFTER_THE_DATA) as gateway:
        till = await tills.new(await gateway.partner(), **GBP)
        run = imports.command(gateway.world)
        given = (path, "--merchant", till.id, "--profile", profile(tmp_path, imports.ONLINE_RETAIL))
        for answered in (False, True):
            with pytest.raises(imports.Killed):
                await imports.bring(imports.dying(run, 2, answered=answered), *given)
        code, told = await imports.bring(run, *given)
        assert (code, told["rejected_count"], told["duplicates_count"], told["rejects"]) == (0, 0, 0, None)
        assert told["accepted_count"] == told["entries_count"]
        assert await stored(database_url) == expected
        code, again = await imports.bring(run, *given)
        assert (code, again) == (0, told)
        assert (await shops.rows(database_url, "SELECT COUNT(*) FROM sales")) == [(told["accepted_count"],)]
    assert sum(sums[2] for sums in expected.values()) <= told["accepted_count"]


async def test_what_is_not_taken_is_told_row_by_row_however_often_it_is_run(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BATCH_COUNT", 2)
    path = tmp_path / "till.csv"
    rows = ["a-1,2026-03-01 10:00,12.50", "a-2,2026-03-01 10:05,1.234", "a-3,2027-03-01 10:05,1.00",
            "a-4,2026-03-01 11:00,-2.50", "a-1,2026-03-01 10:00,12.50"]  # fmt: skip
    path.write_text("no,at,total\n" + "\n".join(rows) + "\n", encoding="utf-8")
    async with gateways.start(database_url, tmp_path) as gateway, control.listening(gateway.world):
        partner = await gateway.partner()
        till = await tills.new(partner)
        asked = imports.command(gateway.world, socket=True)
        given = (path, "--merchant", till.id, "--profile", profile(tmp_path, SALES), "--by", "officer-1")
        code, tried = await imports.bring(asked, *given, "--dry-run")
        assert (code, tried["import_id"], tried["accepted_count"], tried["rejected_count"]) == (1, None, 3, 2)
        assert await shops.rows(database_url, "SELECT * FROM imports") == await stored_sales(database_url) == []
        with pytest.raises(imports.Killed):
            await imports.bring(imports.dying(asked, 1, answered=True), *given)
        code, told = await imports.bring(asked, *given)
        counts = [told[f"{name}_count"] for name in ("entries", "accepted", "duplicates", "rejected")]
        assert (code, counts) == (command.FAILED, [5, 2, 1, 2])
        found = [json.loads(line) for line in (tmp_path / "till.csv.rejects.ndjson").read_bytes().splitlines()]
        assert [(one["place"], one["code"], one["row"][0]) for one in found] == [
            ("row 3", "too_many_decimals", "a-2"),
            ("row 4", "in_the_future", "a-3"),
        ]
        assert (tmp_path / "till.csv.rejects.ndjson").stat().st_mode & 0o777 == 0o600
        assert await stored_sales(database_url) == [("csv-till", "a-1", 1250), ("csv-till", "a-4", 250)]
        (source,) = (await partner.seen(f"{till.path}/data-status"))["sources"]
        assert (source["source"], source["rejected_count"]) == ("csv-till", 2)
        listed = (await imports.bring(asked, "--list"))[1]
        assert [(one["id"], one["begun_by"], one["taken_count"]) for one in listed["imports"]] == [
            (told["import_id"], "officer-1", 5)
        ]
        assert await left_after_erasure(gateway.world, database_url, till.id) == []


async def left_after_erasure(world: World, url: str, merchant_id: str) -> list[Any]:
    """What still says something of the files of a merchant who took its consent back."""
    await granting.take_back(world, merchant_id)
    ((erasure_id,),) = await shops.rows(url, "SELECT id FROM erasures")
    await erasing.erase(world, erasure_id)
    return await shops.rows(url, "SELECT id FROM imports UNION ALL SELECT import_id FROM import_rejects")


async def stored_sales(url: str) -> list[Any]:
    return await shops.rows(url, "SELECT source, sale_id, amount FROM sales ORDER BY sale_id")


async def test_a_file_comes_in_only_under_a_consent_of_its_merchant(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    path = tmp_path / "till.csv"
    path.write_text("no,at,total\na-1,2026-03-01 10:00,12.50\n", encoding="utf-8")
    async with gateways.start(url, tmp_path) as gateway:
        partner = await gateway.partner()
        till, run = await tills.new(partner), imports.command(gateway.world)
        given = (path, "--profile", profile(tmp_path, SALES), "--merchant")
        with pytest.raises(NotFound):
            await imports.bring(run, *given, till.id[:-1] + "z")
        with pytest.raises(ConsentRequired):
            await imports.bring(run, *given, till.id, "--grant", "grt_nobodys")
        with pytest.raises(Invalid, match="account"):
            await imports.bring(run, *given, till.id, "--by", "Somebody Else")
        (grant_id,) = await shops.rows(url, "SELECT grant_id FROM consents")
        revoked = await partner.send("DELETE", f"/v1/grants/{grant_id[0]}")
        assert revoked.is_success, revoked.text
        with pytest.raises(ConsentRequired):
            await imports.bring(run, *given, till.id)
        assert await stored_sales(url) == []


async def test_a_profile_that_does_not_fit_is_stopped_and_two_at_once_do_not_double(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    monkeypatch.setattr(command, "BATCH_COUNT", 2)
    path = tmp_path / "till.csv"
    path.write_text("no,at,total\n" + "".join(f"a-{n},2026-03-01 10:00,12.50\n" for n in range(6)), encoding="utf-8")
    async with gateways.start(url, tmp_path) as gateway:
        till, run = await tills.new(await gateway.partner()), imports.command(gateway.world)
        given = (path, "--merchant", till.id, "--profile", profile(tmp_path, SALES))

        async def overtaken(name: str, asked: dict[str, Any]) -> Any:
            if name == "import.take":
                await run(name, asked)
            return await run(name, asked)

        with pytest.raises(ImportMoved):
            await imports.bring(overtaken, *given)
        assert len(await stored_sales(url)) == 2
        assert (await imports.bring(run, *given))[1]["duplicates_count"] == 0
        assert len(await stored_sales(url)) == 6
        monkeypatch.setattr(usecase, "REJECTS_COUNT", 3)
        bad = tmp_path / "bad.csv"
        bad.write_text("no,at,total\n" + "b,yesterday,1\n" * 6, encoding="utf-8")
        with pytest.raises(usecase.TooManyRejects):
            await imports.bring(run, bad, *given[1:])
