"""The description and the pages made from it."""

from __future__ import annotations

import json
import re
from functools import reduce
from html.parser import HTMLParser
from typing import Any

import pytest

from gateway.api.pages import sheet
from tests.api import snapshot, tiny

pytestmark = pytest.mark.anyio
PAGES = ("/", "/docs/api", "/docs/errors")


async def ask(address: str) -> Any:
    async with tiny.client(tiny.make()) as session:
        return await session.get(address)


async def document() -> Any:
    return (await ask("/openapi.json")).json()


async def test_the_description_is_openapi_3_1_of_this_server() -> None:
    found = await document()
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": tiny.ISSUER}]
    assert "/metrics" not in found["paths"]


async def test_every_operation_has_a_summary_its_right_and_a_problem() -> None:
    found = await document()
    for path, item in found["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
            assert "400" not in operation["responses"]
    take = found["paths"]["/v1/sales"]["post"]
    assert (take["summary"], take["description"]) == (
        "Take one sale",
        "It comes back as it was understood by `client_id`.",
    )
    assert take["security"] == [{"access_token": ["sales:write"]}]
    assert found["paths"]["/livez"]["get"]["security"] == []


async def test_a_body_is_described_by_its_type() -> None:
    found = await document()
    body = found["paths"]["/v1/sales"]["post"]["requestBody"]["content"]
    assert body == {"application/json": {"schema": {"$ref": "#/components/schemas/NewSale"}}}
    sale = found["components"]["schemas"]["NewSale"]
    assert sale["additionalProperties"] is False
    assert sale["properties"]["currency"] == {"type": "string", "pattern": "^[A-Z]{3}$"}
    assert sale["properties"]["amount"]["examples"] == [12_500]
    assert sale["properties"]["sale_id"]["description"] == "The till's own id."


async def test_a_batch_is_described_as_object_array_or_lines() -> None:
    found = await document()
    content = found["paths"]["/v1/merchants/{merchant_id}/sales"]["post"]["requestBody"]["content"]
    one, many = content["application/json"]["schema"]["oneOf"]
    assert one == many["items"] == content["application/x-ndjson"]["schema"]
    assert many["maxItems"] == 10_000


async def test_an_idempotency_key_is_a_described_parameter() -> None:
    found = await document()
    parameters = found["paths"]["/v1/merchants/{merchant_id}/sales"]["post"]["parameters"]
    assert [(p["name"], p["in"], p["required"]) for p in parameters] == [
        ("merchant_id", "path", True),
        ("Idempotency-Key", "header", True),
    ]


async def test_a_page_of_a_type_has_a_readable_name() -> None:
    found = await document()
    answer = found["paths"]["/v1/merchants"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/TakenPage"}


def lost(found: Any) -> list[str]:
    """References in a description that lead nowhere."""
    places = re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(found))
    return [place for place in places if not isinstance(reduce(_step, place.split("/"), found), dict)]


def _step(node: Any, name: str) -> Any:
    return node.get(name) if isinstance(node, dict) else None


async def test_every_reference_in_the_description_leads_somewhere() -> None:
    whole = json.loads(snapshot.current())
    assert lost(await document()) == lost(whole) == []
    kept = whole["components"]["schemas"].pop("DrawdownView")
    assert kept, "there is such a type"
    assert set(lost(whole)) == {"components/schemas/DrawdownView"}, "a type that is missing is found"


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_needs_nothing_from_elsewhere(address: str) -> None:
    answer = await ask(address)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_is_well_formed_and_its_links_arrive(address: str) -> None:
    parser = _Page()
    answer = await ask(address)
    parser.feed(answer.text)
    parser.close()
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert [link for link in parser.links if link.startswith("#") and link[1:] not in parser.ids] == []
    for link in sorted({link for link in parser.links if link.startswith("/")}):
        assert (await ask(link)).status_code == 200, link


async def test_the_reference_shows_every_operation_and_type() -> None:
    text = (await ask("/docs/api")).text
    for name in ("tiny_take", "tiny_take_many", "type-NewSale", "type-Problem"):
        assert f'id="{name}"' in text
    assert "sales:write" in text
    assert "Idempotency-Key" in text


async def test_the_style_sheet_is_served() -> None:
    answer = await ask("/docs/style.css")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in answer.text


async def test_the_status_page_tells_draining() -> None:
    app = tiny.make()
    app.state.draining = True
    async with tiny.client(app) as session:
        text = (await session.get("/")).text
    assert "Finishing its work" in text
    assert "sandbox" in text


def test_text_is_escaped() -> None:
    assert sheet.tag("p", "<b>", title='"x"') == '<p title="&quot;x&quot;">&lt;b&gt;</p>'
    assert sheet.prose("a `<b>` c") == "a <code>&lt;b&gt;</code> c"


class _Page(HTMLParser):
    """Elements still open, ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)
        if identity := found.get("id"):
            self.ids.append(identity)
        if link := found.get("href"):
            self.links.append(link)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
