"""A bank's callback: proven over its raw bytes, kept once, answered at once; what it says is a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.domain.drawdowns import end_to_end_id
from gateway.usecases import alerts, jobs, work
from tests.rails import Calling

if TYPE_CHECKING:
    import httpx

    from tests.shops import Shop

pytestmark = pytest.mark.anyio
PROBLEM = "application/problem+json"


def called(shop: Shop) -> Calling:
    """A bank that calls, over a line from which nothing else is heard."""
    assert shop.rail is not None
    rail = Calling(shop.rail)
    shop.rail, rail.deaf = rail, True
    return rail


async def call(shop: Shop, body: bytes, *headers: tuple[str, str], bank_id: str | None = None) -> httpx.Response:
    address = f"/v1/inbound/{bank_id or shop.lender.id}"
    return await shop.gateway.http.post(address, content=body, headers=list(headers))


async def refused(shop: Shop, answer: httpx.Response) -> bool:
    told = answer.status_code, answer.headers["content-type"], answer.json()["code"]
    kept = [row for row in await shop.messages() if row[0].startswith("called-")]
    return told == (401, PROBLEM, "callback_refused") and kept == []


async def test_what_does_not_prove_to_be_the_banks_is_refused_and_not_kept(shop: Shop) -> None:
    rail, body = called(shop), b"hint bank-7"
    proof = ("x-signature", rail.signature(body))
    assert await refused(shop, await call(shop, body))
    assert await refused(shop, await call(shop, body + b" ", proof))
    assert await refused(shop, await call(shop, body, proof, ("x-signature", "0")))
    assert await refused(shop, await call(shop, body, ("authorization", "DPoP x")))
    assert (await call(shop, body, proof, bank_id="bnk_none")).status_code == 404
    large = b"x" * (64 * 1024 + 1)
    assert (await call(shop, large, ("x-signature", rail.signature(large)))).status_code == 413
    shop.rail = rail.behind
    assert (await call(shop, body, proof)).status_code == 404, "this bank never calls"


async def test_a_hint_has_the_bank_asked_at_once_and_a_copy_of_it_changes_nothing(shop: Shop) -> None:
    rail = called(shop)
    rail.loses, rail.known_as = "answers", "bank-7"
    drawdown_id, body = await shop.draw(), b"hint bank-7"
    await shop.bank.behave("ACME", "silent")
    await jobs.run_due(shop.world, work.HANDLERS)
    assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
    asked_before = len(rail.asked)
    for _ in range(2):
        answer = await call(shop, body, ("x-signature", rail.signature(body)))
        assert (answer.status_code, answer.json()) == (202, {"received": True})
        await shop.work()
    assert len(rail.asked) == asked_before + 1
    assert [row[1] for row in await shop.messages() if row[0].startswith("called-")] == ["applied"]
    assert (await shop.drawdown(drawdown_id))["state"] == "pending"
    rail.deaf = False
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert await shop.sent(drawdown_id) == 1


async def test_a_callback_about_nothing_of_ours_or_against_what_is_known_waits_for_a_person(shop: Shop) -> None:
    rail, drawdown_id = called(shop), await shop.draw()
    rail.deaf = False
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    (status, *_) = await shop.heard(end_to_end_id(drawdown_id), "pain.002")
    asked_before = len(rail.asked)
    refusal = status.replace(b"ACCP", b"RJCT").replace(b"ACSC", b"RJCT").replace(b"ACSP", b"RJCT")
    for body in (b"hint nobodys", refusal):
        assert (await call(shop, body, ("x-signature", rail.signature(body)))).status_code == 202
        await shop.work()
    assert {one.kind for one in await alerts.open_ones(shop.world.store)} >= {
        "bank_unknown_payment",
        "bank_contradicts",
    }
    assert len(rail.asked) == asked_before + 1, "asked what is true, once"
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert (await shop.verify()).problems == ()
