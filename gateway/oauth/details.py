"""Authorization details in OAuth's terms (RFC 9396): read from a request, and the rights a token of them carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import details
from gateway.domain.details import CollectAction, DataAction, DrawAction, OfferAction
from gateway.domain.rights import Right
from gateway.oauth.errors import invalid_details, invalid_request

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.details import Details

TYPES = ("merchant_data", "offers", "drawdown", "repayment_collection")

_RIGHTS: dict[str, frozenset[Right]] = {
    DataAction.push: frozenset({Right.merchants_read, Right.sales_write}),
    OfferAction.read: frozenset({Right.merchants_read, Right.offers_read}),
    DrawAction.quote: frozenset({Right.offers_read, Right.drawdowns_read, Right.drawdowns_write}),
    DrawAction.propose: frozenset({Right.offers_read, Right.drawdowns_read, Right.drawdowns_write}),
    CollectAction.withhold: frozenset({Right.drawdowns_read}),
    CollectAction.debit: frozenset({Right.drawdowns_read}),
}


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
    return frozenset(right for detail in granted for action in detail.actions for right in _RIGHTS[action])
