"""Every route of the whole application: its right, its refusals, its shape. A new route is in these tests by itself."""

from __future__ import annotations

import itertools
import json
import string
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.api import rights
from gateway.api.strict_json import Rows
from gateway.domain.grants import OPENED_BY
from gateway.domain.ids import PREFIXES
from gateway.domain.rights import GRANTABLE, OWN, Right
from gateway.main import application
from gateway.usecases import positions
from tests import books, tills
from tests.api import minting, snapshot
from tests.gateways import NOW
from tests.tills import row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from litestar.handlers import HTTPRouteHandler

    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio
_keys = itertools.count(1)
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


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    return (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (status, PROBLEM, code)


async def test_every_route_declares_the_right_it_needs(site: Gateway) -> None:
    assert rights.undeclared(application(site.world)) == []


async def test_the_public_shape_is_the_one_in_the_repository() -> None:
    kept = snapshot.FILE.read_text(encoding="utf-8")
    assert json.loads(snapshot.current()) == json.loads(kept), (
        "run: python -m tests.api.snapshot, and read the difference"
    )


async def test_nobody_gets_past_a_route_without_a_token_and_a_proof(site: Gateway) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    held = partner.token, partner.grants[till.id]
    loose = await minting.token(partner, till.id, GRANTABLE, jkt=None)
    refused: list[dict[str, str]] = [
        {}, {"dpop": "x.y.z"}, {"authorization": "DPoP nobody"}, {"authorization": "Basic bm9ib2R5"},
        *({"authorization": f"Bearer {token}"} for token in (*held, loose, "nobody")),
        *({"authorization": f"Bearer {token}", "dpop": "x.y.z"} for token in held),
    ]  # fmt: skip
    for method, address, _ in routes(site):
        for headers in refused:
            answer = await site.http.request(method, address, content=b"{", headers=headers)
            assert is_problem(answer, 401, "invalid_token"), (method, address)
            challenge = answer.headers.get_list("www-authenticate")
            assert [one.split(" ")[0] for one in challenge] == ["DPoP"]
            assert "resource_metadata=" in challenge[0]
        for token in held:
            bare = await site.http.request(method, address, headers={"authorization": f"DPoP {token}"})
            assert is_problem(bare, 401, "invalid_dpop_proof"), (method, address)
        answer = await partner.send(method, address, token=loose, content=b"{")
        assert is_problem(answer, 401, "invalid_token"), "bound to no key"


@pytest.mark.parametrize("of_a_grant", [True, False], ids=["of a grant", "the client's own"])
async def test_every_right_but_the_one_needed_opens_nothing(site: Gateway, *, of_a_grant: bool) -> None:
    partner = await site.partner()
    till = await tills.new(partner)
    tokens: dict[Right, str] = {
        right: await minting.token(partner, till.id if of_a_grant else None, [r for r in GRANTABLE if r is not right])
        for right in GRANTABLE
    }
    for method, address, handler in routes(site):
        right = rights.needed(handler)
        answer = await partner.send(method, address, token=tokens[right], content=b"{")
        code = "insufficient_scope" if of_a_grant or right in OWN else "consent_required"
        assert is_problem(answer, 403, code), (method, address)
        assert answer.json()["right"] == right
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith(f'DPoP error="insufficient_scope", scope="{right}"')
        assert ("authorization_details_type=" in challenge) == (right in OPENED_BY)


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
        headers = {"content-type": "application/json", "idempotency-key": f"bad-{name}".replace(" ", "-")}
        answer = await partner.send(method, address, content=MALFORMED[name], headers=headers)
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
        answer = await partner.send(method, address, content=sent, headers=key | headers)
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
    | {"day_cutoff": "04:00", "partner_reference": "r", "company_id": {"scheme": "kvk", "value": "1"}, "mcc": "5462",
       "registered_on": "2020-02-29"},
    "/v1/merchants/{merchant_id}": {
        "legal_name": "Corner", "company_id": {"scheme": "kvk", "value": "1"}, "mcc": "5462",
        "registered_on": "2020-02-29",
    },
    "/v1/merchants/{merchant_id}/sales": SALE,
    "/v1/merchants/{merchant_id}/days/2026-03-01/close": {
        "sales_amount": 0, "refunds_amount": 0, "voids_amount": 0, "net_amount": 0, "tickets_count": 0,
    },
    "/v1/merchants/{merchant_id}/parties": {
        "role": "owner", "kind": "person", "name": "Zhen", "reference": "r", "share_bps": 5_000,
    },
    "/v1/merchants/{merchant_id}/stock": {
        "stock_id": "s", "item_id": "i", "counted_at": NOW.isoformat(), "quantity": "1", "currency": "EUR",
        "unit_cost_amount": 1, "on_order_quantity": "2", "location_id": "l", "category": "c", "gtin": "12345678",
        "version": 1,
    },
    "/v1/merchants/{merchant_id}/purchases": {
        "purchase_id": "p", "kind": "invoice", "issued_on": NOW.date().isoformat(), "amount": 10, "currency": "EUR",
        "due_on": NOW.date().isoformat(), "tax_amount": 1, "supplier_ref": "h", "refers_to": "o", "version": 1,
        "lines": [{"item_id": "bread", "quantity": "1.5", "amount": 5}],
    },
    "/v1/merchants/{merchant_id}/signals": {
        "kind": "cash", "signal_id": "c", "on": NOW.date().isoformat(), "account_ref": "a", "currency": "EUR",
        "in_amount": 1, "out_amount": 1, "balance_amount": -1, "version": 1,
    },
    f"/v1/decisions/dec_{NOBODYS}/contest": {"statement": "We were closed for a week"},
    "/v1/quotes": {"offer_id": f"off_{NOBODYS}", "amount": 1_000},
    "/v1/drawdowns": {"quote_id": f"quo_{NOBODYS}", "terms_hash": "0" * 64},
    f"/v1/drawdowns/drw_{NOBODYS}/repayments": {"amount": 1_000, "channel": "transfer"},
    f"/v1/drawdowns/drw_{NOBODYS}/arrangements": {"kind": "pause", "reason": "closed for the works"},
    "/v1/remittances": {
        "reference": "r-1", "currency": "EUR", "lines": [{"repayment_id": f"rep_{NOBODYS}", "withheld_amount": 1}],
    },
    f"/v1/sandbox/drawdowns/drw_{NOBODYS}/confirm": {"terms_hash": "0" * 64},
    "/v1/sandbox/clock/advance": {"days": 1},
    "/v1/sandbox/merchants/{merchant_id}/bank": {
        "decides": "by_amount", "payouts": "pay", "debits": "collect", "tells": "everything", "return_days": 1,
    },
    "/v1/sandbox/merchants/{merchant_id}/scenario": {
        "scenario": "healthy", "seed": 1, "daily_amount": 50_000, "history_days": 0,
    },
    "/v1/merchants/{merchant_id}/authority": {
        "users": [{"id": "u-1", "name": "Zhen", "role": "owner"}],
        "caps": {"per_draw_amount": 1, "per_24h_amount": 2, "per_30d_amount": 3, "currency": "EUR"},
    },
    "/v1/merchants/{merchant_id}/payout-account": {"holder_name": "Corner", "iban": "NL91ABNA0417164300"},
    "/v1/merchants/{merchant_id}/connections": {
        "platform": "square", "account_id": "6SSW7HV8K2ST5", "secret": "a-secret-of-squares",
    },
    f"/v1/merchants/{{merchant_id}}/connections/con_{NOBODYS}": {"secret": "a-secret-of-squares"},
    "/v1/merchants/{merchant_id}/contact": {"email": "owner@corner.example"},
    "/v1/webhooks": {"url": "https://hooks.example.com/restock", "types": ["offer.*"]},
    f"/v1/webhooks/whk_{NOBODYS}": {"url": "https://hooks.example.com/", "types": ["*"], "state": "enabled"},
    f"/v1/webhooks/whk_{NOBODYS}/rotate-secret": {"force": False},
    f"/v1/webhooks/whk_{NOBODYS}/replay": {"from_position": 1, "to_position": 2},
    "/v1/widget/sessions": {
        "merchant_id": f"mer_{NOBODYS}", "user": {"id": "u-1", "name": "Zhen", "role": "owner"},
        "components": ["offer"], "parent_origins": ["https://till.example"],
    },
}  # fmt: skip
WRONG: tuple[Any, ...] = (
    1.5, 5.0, "5", True, [], {}, -1, 2**63 - 1, 2**63, -(2**63) - 1, 10**25, "", " ", "x" * 5_000, "\x1f", "a\n", "５",
    "9999-99-99", "2026-03-02T09:00:00", "-0", "1e3",
)  # fmt: skip
FREE = {
    "location_id", "channel", "customer_ref", "supplier_ref", "refers_to", "account_ref",
    "means", "category", "legal_name", "item_id", "scheme", "value", "id",
    "name", "role", "secret", "reason",
}  # fmt: skip
"""Texts of the partner's own: any one-line text within their length is taken."""
NATIVE = {"sale_id", "reference", "stock_id", "purchase_id", "signal_id", "partner_reference"}


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
            nobodys = answer.status_code in {404, 409} or "remittance_nothing_taken" in answer.text
            assert answer.is_success or nobodys, (address, answer.text)


async def _ask(partner: Partner, method: str, address: str, body: Any) -> httpx.Response:
    key = {"idempotency-key": f"asked-{partner.partner_id}-{next(_keys)}"}
    return await partner.send(method, address, json=body, headers=key)


def spoiled(valid: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """A field's name, a wrong value for it, and the body that has it there; deep fields too."""
    for name, value in valid.items():
        for wrong in WRONG:
            yield name, wrong, valid | {name: wrong}
        if isinstance(value, dict):
            for inner, wrong, body in spoiled(value):
                yield inner, wrong, valid | {name: body}
        if isinstance(value, list) and isinstance(value[0], dict):
            for inner, wrong, body in spoiled(value[0]):
                yield inner, wrong, valid | {name: [body]}


def _may_stand(name: str, value: Any) -> bool:
    """Whether what is wrong elsewhere is a good value here."""
    if isinstance(value, str) and name in FREE | NATIVE:
        return len(value) <= 140 and value.isprintable()
    if (name, value) in (("quantity", "5"), ("on_order_quantity", "5"), ("balance_amount", -1)):
        return True
    return value == [] and name in {"tenders", "lines"}


def _refuses_unknown(handler: HTTPRouteHandler) -> bool:
    field = handler.parsed_data_field
    assert field is not None
    kind = field.annotation
    kind = kind.__args__[0] if getattr(kind, "__origin__", None) is Rows else kind
    found = msgspec.inspect.type_info(kind)
    kinds = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
    return all(isinstance(one, msgspec.inspect.StructType) and one.forbid_unknown_fields for one in kinds)


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
