"""A gateway for the tests that hold a batch against a day close."""

from __future__ import annotations

from tests.standing import site  # noqa: F401 - fixture
