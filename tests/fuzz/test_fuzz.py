"""A slice of `make fuzz`: 600 malformed requests, each run the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz import door, raw

if TYPE_CHECKING:
    from pathlib import Path

SLICE_COUNT = 600
SEED = 20261101


def test_no_malformed_request_fails_or_is_refused_in_a_way_that_is_not_described(tmp_path: Path) -> None:
    with door.opened(tmp_path) as opened:
        verdict = raw.run(opened, SLICE_COUNT, SEED)
    assert verdict.faults == []
    assert sum(verdict.counts.values()) == SLICE_COUNT
    assert verdict.counts["2xx"] > 0
    assert verdict.counts["4xx"] > SLICE_COUNT // 2
