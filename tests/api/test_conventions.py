"""What all routes have in common, asked of each that the API's description names."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import paging
from gateway.domain import versions
from gateway.usecases.rates import Quotas
from tests import shops, tills
from tests.api import snapshot
from tests.api.test_whole_app import NOBODYS, VALID, bodies, filled, is_problem, routes
from tests.tills import row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
KEYED = {
    "/v1/merchants", "/v1/quotes", "/v1/drawdowns", "/v1/drawdowns/{drawdown_id}/repayments", "/v1/remittances",
}  # fmt: skip
"""Where a POST moves money or makes what money is lent to: no key, no effect."""
ENDLESS = "/widget/v1/stream"
"""Its answer goes on as long as its token lives; it has tests of its own."""
LEFT = re.compile(r'"client";r=\d+;t=\d+(, "merchant";r=\d+;t=\d+)?')
POLICY = re.compile(r'"client";q=\d+;w=60(, "merchant";q=\d+;w=60)?')


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, template and description of every operation."""
    for template, item in json.loads(snapshot.current())["paths"].items():
        for method, operation in item.items():
            yield method.upper(), template, operation


def named(operation: dict[str, Any]) -> dict[str, bool]:
    """Parameter → whether it is required."""
    return {one["name"]: one["required"] for one in operation.get("parameters", ())}


def lists() -> Iterator[tuple[str, dict[str, Any]]]:
    """Template and operation of everything that is paged."""
    for method, template, operation in operations():
        if method == "GET" and "cursor" in named(operation):
            yield template, operation


def test_a_post_that_moves_money_wants_a_key_by_its_description() -> None:
    wanting = {template for method, template, found in operations() if named(found).get("Idempotency-Key")}
    assert wanting >= KEYED


async def test_without_a_key_they_do_nothing(site: Gateway) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    asked = 0
    for method, address, handler in bodies(site, till.id):
        if handler.opt.get("idempotency") == "required":
            body = VALID[address.replace(till.id, "{merchant_id}")]
            answer = await partner.send(method, address, json=body)
            assert is_problem(answer, 400, "bad_request"), (address, answer.text)
            assert answer.json()["header"] == "Idempotency-Key"
            asked += 1
    assert asked >= len(KEYED)


async def test_every_list_is_paged_alike_and_refuses_what_is_no_limit_and_no_cursor_of_its_own(site: Gateway) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    for template, operation in lists():
        assert named(operation)["limit"] is False
        address = filled(template, merchant_id=till.id)
        for limit in ("5.0", "5e0", "0", "101", "-1", "x", "", "٥", "5_0"):
            answer = await partner.get(address, limit=limit)
            assert is_problem(answer, 422, "invalid_request"), (template, limit)
        if template.count("{") == template.count("{merchant_id}"):
            foreign = paging.encode(f"psk_{NOBODYS}")
            assert is_problem(await partner.get(address, cursor=foreign), 422, "invalid_cursor"), template
            page = await partner.seen(address, limit=1)
            assert page.keys() == {"data", "next_cursor"}
        assert is_problem(await partner.get(address, page=2), 422, "unknown_parameter")


async def test_a_list_read_page_by_page_is_the_list_even_when_it_grows_meanwhile(site: Gateway) -> None:
    partner = await site.partner()
    made = [(await tills.new(partner)).id for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await partner.seen("/v1/merchants", limit=2, **cursor)
        seen += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(made) < 6:
            made.append((await tills.new(partner)).id)
    assert seen == sorted(made)


async def test_every_answer_says_its_request_its_version_and_what_is_left(site: Gateway) -> None:
    partner = await site.partner()
    await tills.new(partner)
    for method, address, _ in routes(site):
        if address == ENDLESS:
            continue
        answer = await partner.send(method, address)
        assert re.fullmatch(r"req_[0-9a-z]{26}", answer.headers["request-id"])
        assert answer.headers["restock-version"] == versions.CURRENT
        assert LEFT.fullmatch(answer.headers["ratelimit"]), (method, address)
        assert POLICY.fullmatch(answer.headers["ratelimit-policy"])
        nobody = await site.http.request(method, address)
        assert "ratelimit" not in nobody.headers
        assert nobody.headers["restock-version"] == versions.CURRENT


@pytest.mark.parametrize("version", ["2026-11-02", "2026-11-01 ", "", "latest", "é"])
async def test_a_version_that_is_not_served_is_refused_everywhere(site: Gateway, version: str) -> None:
    headers: Any = {"restock-version": version.encode("latin-1")}
    for method, address, _ in routes(site):
        answer = await site.http.request(method, address, headers=headers)
        assert is_problem(answer, 400, "unknown_version"), (method, address)
    assert answer.json()["versions"] == [versions.CURRENT]


async def test_a_client_gets_its_own_version_the_one_it_names_and_word_of_its_end(
    site: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = "2025-01-01"
    end = versions.Retirement(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(versions, "VERSIONS", frozenset({old, versions.CURRENT}))
    monkeypatch.setattr(versions, "RETIRING", {old: end})
    partner = await site.partner()
    await shops.execute(
        site.world.settings.database_url, "UPDATE clients SET version = ? WHERE id = ?", old, partner.client_id
    )
    site.world.tokens.forget(partner.client_id)
    pinned = await partner.get("/v1/merchants")
    assert pinned.headers["restock-version"] == old
    assert pinned.headers["deprecation"] == f"@{int(end.deprecated_at.timestamp())}"
    assert pinned.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    named_one = await partner.send("GET", "/v1/merchants", headers={"restock-version": versions.CURRENT})
    assert named_one.headers["restock-version"] == versions.CURRENT
    assert "deprecation" not in named_one.headers


class Hands:
    """A clock whose hands the test moves."""

    at = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


async def test_who_asks_too_often_waits_and_one_shop_leaves_the_others_their_share(
    site: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner, clock = await site.partner(), Hands()
    loud, quiet = await tills.new(partner), await tills.new(partner)
    monkeypatch.setattr(site.world, "quotas", Quotas(clock, 10, 3))
    taken = [await loud.send([row(1_000 + n)]) for n in range(4)]
    assert [answer.status_code for answer in taken] == [200, 200, 200, 429]
    assert taken[0].headers["ratelimit"] == '"client";r=9;t=6, "merchant";r=2;t=20'
    last = taken[-1]
    assert is_problem(last, 429, "too_many_requests")
    assert last.json()["policy"] == "merchant"
    assert last.headers["retry-after"] == "20"
    assert last.headers["ratelimit"].endswith('"merchant";r=0;t=20')
    assert last.headers["ratelimit-policy"] == '"client";q=10;w=60, "merchant";q=3;w=60'
    assert (await quiet.send([row(1)])).status_code == 200
    own = [(await partner.get("/v1/merchants")).status_code for _ in range(8)]
    assert own == [200, 200, 200, 200, 200, 429, 429, 429]
    clock.at += timedelta(seconds=20)
    assert (await loud.send([row(1)])).status_code == 200


async def test_an_offer_that_has_not_changed_is_not_sent_again(site: Gateway) -> None:
    till = await tills.trading(await site.partner())
    address = f"/v1/merchants/{till.id}/offer"
    first = await till.partner.get(address)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await till.partner.send("GET", address, headers={"if-none-match": condition})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    for condition in ('"other"', tag.strip('"'), ""):
        answer = await till.partner.send("GET", address, headers={"if-none-match": condition})
        assert (answer.status_code, answer.json()) == (200, first.json())
    made = f"/v1/offers/{first.json()['id']}"
    tag = (await till.partner.get(made)).headers["etag"]
    await till.partner.done(f"{made}/deliver")
    moved = await till.partner.send("GET", made, headers={"if-none-match": tag})
    assert (moved.status_code, moved.json()["state"]) == (200, "delivered")


async def test_head_is_get_without_a_body_options_names_the_methods_and_no_page_of_another_origin_reads_us(
    site: Gateway,
) -> None:
    partner = await site.partner()
    await tills.new(partner)
    methods: dict[str, set[str]] = {}
    for method, address, _ in routes(site):
        methods.setdefault(address, set()).add(method)
    for address, known in methods.items():
        asking = {"origin": "http://elsewhere.example", "access-control-request-method": "GET"}
        options = await site.http.request("OPTIONS", address, headers=asking)
        allowed = set(options.headers["allow"].split(", "))
        assert options.status_code == 204
        assert allowed == known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set()), address
        put = await site.http.request("TRACE", address)
        assert put.status_code == 405
        assert set(put.headers["allow"].split(", ")) == allowed
        answers = [options]
        if "GET" in known and address != ENDLESS:
            got, head = [await partner.send(method, address, headers=asking) for method in ("GET", "HEAD")]
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert head.headers["content-type"] == got.headers["content-type"]
            answers += [got, head]
        assert not [name for one in answers for name in one.headers if name.startswith("access-control-")]
