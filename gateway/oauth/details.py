"""Authorization details in OAuth's terms (RFC 9396): read from a request, and the rights a token of them carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import details
from gateway.domain.grants import OPENED_BY, Need
from gateway.oauth.errors import invalid_details, invalid_request

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.details import Details
    from gateway.domain.rights import Right

TYPES = ("merchant_data", "offers", "drawdown", "repayment_collection")


def read(text: str | None, today: date) -> Details:
    """The details a request asks for. Raises invalid_request or invalid_authorization_details."""
    if text is None:
        raise invalid_request("authorization_details is missing: say what you ask the merchant for (RFC 9396)")
    try:
        return details.parse(text, today)
    except details.InvalidDetails as error:
        raise invalid_details(error.detail) from None


def rights(granted: Details) -> frozenset[Right]:
    """Which routes a token with these details reaches; the consent itself is asked again behind each of them."""
    given = {Need(details.kind(detail), action) for detail in granted for action in detail.actions}
    return frozenset(right for right, needs in OPENED_BY.items() if not given.isdisjoint(needs))
