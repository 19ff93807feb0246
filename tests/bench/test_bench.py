"""The bench runs, on a very small book; what it measures is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the bench's dependency group is not installed")
pytest.importorskip("sklearn", reason="the bench's dependency group is not installed")


from tests.bench import oidc


@pytest.mark.soak
def test_the_bench_measures_every_row(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--rounds", "1", "--seconds", "0.5", "--merchants", "20"]
    ended = subprocess.run(
        [*command, "--json", str(report)], cwd=Path(__file__).parents[2], capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert report.is_file(), ended.stderr
    assert len(json.loads(report.read_bytes())["figures"]) == (14 if oidc.missing() else 15)
