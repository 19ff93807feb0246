"""Every route of the whole application: its right, its refusals, its shape. A new route is in these tests by itself."""

from __future__ import annotations

import json
import string
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.api import rights
from gateway.api.strict_json import Rows
from gateway.domain.ids import PREFIXES
from gateway.domain.rights import GRANTABLE, Right
from gateway.main import application
from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import positions
from tests import books, tills
from tests.api import snapshot
from tests.gateways import NOW, Partner
from tests.tills import row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx
    from litestar.handlers import HTTPRouteHandler

    from gateway.store import Tx
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
NOBODYS = "01jc0000000000000000000000"
PROBLEM = "application/problem+json"


def routes(gateway: Gateway) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Method, address with ids of the right look, and handler of every route that needs a right."""
    for route in application(gateway.world).routes:
        for handler in getattr(route, "route_handlers", []):
            (method,) = map(str, handler.http_methods)
            if method != "OPTIONS" and rights.needed(handler) is not Right.public:
                yield method, filled(route.path), handler


def filled(path: str, **ids: str) -> str:
    """`/v1/offers/{offer_id:str}` with an id in it; nobody's, where none is given."""
    template = path.replace(":str", "")
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    nobodys = {name: f"{PREFIXES.get(name.removesuffix('_id'), name[:3])}_{NOBODYS}" for name in names}
    return template.format(**(nobodys | {"business_on": "2026-03-01"} | ids))


async def limited(gateway: Gateway, granted: Sequence[Right]) -> Partner:
    """A partner whose token carries only these rights."""
    partner, token = await gateway.partner(), tokens.mint()
    now = gateway.world.system_clock.now()
    client_id = gateway.world.ids.new("client")

    async def unit(tx: Tx) -> None:
        client = {"partner_id": partner.partner_id, "rights_json": list(granted)}
        await tx.run(sql.clients.add, **client, id=client_id, name="few", jwks_json={"keys": []}, created_at=now)
        life = {"issued_at": now, "expires_at": now + timedelta(days=1)}
        await tx.run(sql.tokens.add, **client, client_id=client_id, hash=tokens.digest(token), **life)

    await gateway.world.store.write(unit)
    return Partner(gateway.http, token, partner.partner_id)


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    return (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (status, PROBLEM, code)


async def test_every_route_declares_the_right_it_needs(site: Gateway) -> None:
    assert rights.undeclared(application(site.world)) == []


async def test_the_public_shape_is_the_one_in_the_repository() -> None:
    kept = snapshot.FILE.read_text(encoding="utf-8")
    assert json.loads(snapshot.current()) == json.loads(kept), (
        "run: python -m tests.api.snapshot, and read the difference"
    )


async def test_nobody_gets_past_a_route_without_a_token(site: Gateway) -> None:
    for method, address, _ in routes(site):
        for headers in ({}, {"authorization": "Bearer nobody"}, {"authorization": "Basic bm9ib2R5"}):
            answer = await site.http.request(method, address, content=b"{", headers=headers)
            assert is_problem(answer, 401, "invalid_token"), (method, address)


async def test_every_right_but_the_one_needed_opens_nothing(site: Gateway) -> None:
    partners: dict[Right, Partner] = {
        right: await limited(site, [r for r in GRANTABLE if r is not right]) for right in GRANTABLE
    }
    for method, address, handler in routes(site):
        partner = partners[rights.needed(handler)]
        answer = await site.http.request(method, address, content=b"{", headers=partner._headers)
        assert is_problem(answer, 403, "insufficient_scope"), (method, address)
        assert answer.json()["right"] == rights.needed(handler)


# --- bad bodies ------------------------------------------------------------------------------------------------------

MALFORMED = {
    "empty": b"",
    "cut off": b'{"amount": 1',
    "not UTF-8": b'{"legal_name": "\xff\xfe"}',
    "NaN": b'{"amount": NaN}',
    "infinity": b'{"amount": 1e999}',
    "too many digits": b'{"amount": ' + b"9" * 500 + b"}",
    "deep": b'{"a":' * 20 + b"1" + b"}" * 20,
    "very deep": b"[" * 60_000,
    "a key twice": b'{"amount": 1, "amount": 2}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a lone surrogate": b'{"legal_name": "\\ud800"}',
    "a zero byte": b'{"legal_name": "a\\u0000"}',
    "null": b"null",
    "a string": b'"x"',
    "a number": b"12",
    "a list of lists": b"[[]]",
    "an unknown field": b'{"surprise": 1}',
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_body_is_a_clear_refusal_everywhere(site: Gateway, name: str) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    for method, address, _ in bodies(site, till.id):
        headers = partner._headers | {
            "content-type": "application/json",
            "idempotency-key": f"bad-{name}".replace(" ", "-"),
        }
        answer = await site.http.request(method, address, content=MALFORMED[name], headers=headers)
        assert 400 <= answer.status_code < 500, (method, address, answer.text)
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["code"] in {"malformed_body", "invalid_body", "nothing_taken", "bad_request"}, answer.text
    assert await books.check(site.world, till.id) == {}


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "text/plain"}, b"{}", 415),
        ({"content-type": "application/json; charset=latin-1"}, b"{}", 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, b"\x1f\x8b", 415),
        ({"content-type": "application/json"}, b" " * (5 * 1024 * 1024 + 1), 413),
        ({"content-type": "application/json", "transfer-encoding": "chunked"}, [b" " * 1024 * 1024] * 6, 413),
    ],
    ids=["text", "another charset", "compressed", "too large", "too large in pieces"],
)
async def test_a_body_of_another_kind_or_too_large_is_refused_everywhere(
    site: Gateway,
    headers: dict[str, str],
    content: Any,
    status: int,
) -> None:
    partner = await site.partner()
    till = await tills.new(partner)

    async def pieces() -> Any:
        for piece in content:
            yield piece

    for method, address, _ in bodies(site, till.id):
        sent = content if isinstance(content, bytes) else pieces()
        key = {"idempotency-key": f"{partner.partner_id}-{address[-20:]}"}
        answer = await site.http.request(method, address, content=sent, headers=partner._headers | key | headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), (method, address)


def bodies(gateway: Gateway, merchant_id: str) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """The routes that take a body, for one of the caller's own merchants."""
    for method, address, handler in routes(gateway):
        if handler.parsed_data_field is not None:
            yield method, address.replace(f"mer_{NOBODYS}", merchant_id), handler


SALE = row(1_000, sale_id="x", tax_amount=1, tip_amount=1, version=1, location_id="l", channel="c") | {
    "tenders": [{"means": "cash", "amount": 5}],
    "lines": [{"item_id": "bread", "quantity": "1.5", "amount": 5, "category": "c", "gtin": "12345678"}],
    "business_on": NOW.date().isoformat(),
    "customer_ref": "h",
}
VALID: dict[str, dict[str, Any]] = {
    "/v1/merchants": tills.HERE
    | {"day_cutoff": "04:00", "partner_reference": "r", "company_id": {"scheme": "kvk", "value": "1"}, "mcc": "5462"},
    "/v1/merchants/{merchant_id}": {"legal_name": "New", "company_id": {"scheme": "kvk", "value": "1"}, "mcc": "5462"},
    "/v1/merchants/{merchant_id}/sales": SALE,
    "/v1/merchants/{merchant_id}/days/2026-03-01/close": {
        "sales_amount": 0, "refunds_amount": 0, "voids_amount": 0, "net_amount": 0, "tickets_count": 0,
    },
    "/v1/quotes": {"offer_id": f"off_{NOBODYS}", "amount": 1_000},
    "/v1/drawdowns": {"quote_id": f"quo_{NOBODYS}", "terms_hash": "0" * 64},
    f"/v1/sandbox/drawdowns/drw_{NOBODYS}/confirm": {"terms_hash": "0" * 64},
    "/v1/sandbox/clock/advance": {"days": 1},
}  # fmt: skip
WRONG: tuple[Any, ...] = (
    1.5, 5.0, "5", True, [], {}, -1, 2**63 - 1, 2**63, -(2**63) - 1, 10**25, "", " ", "x" * 5_000, "\x1f", "a\n", "５",
    "9999-99-99", "2026-03-02T09:00:00", "-0", "1e3",
)  # fmt: skip
FREE = {"location_id", "channel", "customer_ref", "means", "category", "legal_name", "item_id", "scheme", "value"}
"""Texts of the partner's own: any one-line text within their length is taken."""


async def test_a_field_of_the_wrong_kind_is_refused_everywhere(site: Gateway) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    seen = set()
    for method, address, handler in bodies(site, till.id):
        template = address.replace(till.id, "{merchant_id}")
        assert template in VALID, f"{template} takes a body: put a good one into VALID"
        valid = VALID[template]
        seen.add(template)
        for name, wrong, body in spoiled(valid):
            answer = await _ask(partner, method, address, body)
            taken = answer.is_success and _may_stand(name, wrong)
            assert taken or 400 <= answer.status_code < 500, (method, address, name, wrong, answer.text)
            assert taken or answer.headers["content-type"] == PROBLEM
        assert _refuses_unknown(handler)
        answer = await _ask(partner, method, address, valid | {"surprise": 1})
        assert answer.status_code == 422
    assert seen == VALID.keys()


async def test_the_bodies_that_are_spoiled_are_good_ones(site: Gateway) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    for method, address, _ in bodies(site, till.id):
        if "clock" not in address:  # the module's clock stands still
            answer = await _ask(partner, method, address, VALID[address.replace(till.id, "{merchant_id}")])
            assert answer.is_success or answer.status_code in {404, 409}, (address, answer.text)


async def _ask(partner: Partner, method: str, address: str, body: Any) -> httpx.Response:
    return await (partner.post(address, body) if method == "POST" else partner.patch(address, body))


def spoiled(valid: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """A field's name, a wrong value for it, and the body that has it there; deep fields too."""
    for name, value in valid.items():
        for wrong in WRONG:
            yield name, wrong, valid | {name: wrong}
        if isinstance(value, dict):
            for inner, wrong, body in spoiled(value):
                yield inner, wrong, valid | {name: body}
        if isinstance(value, list):
            for inner, wrong, body in spoiled(value[0]):
                yield inner, wrong, valid | {name: [body]}


def _may_stand(name: str, value: Any) -> bool:
    """Whether what is wrong elsewhere is a good value here."""
    if isinstance(value, str) and name in FREE | {"sale_id", "partner_reference"}:
        return len(value) <= 140 and value.isprintable()
    return (name, value) == ("quantity", "5") or (value == [] and name in {"tenders", "lines"})


def _refuses_unknown(handler: HTTPRouteHandler) -> bool:
    field = handler.parsed_data_field
    assert field is not None
    kind = field.annotation
    kind = kind.__args__[0] if getattr(kind, "__origin__", None) is Rows else kind
    found = msgspec.inspect.type_info(kind)
    return isinstance(found, msgspec.inspect.StructType) and found.forbid_unknown_fields


async def test_a_position_is_untouched_by_what_was_refused(site: Gateway) -> None:
    partner = await site.partner()
    till = await tills.trading(partner)
    before = await positions.current(site.world, till.id)
    for rows in (
        [row(1, currency="USD")],
        [row(1) | {"amount": "1"}],
        [tills.refund(10**9, of="gone", tax_amount=10**10)],
    ):
        assert (await till.send(rows)).status_code == 422
    assert await positions.current(site.world, till.id) == before
