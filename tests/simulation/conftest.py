"""Simulated lives are silent, and whoever comes after them in the same process is heard again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from gateway import log
from tests.simulation import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def silence() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(worlds.SETTINGS)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    log._bind(logging.INFO, log._json)
