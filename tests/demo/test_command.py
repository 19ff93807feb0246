"""`gateway demo` before anything is started: what it accepts, and the sentence for what it does not."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from gateway.demo import command
from gateway.demo.ending import Ending

if TYPE_CHECKING:
    from pathlib import Path


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.anyio
async def test_an_unreadable_row_ends_the_demo_with_its_place_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "till.csv"
    file.write_text("when,total\n2020-01-01,1\n2020-01-02,ten\n")
    status = await command.run(parse("--once", "--sales", str(file), "--columns", "occurred_at=when,amount=total"))
    assert status == Ending.unusable
    assert "till.csv, row 3, column 'total': 'ten' is not a number" in capsys.readouterr().out


@pytest.mark.anyio
async def test_json_says_a_failure_as_its_last_step_and_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    status = await command.run(parse("--json", "--sales", "nowhere.csv", "--columns", "occurred_at=when,amount=total"))
    printed = capsys.readouterr()
    last = json.loads(printed.out.splitlines()[-1])
    assert status == Ending.unusable
    assert (last["step"], last["code"]) == ("failed", "unreadable_file")
    assert printed.err.startswith("gateway demo: nowhere.csv")


@pytest.mark.anyio
@pytest.mark.parametrize("words", [("--sales", "x.csv"), ("--columns", "occurred_at=a,amount=b")])
async def test_a_file_and_its_columns_come_together(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert await command.run(parse("--once", *words)) == Ending.unusable
    assert "--columns" in capsys.readouterr().out


@pytest.mark.anyio
async def test_a_start_outside_the_receipts_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert await command.run(parse("--once", "--as-of", "2031-01-01")) == Ending.unusable
    assert "2031-01-01" in capsys.readouterr().out


def test_a_folder_that_exists_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asyncio.run(command.run(parse("--once", "--keep", str(tmp_path)))) == Ending.unfinished
    assert "--keep" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("--as-of", "1/2/2020"), ("--day-cutoff", "25:00"), ("--day-cutoff", "4")])
def test_a_date_or_a_cutoff_that_is_none_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        parse(*words)
