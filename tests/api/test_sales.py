"""Pushing sales over HTTP: the forms a body may take, and what each row is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests import tills
from tests.api import test_whole_app
from tests.tills import refund, row

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def raw(till: Till, content: bytes, kind: str = "application/json") -> httpx.Response:
    return await till.partner.send("POST", f"{till.path}/sales", content=content, headers={"content-type": kind})


async def lines(till: Till, *rows: Any) -> httpx.Response:
    return await raw(till, b"\n".join(map(msgspec.json.encode, rows)), "application/x-ndjson")


async def test_an_object_an_array_and_lines_are_taken_alike(site: Gateway) -> None:
    till = await tills.new(await site.partner())
    assert (await till.send(row(1))).json()["accepted"] == 1
    assert (await till.send([row(2), row(3)])).json()["accepted"] == 2
    answer = await lines(till, row(4), row(5))
    assert answer.json()["accepted"] == 2
    blank = await raw(till, b"\n" + msgspec.json.encode(row(6)) + b"\r\n\n", "application/x-ndjson")
    assert (blank.json()["accepted"], blank.json()["takings_today_amount"]) == (1, 21)
    assert (await till.send([])).json()["accepted"] == 0


@pytest.mark.parametrize("form", ["array", "lines"])
async def test_each_row_is_judged_alone_under_its_own_number(site: Gateway, form: str) -> None:
    till = await tills.new(await site.partner())
    rows = [
        row(1, sale_id="a"), row(2) | {"amount": "2"}, row(3, currency="USD"), row(4), 5, row(6, sale_id="a"),
        refund(9, of="a"), row(7) | {"surprise": 1}, row(8) | {"occurred_at": "2026-03-02T08:00:00"},
    ]  # fmt: skip
    answer = await (till.send(rows) if form == "array" else lines(till, *rows))
    said = answer.json()
    assert (answer.status_code, said["accepted"], said["duplicates"], said["takings_today_amount"]) == (200, 2, 1, 5)
    assert [(one["index"], one["code"]) for one in said["rejected"]] == [
        (1, "wrong_type"), (2, "wrong_currency"), (4, "wrong_type"), (6, "refund_above_sale"),
        (7, "unknown_field"), (8, said["rejected"][-1]["code"]),
    ]  # fmt: skip
    assert all(one["detail"] for one in said["rejected"])


async def test_a_body_that_is_no_json_is_refused_whole_with_its_line(site: Gateway) -> None:
    till = await tills.new(await site.partner())
    answer = await raw(till, msgspec.json.encode(row(1)) + b"\n{oops}\n", "application/x-ndjson")
    assert (answer.status_code, answer.json()["line"]) == (400, 2)
    assert (await till.push())["takings_today_amount"] == 0


async def test_at_most_ten_thousand_rows(site: Gateway) -> None:
    till = await tills.new(await site.partner())
    many = [{**row(1), "sale_id": f"n{n}"} for n in range(10_001)]
    answer = await till.send(many)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_rows")
    answer = await till.send(many[:-1])
    assert (answer.json()["accepted"], answer.json()["takings_today_amount"]) == (10_000, 10_000)
    assert (await till.send(many[1:])).json()["duplicates"] == 9_999


async def test_only_when_nothing_could_be_taken_the_request_is_refused(site: Gateway) -> None:
    till = await tills.new(await site.partner())
    known = row(1)
    await till.push(known)
    assert (await till.send([known, row(1, currency="USD")])).status_code == 200
    answer = await till.send([row(1, currency="USD"), row(1) | {"amount": 1.5}])
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/0", "wrong_currency"), ("/1", answer.json()["errors"][1]["code"]),
    ]  # fmt: skip


async def test_an_unknown_merchant_takes_nothing(site: Gateway) -> None:
    partner = await site.partner()
    await tills.new(partner)
    for merchant_id in (f"mer_{test_whole_app.NOBODYS}", "mer_x", "off_01jc0000000000000000000000", "%00"):
        answer = await partner.post(f"/v1/merchants/{merchant_id}/sales", row(1))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_answer_is_the_standing_that_is_shown_afterwards(site: Gateway) -> None:
    till = await tills.trading(await site.partner())
    for sent in ([row(50_000)], [refund(20_000)], [refund(900_000)]):
        said = (await till.push(*sent))["offer"]
        assert await till.offer() == said
