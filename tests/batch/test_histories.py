"""Reading history files: the fast way equals the plain way, and every merchant of a bad file has an answer."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.batch import files, histories, lines, partitions, sheets
from gateway.batch.lines import BadHistoryFile
from tests.batch import reference
from tests.batch.reference import HEADER, WIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.batch.files import Faults
    from gateway.batch.histories import Reading
    from gateway.batch.sheets import Sheet

    Write = Callable[[str | bytes], Path]

NAMES = st.sampled_from(["m1", "m2", "a-rather-long-merchant-id", "店", "店铺一号", "x" * 128, "m1 "])
ODD_NAMES = st.sampled_from(['"m1"', '"m,1"', '"m""1"', "", '"', "x" * 129, "m\x00", "m\x7f1", "m\r", "m\t1"])
DATES = st.dates(date(2023, 12, 28), date(2024, 3, 2)).map(date.isoformat)
ODD_DATES = st.sampled_from(
    ["2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "1969-12-31", "1970-01-01", "2199-12-31", "2200-01-01",
     "20240101", "2024-1-01", "2024/01/01", "", "９９９９-01-01", '"2024-01-05"', "2024-W01-1", "2024-01-01T00"]
)  # fmt: skip
NUMBERS = st.one_of(st.integers(0, 10**4), st.integers(0, 10**15), st.integers(0, 99_999_999)).map(str)
ODD_NUMBERS = st.sampled_from(
    ["", "-", "-1", "+1", " 1", "1 ", "1.5", "1e3", "0x1", "١", "-0", "007", "0000000000000007", "00000000000000007",
     str(10**15), str(10**15 + 1), str(-(10**15)), "9" * 16, "9" * 40, "-99999999", "-123456789", '"12"', "1_000"]
)  # fmt: skip


def some(plain: st.SearchStrategy[str], odd: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 19).flatmap(lambda n: odd if n == 0 else plain)


def rows(columns: int) -> st.SearchStrategy[str]:
    fields = [some(NAMES, ODD_NAMES), some(DATES, ODD_DATES), *[some(NUMBERS, ODD_NUMBERS)] * columns]
    return st.tuples(*fields).map(",".join)


ODD_LINES = st.sampled_from(["", ",", ",,,,", "m1", "m1,2024-01-05", "m2,2024-01-05,1,2,3,4", '"m1,2024-01-05,1,2,3'])


def bodies(columns: int) -> st.SearchStrategy[bytes]:
    text = st.lists(some(rows(columns), ODD_LINES), max_size=40)
    breaks = st.sampled_from(["\n", "\r\n"])
    return st.tuples(text, breaks, st.booleans()).map(lambda made: (made[1].join(made[0]) + made[1] * made[2]).encode())


def read(path: Path, until: int | None = None) -> tuple[list[Sheet], Faults]:
    def take(found: Iterator[Sheet], reading: Reading) -> tuple[list[Sheet], Faults]:
        return list(found), reading.strays

    return histories.whole(path, until, take)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "history.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def one(path: Path, until: int | None = None) -> Sheet:
    (sheet,), strays = read(path, until)
    assert not strays.count
    return sheet


def days(sheet: Sheet) -> dict[date, tuple[int, ...]]:
    return {
        date.fromordinal(on): tuple(row) for on, row in zip(sheet.on.tolist(), sheet.amounts.T.tolist(), strict=True)
    }


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([HEADER, WIDE]).flatmap(lambda header: bodies(header.count(",") - 1).map(lambda b: (header, b))))
def test_the_fast_way_reads_what_the_csv_module_reads(made: tuple[str, bytes]) -> None:
    header, body = made
    content = header.encode() + b"\n" + body
    expected = reference.read(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.csv"
        path.write_bytes(content)
        found, _ = read(path)
    assert sorted(sheet.merchant_id for sheet in found) == sorted(
        name if len(name.encode()) <= 128 else name[:128] + "…" for name in expected
    )
    for sheet in found:
        own = expected.get(sheet.merchant_id)
        if own is None:
            assert sheet.error is not None
            assert sheet.error.code == "broken_rows"
            continue
        assert sheet.error is None, sheet.error
        assert days(sheet) == {
            on: tuple(one or 0 for one in row) + (0,) * (6 - len(row)) for on, row in sorted(own.items())
        }
        told = (
            tuple(all(row[3 + i] is not None for row in own.values()) for i in range(3))
            if header == WIDE
            else (False,) * 3
        )
        if not sheet.flags.get("duplicate_days"):
            assert sheet.told == told


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_no_day_of_anybody(write: Write, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 700)
    monkeypatch.setattr(partitions, "PART_BYTES", 2_000)
    chance = random.Random(seed)
    amounts = 10**6, 99, 9
    rows_ = [
        ",".join([f"m{m}", str(date(2024, 1, 1) + timedelta(day)), *(str(chance.randrange(most)) for most in amounts)])
        for m in range(12)
        for day in range(chance.randrange(1, 60))
    ]
    rows_.insert(next(at for at, row in enumerate(rows_) if row.startswith("m4,")), "m3,nonsense,1,2,3")
    grouped, _ = read(write("\n".join([HEADER, *rows_, ""])))
    mixed = rows_.copy()
    chance.shuffle(mixed)
    parted, _ = read(write("\n".join([HEADER, *mixed, ""])))
    assert [sheet.merchant_id for sheet in grouped] == list(dict.fromkeys(row.split(",")[0] for row in rows_))
    assert {s.merchant_id: days(s) for s in grouped} == {s.merchant_id: days(s) for s in parted}
    assert {s.merchant_id: s.line for s in parted} == {
        name: 2 + next(at for at, row in enumerate(mixed) if row.startswith(name + ","))
        for name in {r.split(",")[0] for r in mixed}
    }
    (broken,) = [sheet for sheet in parted if sheet.error is not None]
    assert broken.error is not None
    assert broken.error.lines == (2 + mixed.index("m3,nonsense,1,2,3"),)


def test_temporary_files_are_gone_after_a_mixed_file_even_if_reading_fails(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    path = write(f"{HEADER}\na,2024-01-01,1,0,1\nb,2024-01-01,1,0,1\na,2024-01-02,1,0,1\n")
    seen = []

    def take(found: Iterator[Sheet], reading: Reading) -> None:
        for _ in found:
            seen.append(list(folder.iterdir()))
            if seen[-1]:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        histories.whole(path, None, take)
    assert seen[-1]
    assert not list(folder.iterdir())


def test_gaps_duplicates_disorder_and_negative_days_are_mended_and_flagged(write: Write) -> None:
    sheet = one(write(f"{HEADER}\nm,2024-01-05,5,9,1\nm,2024-01-01,1,0,1\nm,2024-01-05,7,9,2\nm,2024-01-03,-3,0,1\n"))
    assert sheet.flags == {"unsorted_days": 2, "duplicate_days": 1, "gaps": 2, "negative_days": 2}
    assert [row[:3] for row in days(sheet).values()] == [(1, 0, 1), (-3, 0, 1), (7, 9, 2)]


def test_a_merchant_with_one_broken_row_has_an_error_that_names_the_lines(write: Write) -> None:
    found, _ = read(
        write(f"{HEADER}\nok,2024-01-01,1,0,1\nbad,2024-01-01,1,0,1\nbad,2024-01-02,12,,\nbad,2024-01-03,x,0,1\n")
    )
    good, bad = found
    assert good.error is None
    assert bad.error is not None
    assert (bad.error.code, bad.error.lines, bad.error.lines_count) == ("broken_rows", (4, 5), 2)
    assert "line 4: refunds_amount" in bad.error.detail
    assert len(bad.on) == 0


def test_a_line_that_names_nobody_is_counted_and_harms_nobody(write: Write) -> None:
    found, strays = read(write(f"{HEADER}\nm,2024-01-01,1,0,1\n\n%%%\nm,2024-01-02,1,0,1\n"))
    assert [sheet.error for sheet in found] == [None]
    assert (strays.lines, strays.count) == ([4], 1)


def test_a_last_line_without_a_break_is_flagged(write: Write) -> None:
    assert one(write(f"{HEADER}\nm,2024-01-01,1,0,1\nm,2024-01-02,1,0,12")).flags == {"unended_line": 1}
    half = one(write(f"{HEADER}\nm,2024-01-01,1,0,1\nm,2024-01-02,1"))
    assert half.error is not None


def test_rows_from_the_as_of_day_on_are_left_aside(write: Write) -> None:
    path = write(f"{HEADER}\nm,2024-01-01,1,0,1\nm,2024-01-02,1,0,1\nm,2024-01-03,1,0,1\n")
    assert one(path, date(2024, 1, 2).toordinal()).flags == {"rows_after_as_of": 2}
    early = one(path, date(2023, 1, 2).toordinal())
    assert early.error is not None
    assert (early.error.code, early.flags) == ("no_days", {"rows_after_as_of": 3})


def test_a_mark_of_byte_order_carriage_returns_and_any_order_of_columns_are_read(write: Write) -> None:
    header = "tickets_count,business_on,merchant_id,refunds_amount,sales_amount"
    sheet = one(write(b"\xef\xbb\xbf" + f"{header}\r\n4,2024-01-01,m,2,10\r\n".encode()))
    assert (sheet.merchant_id, days(sheet)) == ("m", {date(2024, 1, 1): (10, 2, 4, 0, 0, 0)})


@pytest.mark.parametrize("quoted", ['"{}",{},{},{},{}', '"{}","{}","{}","{}","{}"', '{},"{}",{},{},"{}"'])
def test_quotes_around_plain_fields_change_nothing(write: Write, monkeypatch: pytest.MonkeyPatch, quoted: str) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 500)
    fields = [(f"m{n // 9}", date(2024, 1, 1) + timedelta(n % 9), n, n % 7, n % 3) for n in range(90)]
    plain, _ = read(write("\r\n".join([HEADER, *(",".join(map(str, row)) for row in fields), ""])))
    monkeypatch.delattr(lines, "read")  # so none is read alone
    same, _ = read(write("\r\n".join([HEADER, *(quoted.format(*row) for row in fields), ""])))
    assert [(one.merchant_id, days(one), one.flags) for one in plain] == [
        (one.merchant_id, days(one), one.flags) for one in same
    ]


def test_a_name_that_is_not_utf_8_is_answered_in_escapes(write: Write) -> None:
    sheet = one(write(HEADER.encode() + b"\ncaf\xe9,2024-01-01,1,0,1\n"))
    assert sheet.merchant_id == "caf\\xe9"
    assert sheet.error is not None
    assert "UTF-8" in sheet.error.detail


def test_evidence_that_is_missing_on_some_days_is_flagged_and_not_told(write: Write) -> None:
    sheet = one(write(f"{WIDE}\nm,2024-01-01,1,0,1,5,-7,\nm,2024-01-02,1,0,1,,8,\n"))
    assert sheet.told == (False, True, False)
    assert sheet.flags == {"outflow_incomplete": 1}


def test_a_line_of_megabytes_breaks_only_its_merchant(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 4_096)
    monkeypatch.setattr(files, "LINE_BYTES", 4_096)
    long = "m,2024-01-02," + "1" * 100_000
    found, strays = read(write(f"{HEADER}\nm,2024-01-01,1,0,1\n{long}\nn,2024-01-01,1,0,1\nm,2024-01-03,{'1' * 9000}"))
    assert Counter((sheet.merchant_id, sheet.error is None) for sheet in found) == {("m", False): 1, ("n", True): 1}
    assert not strays.count


def test_more_rows_than_a_shop_has_days_are_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 5)
    found, _ = read(write(HEADER + "\n" + "m,2024-01-01,1,0,1\n" * 9 + "n,2024-01-01,1,0,1\n"))
    assert [sheet.error.code if sheet.error else None for sheet in found] == ["too_many_rows", None]


def test_more_merchants_than_are_kept_apart_at_once_are_still_told_apart(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histories, "RECENT_COUNT", 4)
    names = [f"m{n}" for n in range(30)]
    found, _ = read(write("\n".join([HEADER, *(f"{n},2024-01-01,1,0,1" for n in [*names, "m2"]), ""])))
    assert [sheet.merchant_id for sheet in found] == names
    assert found[2].flags == {"duplicate_days": 1}


def test_a_file_with_only_a_header_has_no_merchants(write: Write) -> None:
    assert read(write(HEADER + "\n"))[0] == []
    assert read(write(HEADER))[0] == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        HEADER.removesuffix(",tickets_count").encode(),
        f"{HEADER},colour".encode(),
        f"{HEADER},sales_amount".encode(),
        HEADER.encode("utf-16"),
        b"m,2024-01-01,1,0,1\n",
        b'"' + HEADER.encode(),
        b"\0" * 100_000,
    ],
    ids=["empty", "blank", "lacking", "unknown", "twice", "utf-16", "none", "quote", "zeros"],
)
def test_a_file_is_refused_as_a_whole_only_for_its_header(write: Write, content: bytes) -> None:
    with pytest.raises(BadHistoryFile):
        read(write(content))


def test_the_months_are_those_of_the_calendar() -> None:
    for at, count in enumerate(lines.MONTH_DAYS.tolist()):
        year, month = divmod(lines.MONTHS_FROM + at, 100)
        if count:
            assert date.fromordinal(int(lines.MONTH_STARTS[at]) + count) == date(year + month // 12, month % 12 + 1, 1)
    assert Counter(lines.MONTH_DAYS.tolist())[0] == 88 * len(lines.YEARS)
