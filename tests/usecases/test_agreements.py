"""Agreements: signed with the first draw, word for word, and again when a word or a figure has changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import agreements as rules
from gateway.domain.agreements import TEXT, AgreementInUse, AgreementState
from gateway.domain.authorities import StepUpRequired
from gateway.domain.intents import IntentChanged
from gateway.domain.repayments import CollectionMode
from gateway.usecases import agreements, messages
from tests import signatories

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

FIGURES = dict.fromkeys(
    ("programme", "fees", "all_in_cap", "share", "interval_days", "term_days", "notice_days", "creditor"), "7"
)
NAMES = (("Bank", None), ("Corner Bakery", "nl.kvk 12345678"))


async def signed(shop: Shop) -> list[dict[str, Any]]:
    """The shop's agreements as its partner sees them."""
    found: list[dict[str, Any]] = (await shop.partner.seen(f"/v1/merchants/{shop.id}/agreements"))["data"]
    return found


async def new_text(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the text is published."""
    monkeypatch.setattr(agreements, "TEXT", msgspec.structs.replace(TEXT, version="2027-01-01"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("collection", list(CollectionMode))
async def test_every_text_names_both_parties_and_leaves_no_place_open(
    language: str, collection: CollectionMode
) -> None:
    document = rules.draft(TEXT, language, NAMES, FIGURES, collection)
    text = " ".join(part for clause in document.clauses for part in clause)
    assert "Bank" in text
    assert "Corner Bakery" in text
    assert "{" not in text
    assert ("7 天" if language == "zh" else "7 days") in text
    assert [party.name for party in document.parties] == ["Bank", "Corner Bakery"]


async def test_the_two_languages_have_the_same_clauses() -> None:
    assert [clause.only for clause in TEXT.en.clauses] == [clause.only for clause in TEXT.zh.clauses]


async def test_the_first_draw_signs_it_and_the_second_rests_on_it(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw()
    await shop.draw()
    (agreement,) = await signed(shop)
    assert (agreement["state"], agreement["signed_by_id"], agreement["method"]) == ("active", drawdown_id, "sandbox")
    assert (
        agreement["hash"]
        == hashlib.sha256(
            msgspec.json.encode(msgspec.convert(agreement["document"], rules.Document), order="sorted")
        ).hexdigest()
    )
    assert [party["name"] for party in agreement["document"]["parties"]] == ["Sandbox Bank", "Corner Bakery"]


async def test_the_receipt_is_delivered_and_the_page_can_be_printed(shop: Shop) -> None:
    await signatories.with_contact(signatories.till(shop.gateway, shop.partner, shop.id))
    await shop.draw()
    await shop.work()
    (agreement,) = await signed(shop)
    (receipt,) = [one for one in await messages.latest(shop.world) if one.kind == "agreement_signed"]
    assert agreement["hash"] in receipt.text
    assert f"/connect/agreements/{agreement['id']}" in receipt.text
    there, accept = (
        f"/v1/merchants/{shop.id}/agreements/{agreement['id']}",
        {"accept": "text/html", "accept-language": "zh"},
    )
    page = await shop.partner.send("GET", there, headers=accept)
    assert page.headers["content-type"].startswith("text/html")
    assert "Corner Bakery" in page.text
    assert agreement["document"]["clauses"][0][1] in page.text
    assert (await shop.partner.seen(there))["hash"] == agreement["hash"]


async def test_new_words_ask_for_a_new_signature_at_the_next_draw(
    shop_on_both: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_on_both
    mine = await signatories.of(shop.gateway, shop.partner, shop.id)
    await mine.step_up((await shop.propose(await shop.quote(100_000)))["id"])
    await shop.work()
    await shop.pass_days(2)
    await mine.authorizes()
    await mine.click(await shop.propose(await shop.quote(100_000)))
    await new_text(shop, monkeypatch)
    drawdown = await shop.propose(await shop.quote(100_000))
    with pytest.raises(StepUpRequired) as refused:
        await mine.click(drawdown)
    assert refused.value.facts["why"] == ["new_agreement"]
    assert len(await signed(shop)) == 1
    await mine.step_up(drawdown["id"])
    assert [(one["version"], one["state"], one["method"]) for one in await signed(shop)] == [
        (TEXT.version, "superseded", "passkey"), ("2027-01-01", "active", "passkey"),
    ]  # fmt: skip


async def test_a_passkey_signs_these_very_words(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = await signatories.of(shop.gateway, shop.partner, shop.id)
    drawdown = await shop.propose()
    response = await mine.signs_draw(drawdown["id"])
    await new_text(shop, monkeypatch)
    with pytest.raises(IntentChanged) as refused:
        await mine.step_up(drawdown["id"], response)
    assert "agreement_hash" in str(refused.value.facts["changed"])
    assert await signed(shop) == []


async def test_it_can_be_ended_once_nothing_is_owed_under_it(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    (agreement,) = await signed(shop)

    async def end() -> AgreementState:
        ended = await shop.world.store.write(lambda tx: agreements.terminate(tx, shop.world, agreement["id"], shop.id))
        return ended.state

    with pytest.raises(AgreementInUse):
        await end()
    assert (await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")).is_success
    assert [await end(), await end()] == [AgreementState.terminated] * 2
    await shop.draw()
    assert [one["state"] for one in await signed(shop)] == ["terminated", "active"]
