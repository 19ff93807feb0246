"""Scoring a file: what a day close would say, for everybody, whoever else is in the file."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway import cli, scorer
from gateway.batch import histories, score_command, spool, windows
from gateway.batch.scores import Answer, Terms
from gateway.domain import evidence, underwriting
from gateway.domain.positions import Profile
from gateway.domain.programmes import INVENTORY
from gateway.domain.tiers import Tier
from gateway.settings import Settings
from gateway.usecases import scoring
from tests.batch.reference import HEADER, WIDE
from tests.domain.positions import TODAY, position

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.scorer import OnnxScorer
    from tests.gateways import Gateway

SETTLED = Profile("CN", "5411", tier=Tier.settled)
Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="module")
def models() -> OnnxScorer:
    return scorer.load(Settings().models_dir)


def rows(name: str, nets: Sequence[int], last: date = TODAY - timedelta(days=1)) -> list[str]:
    days = [last - timedelta(days=back) for back in range(len(nets))][::-1]
    return [f"{name},{on},{max(net, 0)},{max(-net, 0)},1" for on, net in zip(days, nets, strict=True)]


def nets(seed: int, count: int = 400) -> list[int]:
    chance = random.Random(seed)
    level = chance.randrange(10_000, 900_000)
    return [round(level * chance.lognormvariate(0, 0.4)) * (chance.random() > 0.1) for _ in range(count)]


@pytest.fixture
def run(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """`gateway score` on some content: its exit code, its answers, and what it said on the side."""

    def scored(content: str, *options: str) -> tuple[int, list[dict[str, Any]], str]:
        path = tmp_path / "history.csv"
        path.write_text(content, encoding="utf-8", newline="")
        code = cli.main(["score", "--history", str(path), *options])
        said = capfdbinary.readouterr()
        return code, [msgspec.json.decode(line) for line in said.out.splitlines()], said.err.decode()

    return scored


def answers(models: OnnxScorer, path: Path, terms: Terms) -> list[Answer]:
    output = io.BytesIO()
    with spool.opened() as spooled:
        score_command.score(models, terms, path, spooled)
        spooled.pour(output)
    return [msgspec.json.decode(line, type=Answer) for line in output.getvalue().splitlines()]


def terms(**changes: Any) -> Terms:
    return msgspec.structs.replace(Terms(INVENTORY, "CNY", SETTLED), **changes)


@pytest.mark.anyio
@pytest.mark.parametrize("count", [3, 30, 60, 200, 400, 900])
async def test_a_file_is_scored_as_a_newcomers_first_day_close_is(site: Gateway, tmp_path: Path, count: int) -> None:
    path, sold = tmp_path / "history.csv", nets(count, count)
    path.write_text("\n".join([HEADER, *rows("m", sold), ""]))
    ours = terms(programme=site.world.programme, as_of=TODAY)
    (answer,) = answers(site.world.scorer, path, ours)  # type: ignore[arg-type]
    closed = position([*sold, 0], currency="CNY", scores=None)
    (judged,) = scoring.score(site.world, [closed])
    headroom = site.world.programme.capacity_amount("CNY")
    given = underwriting.inputs(judged, site.world.programme, headroom, site.world.clock.now())
    said, told = underwriting.assess(given, site.world.programme), judged.scores
    assert told is not None
    assert (answer.forecast_7, answer.forecast_30, answer.year) == (told.forecast_7, told.forecast_30, told.year)
    assert (answer.candidates, answer.grade, answer.pd) == (told.candidates, told.grade, told.pd)
    assert (answer.model, tuple(answer.contributions.items())) == (told.model, told.contributions)
    assert (answer.anomaly, tuple(answer.anomaly_contributions.items())) == (told.anomaly, told.anomaly_contributions)
    assert (answer.outcome, answer.limit_amount) == (said.outcome, said.limit_amount)
    assert answer.reasons == tuple(reason.code for reason in said.reasons)
    assert ("fallback_forecast" in answer.flags) == told.fallback


def test_nobody_s_answer_depends_on_who_else_is_in_the_file(
    models: OnnxScorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.csv"
    lines = [line for m in range(40) for line in rows(f"m{m}", nets(m, 20 + 11 * m))]
    path.write_text("\n".join([HEADER, *lines, ""]))
    together = answers(models, path, terms())
    monkeypatch.setattr(score_command, "BATCH_COUNT", 1)
    assert answers(models, path, terms()) == together
    random.Random(4).shuffle(lines)
    path.write_text("\n".join([HEADER, *lines, ""]))
    shuffled = answers(models, path, terms())
    first = list(dict.fromkeys(line.split(",")[0] for line in lines))
    assert [answer.merchant_id for answer in shuffled] == first
    plain = {answer.merchant_id: msgspec.structs.replace(answer, flags={}) for answer in together}
    assert {a.merchant_id: msgspec.structs.replace(a, flags={}) for a in shuffled} == plain


def test_odd_histories_have_defined_answers(run: Run) -> None:
    huge = [10**15] * 400
    content = "\n".join(
        [HEADER, *rows("ten-years", nets(1, 3_650)), *rows("zeros", [0] * 365), *rows("one", [5]), *rows("huge", huge),
         *rows("negative", [-5] * 100), *rows("half", [*nets(2, 50), *[0] * 100]), ""]
    )  # fmt: skip
    code, found, said = run(content)
    by_name = {one["merchant_id"]: one for one in found}
    assert code == 0
    assert by_name["ten-years"]["flags"] == {}
    assert by_name["zeros"]["reasons"] == ["no_sales"]
    assert by_name["one"]["reasons"] == ["thin_history"]
    assert by_name["one"]["flags"] == {"fallback_forecast": 1}
    assert by_name["negative"]["flags"] == {"negative_days": 100}
    assert by_name["huge"]["limit_amount"] == INVENTORY.cap_amount("CNY")
    for one in found:
        assert one["limit_amount"] >= 0
        assert one["forecast_30"] == sorted(one["forecast_30"])
        assert 0 <= one["pd"] <= 1_000_000
        assert len(one["year"]) == 8
    assert said.splitlines()[0] == "6 merchants: 6 scored, 0 not"


@pytest.mark.parametrize("currency", ["JPY", "KRW", "KWD", "CNY"])
def test_limits_are_in_the_minor_units_of_the_currency(run: Run, currency: str) -> None:
    _, (one,), _ = run("\n".join([HEADER, *rows("m", [10**12] * 400), ""]), "--currency", currency)
    assert one["limit_amount"] == INVENTORY.cap_amount(currency)


def test_a_broken_merchant_and_stray_lines_are_answered_and_told(run: Run) -> None:
    code, found, said = run("\n".join([HEADER, *rows("ok", nets(1, 90)), "bad,2026-01-01,1,2", "%%%", ""]))
    assert code == 1
    assert [(one["merchant_id"], one["error"] and one["error"]["code"]) for one in found] == [
        ("ok", None), ("bad", "broken_rows"), (None, "rows_of_nobody"),
    ]  # fmt: skip
    assert found[1]["error"]["lines"] == [92]
    assert found[2]["error"]["lines"] == [93]
    assert "1 of them: broken_rows" in said
    assert "1 lines are of no merchant that can be told" in said


def test_old_rows_are_stale_on_a_later_day(run: Run) -> None:
    content = "\n".join([HEADER, *rows("m", nets(3), date(2025, 6, 30)), ""])
    on_time = run(content, "--as-of", "2025-07-05")[1][0]
    late = run(content, "--as-of", "2025-07-06")[1][0]
    assert "stale" not in on_time["flags"]
    assert late["flags"]["stale"] == 1
    assert (late["outcome"], late["reasons"]) == ("frozen", ["data_stale"])
    assert late["as_of"] == "2025-07-06"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--currency", "XYZ"], "not a currency"),
        (["--as-of", "soon"], "not a date"),
        (["--as-of", "1800-01-01"], "not between"),
        (["--programme", "nowhere.toml"], "cannot be read"),
        (["--output", "no/such/folder/out"], "cannot be written"),
    ],
    ids=["currency", "word", "century", "programme", "output"],
)
def test_what_makes_no_sense_is_refused_in_words(run: Run, options: list[str], reason: str) -> None:
    code, found, said = run(f"{HEADER}\nm,2024-01-01,1,0,1\n", *options)
    assert (code, found) == (2, [])
    assert reason in said


def test_a_wrong_header_or_no_file_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("a,b\n")[0] == 2
    code, _, said = run(f"{HEADER}\n", "--history", str(tmp_path / "none.csv"))
    assert code == 2
    assert "no file that can be read" in said


def test_the_output_file_appears_when_it_is_whole(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "answers.jsonl"
    code, found, _ = run(f"{HEADER}\nm,2024-01-01,1,0,1\n", "--output", str(output))
    assert (code, found) == (0, [])
    assert len(output.read_bytes().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.jsonl", "history.csv"]


def test_a_lower_tier_is_never_better(run: Run) -> None:
    content = "\n".join([HEADER, *rows("m", nets(7)), ""])
    declared, settled = (run(content, "--tier", tier)[1][0]["limit_amount"] for tier in ("declared", "settled"))
    assert declared <= settled


def test_flows_and_balances_reach_the_pd_as_evidence(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    lines = [WIDE, "m,2024-01-01,100,0,1,40,500,3", "m,2024-01-03,100,0,1,60,-20,4", "n,2024-01-01,5,0,1,,,", ""]
    path.write_text("\n".join(lines))
    window = histories.whole(path, None, lambda found, _: windows.windows(list(found)))
    seen = window.seen
    assert seen is not None
    assert (seen.flows_known.tolist(), seen.balance_known.tolist()) == ([True, False], [True, False])
    assert seen.outflow[0, -3:].tolist() == [40, 0, 60]
    assert seen.balance[0, -4:].tolist() == [0, 500, 500, -20]
    owed = evidence.FACTS.index("instalment_30_amount")
    assert seen.facts[0, owed] == 7
    assert str(seen.facts[1, owed]) == "nan"
    assert window.histories.net[0, -3:].tolist() == [100, 0, 100]


def test_richer_evidence_changes_the_pd_and_poor_evidence_is_as_none(run: Run) -> None:
    sold = rows("m", nets(5))
    bare = run("\n".join([HEADER, *sold, ""]))[1][0]
    empty = run("\n".join([WIDE, *(row + ",,," for row in sold), ""]))[1][0]
    rich = run("\n".join([WIDE, *(row + f",10,{10**9},0" for row in sold), ""]))[1][0]
    assert empty == bare
    assert rich["pd"] < bare["pd"]


@pytest.mark.parametrize("most_open", [2, 3, 64])
def test_answers_of_several_runs_come_out_in_order(monkeypatch: pytest.MonkeyPatch, most_open: int) -> None:
    monkeypatch.setattr(spool, "MOST_OPEN", most_open)
    numbers, output = list(range(60)), io.BytesIO()
    random.Random(most_open).shuffle(numbers)
    with spool.opened() as spooled:
        for number in numbers:
            spooled.add(number, b"%d" % number)
        spooled.pour(output)
    assert [int(line) for line in output.getvalue().split()] == sorted(numbers)


def test_a_reader_that_has_seen_enough_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("\n".join([HEADER, *(f"m{n},2024-01-01,1,0,1" for n in range(300)), ""]))
    command = [sys.executable, "-m", "gateway", "score", "--history", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1) == b"{"
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"300 merchants: 300 scored, 0 not\n  flagged fallback_forecast: 300\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_run_that_is_stopped_leaves_no_file_behind(tmp_path: Path, number: signal.Signals) -> None:
    path, folder = tmp_path / "history.csv", tmp_path / "temporary"
    folder.mkdir()
    path.write_text("\n".join([HEADER, *(f"m{n % 5000},2024-01-01,1,0,1" for n in range(40_000)), ""]))
    command = [sys.executable, "-m", "gateway", "score", "--history", str(path), "--output", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(folder)}) as process:
        while process.poll() is None and not list(folder.glob("restock-*/*")):
            os.sched_yield()
        process.send_signal(number)
    assert process.returncode != 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["history.csv", "temporary"]
    assert not list(folder.glob("restock-*"))


def test_the_output_follows_no_link_and_replaces_no_pipe(run: Run, tmp_path: Path) -> None:
    precious, output, pipe = tmp_path / "precious", tmp_path / "out", tmp_path / "pipe"
    precious.write_text("precious")
    (tmp_path / "out.partial").symlink_to(precious)
    row = f"{HEADER}\nm,2024-01-01,1,0,1\n"
    assert run(row, "--output", str(output))[0] == 0
    assert (precious.read_text(), output.is_symlink()) == ("precious", False)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(row, "--output", str(pipe))[0] == 0
        assert os.read(reader, 1) == b"{"
        assert pipe.is_fifo()
    finally:
        os.close(reader)
