from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway import cli
from gateway.batch.report import Backtest
from gateway.domain import programme_files
from gateway.domain.programmes import INVENTORY
from onnx_models import export

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("history") / "simulated.csv"
    export.main(["--merchants", "12", str(file)])
    return file


def run(*arguments: object) -> int:
    return cli.main(["backtest", *map(str, arguments)])


def test_a_file_becomes_a_report_and_its_figures(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, figures = tmp_path / "deep" / "report.html", tmp_path / "figures.json"
    assert run("--history", history, "--every", 60, "--use", "0.6", "--output", page, "--json", figures) == 0
    found = msgspec.json.decode(figures.read_bytes(), type=Backtest)
    assert (found.every_days, found.use_bps, found.through_on) == (60, 6_000, export.LAST_ON.isoformat())
    total = found.book.total
    assert total.loans_count > 5
    assert total.lent_amount == sum(
        (total.repaid_amount, total.lost_amount, total.outstanding_amount, total.censored_amount)
    )
    assert msgspec.json.decode(capsys.readouterr().out)["lent_amount"] == total.lent_amount
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_order_of_the_rows_changes_no_figure(history: Path, tmp_path: Path) -> None:
    first, *rows = history.read_text(encoding="utf-8").splitlines()
    mixed = tmp_path / history.name
    mixed.write_text("\n".join([first, *sorted(rows, key=lambda row: row.split(",")[1])]) + "\n", encoding="utf-8")
    for number, file in enumerate((history, mixed)):
        run("--history", file, "--output", tmp_path / "page.html", "--json", tmp_path / f"{number}.json")
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()


def test_another_policy_lends_otherwise_on_the_same_past(history: Path, tmp_path: Path) -> None:
    careful = tmp_path / "careful.toml"
    careful.write_text(programme_files.write(msgspec.structs.replace(INVENTORY, base_bps=4_000)), encoding="utf-8")
    limits = []
    for number, given in enumerate(((), ("--programme", careful))):
        figures = tmp_path / f"{number}.json"
        run("--history", history, "--output", tmp_path / "page.html", "--json", figures, *given)
        total = msgspec.json.decode(figures.read_bytes(), type=Backtest).book.total
        limits.append(total.lent_amount // total.loans_count)
    assert limits[1] < limits[0]


def test_a_merchant_that_cannot_be_read_is_named_and_left_out(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(history.read_text(encoding="utf-8") + "broken,2026-01-01,x,0,1\n", encoding="utf-8")
    assert run("--history", broken, "--output", tmp_path / "page.html") == 0
    assert "left out broken" in capsys.readouterr().err
    assert "cannot be read: 1." in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_one_row_far_after_all_others_is_not_taken_for_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, header = tmp_path / "far.csv", ",".join(export.HEADER)
    rows = [f"m{number},2026-0{month}-01,5000,0,3" for number in range(25) for month in (1, 2, 3)]
    file.write_text("\n".join([header, *rows, "m24,2062-03-01,5000,0,3"]) + "\n", encoding="utf-8")
    assert run("--history", file, "--output", tmp_path / "page.html") == cli.REFUSED
    assert "--through" in capsys.readouterr().err
    assert run("--history", file, "--output", tmp_path / "page.html", "--through", "2026-03-01") == 0


def test_a_line_of_nobody_is_counted(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = tmp_path / "strange.csv"
    strange.write_text(history.read_text(encoding="utf-8") + "%%%\n", encoding="utf-8")
    assert run("--history", strange, "--output", tmp_path / "page.html") == 0
    assert "1 lines are of no merchant" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        ("--use", "0"),
        ("--use", "1.01"),
        ("--use", "half"),
        ("--use", "nan"),
        ("--use", "0.00001"),
        ("--every", "0"),
        ("--currency", "XXX"),
        ("--programme", "missing.toml"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused_and_nothing_written(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, str]
) -> None:
    page = tmp_path / "page.html"
    assert run("--history", history, "--output", page, *given) == cli.REFUSED
    assert capsys.readouterr().err.startswith("gateway: ")
    assert not page.exists()


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "merchant_id,business_on,sales_amount,refunds_amount,tickets_count\n"]
)
def test_a_file_with_nobody_in_it_is_refused(tmp_path: Path, text: str) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text(text, encoding="utf-8")
    assert run("--history", empty, "--output", tmp_path / "page.html") == cli.REFUSED


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert run("--history", tmp_path / "none.csv", "--output", tmp_path / "page.html") == cli.REFUSED


def test_a_page_that_cannot_be_written_is_said_so(history: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert run("--history", history, "--output", tmp_path / "taken" / "page.html") == cli.REFUSED


def test_a_file_whose_name_is_no_text_can_be_reported_on(history: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd\udcff<b>.csv"
    odd.write_bytes(history.read_bytes())
    figures = tmp_path / "figures.json"
    assert run("--history", odd, "--every", 90, "--output", tmp_path / "page.html", "--json", figures) == 0
    assert msgspec.json.decode(figures.read_bytes(), type=Backtest).history == "odd\N{REPLACEMENT CHARACTER}<b>.csv"
