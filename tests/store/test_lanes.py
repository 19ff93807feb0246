from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.store import Lane, Stale, sql
from gateway.store.database import MERGED_COUNT
from tests.store import notes
from tests.store.notes import unheard

if TYPE_CHECKING:
    from gateway.store import Store, Tx

pytestmark = pytest.mark.anyio


class Recording:
    """A lane that writes a note an item, and remembers each run's items."""

    def __init__(self, *, refused: set[str] | None = None, raising: set[str] | None = None) -> None:
        self.lane: Lane[str, str] = Lane("recording", self._run)
        self.runs: list[list[str]] = []
        self.told: list[str] = []
        self.refused, self.raising = refused or set(), raising or set()

    async def _run(self, tx: Tx, items: list[str]) -> list[str | Exception]:
        self.runs.append(items)
        kept = [item for item in items if item not in self.refused]
        await tx.many(notes.ADD, [{"id": item, "body": ""} for item in kept])
        tx.on_commit(lambda: self.told.extend(kept))
        if self.raising & set(items):
            raise LookupError(str(items))
        return [item.upper() if item in kept else ValueError(item) for item in items]


async def _merge(store: Store, lane: Lane[str, str], items: str) -> list[str | BaseException]:
    return await asyncio.gather(*[store.merge(lane, item) for item in items], return_exceptions=True)


async def test_what_waits_together_is_one_run_and_each_gets_its_own_answer(store: Store) -> None:
    recording = Recording()
    assert await _merge(store, recording.lane, "abcdef") == list("ABCDEF")
    assert recording.runs == [list("abcdef")]
    assert recording.told == await notes.held(store) == list("abcdef")


async def test_an_exception_in_the_answers_is_raised_to_its_asker_alone(store: Store) -> None:
    recording = Recording(refused={"b"})
    answers = await _merge(store, recording.lane, "abc")
    assert [str(answer) for answer in answers] == ["A", "b", "C"]
    assert isinstance(answers[1], ValueError)
    assert len(recording.runs) == 1
    assert await notes.held(store) == ["a", "c"]


async def test_a_run_that_raises_falls_back_so_that_a_bad_item_fails_alone(store: Store) -> None:
    recording = Recording(raising={"b"}, refused={"d"})
    answers = await _merge(store, recording.lane, "abcd")
    assert [type(answer) for answer in answers] == [str, LookupError, str, ValueError]
    assert recording.runs == [list("abcd"), ["a"], ["b"], ["c"], ["d"]]
    assert recording.told == await notes.held(store) == ["a", "c"]


async def test_an_item_that_violates_a_constraint_fails_alone(store: Store) -> None:
    await notes.write(store, "b")
    recording = Recording()
    answers = await _merge(store, recording.lane, "abc")
    assert [answer if isinstance(answer, str) else None for answer in answers] == ["A", None, "C"]
    assert await notes.held(store) == ["a", "b", "c"]


async def test_the_wrong_number_of_answers_fails_every_asker(store: Store) -> None:
    async def run(tx: Tx, items: list[str]) -> list[str | Exception]:
        await notes.add(tx, *items)
        return ["one too many"] * (len(items) + 1)

    answers = await _merge(store, Lane("wrong", run), "ab")
    assert [type(answer) for answer in answers] == [RuntimeError, RuntimeError]
    assert await notes.held(store) == []


async def test_a_stale_run_is_repeated_merged(store: Store) -> None:
    recording = Recording()
    stale = [Stale(), Stale()]

    async def run(tx: Tx, items: list[str]) -> list[str | Exception]:
        answers = await recording._run(tx, items)
        if stale:
            raise stale.pop()
        return answers

    assert await _merge(store, Lane("stale", run), "abc") == ["A", "B", "C"]
    assert recording.runs == [list("abc")] * 3
    assert recording.told == await notes.held(store) == list("abc")


async def test_an_answer_kept_from_a_failed_run_never_reaches_an_asker(store: Store) -> None:
    runs: list[int] = []

    async def run(_tx: Tx, items: list[str]) -> list[str | Exception]:
        runs.append(len(items))
        return [ValueError("merged")] if len(items) > 1 else [items[0].upper()]

    assert await _merge(store, Lane("kept", run), "ab") == ["A", "B"]
    assert runs == [2, 1, 1]


async def test_a_run_takes_no_more_than_its_most_items(store: Store) -> None:
    recording = Recording()
    items = [f"{number:03}" for number in range(MERGED_COUNT + 44)]
    await asyncio.gather(*[store.merge(recording.lane, item) for item in items])
    assert [len(run) for run in recording.runs] == [MERGED_COUNT, 44]
    assert await notes.held(store) == items


async def test_a_lane_works_again_after_it_was_empty_and_after_it_failed(store: Store) -> None:
    recording = Recording(raising={"b"})
    for item in "abc":
        await _merge(store, recording.lane, item)
    assert recording.runs == [["a"], ["b"], ["c"]]
    assert await notes.held(store) == ["a", "c"]


async def test_units_and_lanes_run_side_by_side(store: Store) -> None:
    first, second = Recording(), Recording()
    await asyncio.gather(
        _merge(store, first.lane, "abc"), notes.write(store, "x"), _merge(store, second.lane, "def"),
        notes.write(store, "y"),
    )  # fmt: skip
    assert first.runs == [list("abc")]
    assert second.runs == [list("def")]
    assert await notes.held(store) == list("abcdefxy")


async def test_an_asker_who_leaves_a_lane_does_not_take_the_others_along(store: Store) -> None:
    started, proceed = asyncio.Event(), asyncio.Event()

    async def run(tx: Tx, items: list[str]) -> list[str | Exception]:
        started.set()
        await proceed.wait()
        await notes.add(tx, *items)
        return [ValueError(item) if item == "b" else item for item in items]

    lane = Lane("slow", run)
    askers = [asyncio.create_task(store.merge(lane, item)) for item in "abc"]
    await started.wait()
    askers[1].cancel()
    proceed.set()
    await asyncio.wait(askers)
    assert [asker.cancelled() or asker.result() for asker in askers] == ["a", True, "c"]
    assert await notes.held(store) == ["a", "b", "c"]
    del askers  # their tracebacks hold on to what is looked for
    assert await unheard() == []


_COUNTS = st.integers(0, 10**15)
_DAYS = st.lists(
    st.fixed_dictionaries({
        "merchant_id": st.sampled_from(["m", "n"]),
        "business_on": st.dates(),
        "sales_amount": _COUNTS, "refunds_amount": _COUNTS, "voids_amount": _COUNTS, "net_amount": _COUNTS,
        "tickets_count": _COUNTS,
    }),
    max_size=6, unique_by=lambda row: (row["merchant_id"], row["business_on"]),
)  # fmt: skip


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(days=_DAYS, again=_DAYS)
async def test_many_rows_in_one_statement_equal_row_by_row(store: Store, days: list[Any], again: list[Any]) -> None:
    async def unit(tx: Tx, *, merged: bool) -> tuple[int, list[tuple[Any, ...]]]:
        await tx.run(notes.query("DELETE FROM days"))
        changed = 0
        for rows in (days, again):
            changed += (
                await tx.many(sql.days.add, rows) if merged else sum([await tx.run(sql.days.add, **r) for r in rows])
            )
        return changed, await tx.all(notes.query("SELECT * FROM days ORDER BY merchant_id, business_on"))

    merged = await store.write(lambda tx: unit(tx, merged=True))
    assert merged == await store.write(lambda tx: unit(tx, merged=False))
    assert merged[0] == len(days) + len(again)
