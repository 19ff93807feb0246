"""docs/import.md: its commands run, its example reads a file, and its tables name what there is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import msgspec
import pytest

from adapters.sources.csv.profile_files import Profile, read
from gateway.connections import documents
from gateway.usecases.imports import REJECTS_COUNT
from tests import gateways, imports, shops, tills

PAGE = (Path(__file__).parents[1] / "docs" / "import.md").read_text(encoding="utf-8")
(COMMANDS,) = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
(EXAMPLE,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
(REJECT,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
PLAIN = "sale_id,occurred_at,amount,tax_amount\na-1,2026-03-01 10:00,12.50,1.00\na-2,2026-03-01 10:05,1.234,0\n"
TILL = """第一分店
小票号,日期,时间,状态,实收金额,税额
77,2026/3/1,10:00,,"¥1,130.00",130.00
78,2026/3/1,10:01,作废,5,0
合计,,,,1130,130
"""


def first_cells(heading: str) -> set[str]:
    """The names in the first column of the table under `heading`."""
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0]
    return {name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


@pytest.mark.anyio
async def test_its_commands_run_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    file = tmp_path / "till.csv"
    file.write_text(PLAIN, encoding="utf-8")
    async with gateways.start(url, tmp_path) as gateway:
        till, run = await tills.new(await gateway.partner()), imports.command(gateway.world)
        told = []
        for line in COMMANDS.splitlines():
            assert line.startswith("gateway import ")
            given = [
                file if word == "till.csv" else till.id if word == "mer_…" else word for word in shlex.split(line)[2:]
            ]
            told.append(await imports.bring(run, *given))
        assert [code for code, _ in told] == [1, 1, 0]
        assert [one["accepted_count"] for _, one in told[:2]] == [1, 1]
        assert told[2][1]["profiles"] == documents.names()
        shown = json.loads((tmp_path / "till.csv.rejects.ndjson").read_text(encoding="utf-8"))
        assert (shown["code"], shown["detail"], shown.keys()) == (
            json.loads(REJECT)["code"], json.loads(REJECT)["detail"], json.loads(REJECT).keys(),
        )  # fmt: skip
        (tmp_path / "my.toml").write_text(EXAMPLE, encoding="utf-8")
        file.write_text(TILL, encoding="gb18030")
        code, _ = await imports.bring(run, file, "--merchant", till.id, "--profile", tmp_path / "my.toml")
        assert code == 0
        found = await shops.rows(url, "SELECT source, sale_id, amount, net_amount FROM sales ORDER BY source")
        assert found == [("csv-corner-till", "77", 113_000, 100_000), ("csv-plain", "a-1", 1_250, 1_150)]


def test_its_tables_name_every_profile_and_every_line_of_one() -> None:
    assert read(EXAMPLE).name == "corner-till"
    assert first_cells("profile") == {*documents.names(), "my.toml"}
    assert first_cells("line") == {field.name for field in msgspec.structs.fields(Profile)}
    assert f"More than {REJECTS_COUNT:,} in one file" in PAGE
