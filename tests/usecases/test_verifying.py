"""Merchants are verified before they borrow: at once by the sandbox's rule, and again when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.bank_ports import Unreachable
from gateway.domain.verifications import AGAIN, LOOKED_FOR, Finding, Found
from tests import shops, tills

if TYPE_CHECKING:
    from datetime import timedelta

    from gateway.domain.verifications import Subject
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


class Kyb:
    """A Verification that says `found`; None = nobody answers."""

    def __init__(self, found: Found | None) -> None:
        self.found = found
        self.asked: list[Subject] = []

    async def verify(self, subject: Subject) -> Found:
        """See Verification."""
        self.asked.append(subject)
        if self.found is None:
            raise Unreachable("The line is down")
        return self.found


async def brought(shop: Shop, number: str) -> str:
    """A shop of that company number; its id."""
    new = tills.HERE | {"company_id": {"scheme": "nl.kvk", "value": number}}
    found: str = (await shop.partner.done("/v1/merchants", new))["id"]
    return found


async def standing(shop: Shop, merchant_id: str) -> tuple[str, str | None]:
    """(state, last outcome)."""
    found: dict[str, Any] = await shop.partner.seen(f"/v1/merchants/{merchant_id}/verification")
    return found["state"], found["outcome"]


async def later(shop: Shop, after: timedelta) -> None:
    """Let a while pass and do what is due."""
    await shop.world.clock.set(shop.world.store, shop.world.clock.now() + after)
    await shop.work()


@pytest.mark.parametrize(
    ("number", "at_once", "a_day_later"),
    [
        ("12345678", ("verified", "verified"), ("verified", "verified")),
        ("12345613", ("created", "referred"), ("verified", "verified")),
        ("12345699", ("created", "refused"), ("created", "refused")),
    ],
)
async def test_the_sandbox_goes_by_the_company_number(
    shop_on_both: Shop, number: str, at_once: tuple[str, str], a_day_later: tuple[str, str]
) -> None:
    shop = shop_on_both
    merchant_id = await brought(shop, number)
    assert await standing(shop, merchant_id) == at_once
    await later(shop, LOOKED_FOR)
    assert await standing(shop, merchant_id) == a_day_later


async def test_a_shop_that_turns_out_another_is_suspended_and_cannot_borrow(shop: Shop) -> None:
    proposed = await shop.propose()
    shop.world.verification = kyb = Kyb(Found(Finding.refused, ("registry_mismatch",)))
    assert (await shop.partner.patch(f"/v1/merchants/{shop.id}", {"legal_name": "Corner Bakery Ltd"})).is_success
    await shop.work()
    assert [asked.legal_name for asked in kyb.asked] == ["Corner Bakery Ltd"]
    assert await standing(shop, shop.id) == ("suspended", "refused")
    assert (await shop.confirm(proposed)).json()["code"] == "quote_superseded"
    kyb.found = Found(Finding.verified)
    assert (await shop.partner.patch(f"/v1/merchants/{shop.id}", {"legal_name": "Corner Bakery"})).is_success
    await shop.work()
    assert await standing(shop, shop.id) == ("verified", "verified")


async def test_it_is_asked_again_after_a_year_and_until_it_answers(shop: Shop) -> None:
    shop.world.verification = kyb = Kyb(None)
    await later(shop, AGAIN)
    kyb.found = Found(Finding.verified)
    await later(shop, LOOKED_FOR)
    assert {asked.number for asked in kyb.asked} == {2}
    assert await standing(shop, shop.id) == ("verified", "verified")


async def test_the_first_account_and_contact_are_those_that_were_confirmed(shop_on_both: Shop) -> None:
    shop = shop_on_both
    url = shop.world.settings.database_url
    merchant_id = await brought(shop, "12345699")
    for column in ("payout_account", "contact"):
        await shops.execute(url, f"UPDATE merchants SET {column} = NULL, verify_at = 0")  # noqa: S608 - our own names
    found = Found(Finding.verified, payout_account="NL91ABNA0417164300", contact_email="a@shop.example")
    shop.world.verification = Kyb(found)
    await shop.work()
    assert await standing(shop, merchant_id) == ("verified", "verified")
    query = "SELECT id, payout_account, contact FROM merchants"
    for name, account, contact in await shops.rows(url, query):
        assert shop.world.vault.unseal(account, name) == b"NL91ABNA0417164300"
        assert contact is not None


async def test_without_a_kyb_nobody_new_is_verified(shop: Shop) -> None:
    shop.world.verification = None
    merchant_id = await brought(shop, "12345613")
    await later(shop, LOOKED_FOR)
    assert await standing(shop, merchant_id) == ("created", "referred")
