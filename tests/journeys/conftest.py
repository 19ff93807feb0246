"""A gateway without a bank, and a browser; a shop at a real bank comes from tests/shop_fixtures.py."""

from __future__ import annotations

from tests.browsers import chromium, page  # noqa: F401 - fixtures
from tests.standing import own_gateway  # noqa: F401 - a fixture
