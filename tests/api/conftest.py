"""Gateways without a bank; a shop at a real bank comes from tests/shop_fixtures.py."""

from __future__ import annotations

from tests.standing import gateway, own_gateway, site  # noqa: F401 - fixtures
