from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.batch import figures, report, vintages
from gateway.batch.report import Backtest
from gateway.batch.vintages import Decision
from tests.batch.test_vintages import loan
from tests.browsers import chromium  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

LOANS = [
    msgspec.structs.replace(
        loan(20_000 + 1_000 * at, bad=at % 3 == 0), vintage=f"2025-{at % 12 + 1:02}", grade="AB"[at % 2]
    )
    for at in range(60)
]
DECISIONS = [Decision(f"2025-{at % 12 + 1:02}", 40_000 * at, 90_000 * at, "base_binds") for at in range(60)]
PLAIN = Backtest(
    history="shops.csv", programme_id="prg_inventory", programme_version=2, programme_name="Inventory loan",
    currency="CNY", tier="settled", every_days=30, use_bps=10_000, through_on="2026-06-30", merchants_count=60,
    refused_count=0,
    models={"pd": "ab" * 32}, book=vintages.counted(LOANS, [*DECISIONS, Decision("2025-01", 0, 0, "no_sales")]),
)  # fmt: skip
EMPTY = msgspec.structs.replace(PLAIN, book=vintages.counted([], []), merchants_count=0)


def test_a_page_is_one_file_without_script_or_anything_to_fetch() -> None:
    text = report.render(PLAIN).decode()
    assert text.startswith("<!doctype html>")
    assert not re.search(r"<script|\bsrc=|<link|url\(|\bon\w+=", text)


def test_whatever_names_say_is_text() -> None:
    name = "<script>alert(1)</script>\x00\ud800 & \"'"
    text = report.render(msgspec.structs.replace(PLAIN, programme_name=name, history=name)).decode()
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 2


def test_every_chart_has_its_numbers_as_a_table_and_a_summary_in_words() -> None:
    text = report.render(PLAIN).decode()
    assert text.count("<svg ") == text.count("<figure>") == text.count('role="img"') == 4
    assert all("<table>" in figure for figure in re.findall(r"<figure>.*?</figure>", text, re.DOTALL))


def test_it_says_what_it_cannot_know() -> None:
    text = report.render(PLAIN).decode()
    assert 'id="unknowable"' in text
    assert "None of these loans was made" in text


def test_nothing_lent_makes_a_page_all_the_same() -> None:
    text = report.render(EMPTY).decode()
    assert "nan" not in text.lower().replace("unanswered", "")
    assert "Principal lost" in text


def test_the_figures_are_written_as_json_and_read_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PLAIN), type=Backtest) == PLAIN


@pytest.mark.parametrize(("most", "top"), [(0, 40), (40, 40), (41, 80), (121, 200), (401, 800), (10**9, 1_200_000_000)])
def test_an_axis_ends_at_a_round_number_above_everything(most: int, top: int) -> None:
    assert figures._nice(40, most) == top


def test_a_month_without_a_value_breaks_the_line() -> None:
    scale = figures.Scale(str, 4)
    chart = figures.line([("a", 1), ("b", 2), ("c", None), ("d", 3), ("e", 4)], "what", scale)
    (path,) = [part for part in chart if part.get("class") == "line"]
    assert re.sub(r"[\d. ]+", "", str(path.get("d"))) == "MLML"


@pytest.mark.anyio
@pytest.mark.parametrize("width", [320, 768, 1_200])
@pytest.mark.parametrize("look", ["light", "dark"])
async def test_it_is_readable_at_any_width_in_light_and_dark(
    chromium: Browser,  # noqa: F811 - a fixture
    tmp_path: Path,
    width: int,
    look: str,
) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(report.render(PLAIN))
    context = await chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if look == "dark" else "light"
    )
    shown = await context.new_page()
    await shown.goto(file.as_uri())
    await shown.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert await shown.evaluate("document.documentElement.scrollWidth") <= width
    ground, ink = await shown.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < sum(map(int, re.findall(r"\d+", ink)[:3]))) == (
        look == "dark"
    )
    smallest = await shown.evaluate(
        "Math.min(...[...document.querySelectorAll('svg text')].map(one => one.getBoundingClientRect().height))"
    )
    assert smallest > 8
    await context.close()
