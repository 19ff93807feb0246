"""A gateway without a bank; a shop at a real bank comes from tests/shop_fixtures.py."""

from __future__ import annotations

from tests.standing import own_gateway  # noqa: F401 - a fixture
