"""Gateways without a bank."""

from __future__ import annotations

from tests.standing import gateway, own_gateway, site  # noqa: F401 - fixtures
