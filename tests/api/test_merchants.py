"""Merchants over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests import tills
from tests.tills import HERE

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def test_a_merchant_is_kept_as_it_was_brought(site: Gateway) -> None:
    partner = await site.partner()
    full = HERE | {
        "day_cutoff": "04:00",
        "partner_reference": "r-1",
        "company_id": {"scheme": "kvk", "value": "1"},
        "mcc": "5462",
        "registered_on": "2020-02-29",
    }
    made = await partner.done("/v1/merchants", full)
    assert {name: made[name] for name in full} == full
    assert (made["state"], made["id"][:4]) == ("verified", "mer_")
    assert await partner.seen(f"/v1/merchants/{made['id']}") == made
    assert not {"payout_account", "partner_id"} & made.keys()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "XXX"}, "unknown_currency"),
        ({"currency": "eur"}, "invalid_body"),
        ({"timezone": "Mars/Base"}, "unknown_timezone"),
        ({"timezone": ""}, "unknown_timezone"),
        ({"timezone": "../../etc/passwd"}, "unknown_timezone"),
        ({"timezone": "Asia"}, "unknown_timezone"),
        ({"day_cutoff": "24:00"}, "invalid_body"),
        ({"day_cutoff": "10:00"}, "invalid_body"),
        ({"day_cutoff": "04:00\n"}, "invalid_body"),
        ({"country": "Netherlands"}, "invalid_body"),
        ({"legal_name": ""}, "invalid_body"),
        ({"legal_name": "   "}, "invalid_body"),
        ({"legal_name": None}, "invalid_body"),
        ({"mcc": "54620"}, "invalid_body"),
        ({"registered_on": "2026-03-03"}, "registered_in_future"),
        ({"registered_on": "2021-02-29"}, "invalid_body"),
        ({"payout_account": "NL91ABNA0417164300"}, "invalid_body"),
    ],
)
async def test_a_merchant_that_cannot_be_is_refused(site: Gateway, change: dict[str, Any], code: str) -> None:
    partner = await site.partner()
    answer = await partner.post("/v1/merchants", HERE | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await partner.seen("/v1/merchants"))["data"] == []


async def test_a_reference_names_one_merchant_of_a_partner_even_at_once(gateway: Gateway) -> None:
    partner = await gateway.partner()
    answers = await asyncio.gather(
        *[partner.post("/v1/merchants", HERE | {"partner_reference": "r"}) for _ in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"partner_reference_taken"}
    many = await asyncio.gather(*[partner.post("/v1/merchants", HERE) for _ in range(3)])
    assert [answer.status_code for answer in many] == [201] * 3


async def test_what_is_corrected_is_all_that_changes(site: Gateway) -> None:
    partner = await site.partner()
    made = await partner.done("/v1/merchants", HERE | {"company_id": {"scheme": "kvk", "value": "1"}, "mcc": "5462"})
    path = f"/v1/merchants/{made['id']}"
    first = (await partner.patch(path, {"legal_name": "New"})).json()
    assert first == made | {"legal_name": "New", "updated_at": first["updated_at"]}
    second = (await partner.patch(path, {"mcc": None})).json()
    assert (second["company_id"], second["mcc"], second["legal_name"]) == (made["company_id"], None, "New")
    for refused in ({"currency": "USD"}, {"timezone": "Etc/UTC"}, {"state": "verified"}, {"legal_name": None}):
        assert (await partner.patch(path, refused)).status_code == 422
    assert await partner.seen(path) == second


async def test_pages_hold_every_merchant_once(site: Gateway) -> None:
    partner = await site.partner()
    made = [(await tills.new(partner)).id for _ in range(7)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await partner.seen("/v1/merchants", limit=3, **cursor)
        found += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == made


async def test_a_day_that_is_still_to_come_where_the_company_is_is_no_day_of_registration(site: Gateway) -> None:
    partner = await site.partner()
    behind = HERE | {"timezone": "Pacific/Pago_Pago"}  # where it is still the evening of the day before
    refused = await partner.post("/v1/merchants", behind | {"registered_on": "2026-03-02"})
    assert (refused.status_code, refused.json()["code"]) == (422, "registered_in_future")
    made = await partner.done("/v1/merchants", behind | {"registered_on": "2026-03-01"})
    path = f"/v1/merchants/{made['id']}"
    later = await partner.patch(path, {"registered_on": "2026-03-02"})
    assert (later.status_code, later.json()["code"]) == (422, "registered_in_future")
    assert later.json()["errors"][0]["pointer"] == "/registered_on"
    assert (await partner.seen(path))["registered_on"] == "2026-03-01"
    assert (await partner.patch(path, {"registered_on": None})).json()["registered_on"] is None
