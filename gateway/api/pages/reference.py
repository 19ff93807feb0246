"""The API reference for people: the OpenAPI document as one page, operations by tag, types below."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from gateway.api.pages import example
from gateway.api.pages.sheet import Html, frame, join, prose, safe, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Node = dict[str, Any]
_REF = "#/components/schemas/"
_LIMITS = (
    ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"), ("minLength", "length ≥"),
    ("maxLength", "length ≤"), ("maxItems", "items ≤"), ("pattern", "matches"),
)  # fmt: skip


def page(document: Mapping[str, Any]) -> str:
    """The whole reference."""
    groups = _by_tag(document)
    schemas: dict[str, Node] = document["components"]["schemas"]
    info = document["info"]
    intro = join(
        tag("h1", info["title"], " ", tag("span", info["version"], class_="pill")),
        *(tag("p", prose(text), class_="lead") for text in info.get("description", "").split("\n\n")),
    )
    parts = [_group(name, operations, schemas) for name, operations in groups.items()]
    types = tag("section", tag("h2", "Types"), *(_type(n, s) for n, s in sorted(schemas.items())), id="types")
    main = tag("main", intro, *parts, types, id="content")
    return frame(f"API · {info['title']}", tag("div", _contents(groups), main, class_="columns"))


def _by_tag(document: Mapping[str, Any]) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = defaultdict(list)
    for path, item in sorted(document["paths"].items()):
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                name = (operation.get("tags") or ["Other"])[0]
                groups[name].append({**operation, "path": path, "method": method.upper()})
    return dict(sorted(groups.items(), key=lambda group: (group[0] in {"Health", "Other"}, group[0])))


def _contents(groups: Mapping[str, list[Node]]) -> Html:
    listed = [
        tag("li", tag("a", name, href=f"#{_slug(name)}"), tag("ul", *map(_entry, operations)))
        for name, operations in groups.items()
    ]
    types = tag("li", tag("a", "Types", href="#types"))
    return tag("nav", tag("ul", *listed, types), class_="toc", aria_label="Contents")


def _entry(operation: Node) -> Html:
    return tag("li", tag("a", operation["summary"], href=f"#{operation['operationId']}"))


def _group(name: str, operations: list[Node], schemas: Mapping[str, Node]) -> Html:
    return tag("section", tag("h2", name), *(_operation(op, schemas) for op in operations), id=_slug(name))


def _operation(operation: Node, schemas: Mapping[str, Node]) -> Html:
    method = operation["method"]
    heading = tag("h3", operation["summary"])
    label = tag("span", method, class_=f"method {method.lower()}")
    route = tag("p", label, " ", tag("code", operation["path"]), class_="route")
    about = tag("p", prose(operation.get("description", "")))
    parts = [heading, route, about, _right(operation), _parameters(operation), *_bodies(operation, schemas)]
    return tag("article", *parts, *_answers(operation, schemas), id=operation["operationId"])


def _right(operation: Node) -> Html:
    needed = [scope for entry in operation.get("security", ()) for scopes in entry.values() for scope in scopes]
    if not needed:
        return tag("p", "Needs no token.", class_="quiet")
    consents = [f"{detail['type']}/{detail['actions'][0]}" for detail in operation.get("x-authorization-details", ())]
    if not consents:
        return tag("p", "Needs the right ", tag("code", ", ".join(needed)), class_="quiet")
    given = " or ".join(consents)
    return tag(
        "p", "Needs the right ", tag("code", ", ".join(needed)), ", by the merchant's consent to ", tag("code", given),
        class_="quiet",
    )  # fmt: skip


def _parameters(operation: Node) -> Html:
    rows = [_parameter(parameter) for parameter in operation.get("parameters", ())]
    return join(tag("h4", "Parameters"), tag("dl", *rows, class_="fields")) if rows else Html("")


def _parameter(about: Node) -> Html:
    schema = {key: value for key, value in about.get("schema", {}).items() if key != "description"}
    required = about.get("required", False)
    return _row(about["name"], schema, required=required, about=about.get("description", ""), where=about["in"])


def _bodies(operation: Node, schemas: Mapping[str, Node]) -> Iterator[Html]:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content.get("schema", {})
        yield tag("h4", "Body ", tag("span", media_type, class_="quiet"))
        yield tag("p", _kind(schema))
        if media_type == "application/json":
            yield _sample(schema, schemas)


def _answers(operation: Node, schemas: Mapping[str, Node]) -> Iterator[Html]:
    for status, answer in operation["responses"].items():
        if status == "default":
            continue
        yield tag("h4", f"Answer {status}")
        for content in answer.get("content", {}).values():
            yield tag("p", _kind(content.get("schema", {})))
            yield _sample(content.get("schema", {}), schemas)
    problem, codes = tag("a", "Problem", href="#type-Problem"), tag("a", "error codes", href="/docs/errors")
    yield tag("p", "Anything else is a ", problem, "; see the ", codes, ".", class_="quiet")


def _sample(schema: Node, schemas: Mapping[str, Node]) -> Html:
    shown = example.of(schema, schemas)
    if shown is None:
        return Html("")
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    return tag("details", tag("summary", "Example"), tag("pre", tag("code", text), tabindex="0"))


def _type(name: str, schema: Node) -> Html:
    required = set(schema.get("required", ()))
    rows = [
        _row(field, about, required=field in required, about=about.get("description", ""))
        for field, about in schema.get("properties", {}).items()
    ]
    values = tag("p", *_spaced(tag("code", str(value)) for value in schema.get("enum", ())))
    about = tag("p", prose(schema.get("description", "")))
    body = tag("dl", *rows, class_="fields") if rows else values
    return tag("article", tag("h3", name), about, body, id=f"type-{name}")


def _row(name: str, schema: Node, *, required: bool, about: str, where: str = "") -> Html:
    marks = [tag("span", where, class_="quiet")] if where else []
    marks += [tag("span", "required", class_="must")] if required else []
    term = tag("dt", tag("code", name), " ", *_spaced(marks))
    return tag("div", term, tag("dd", _kind(schema), *_extra(schema, about)))


def _extra(schema: Node, about: str) -> Iterator[str]:
    limits = [f"{sign} {schema[key]}" for key, sign in _LIMITS if key in schema]
    if limits:
        yield tag("span", " " + ", ".join(limits), class_="quiet")
    if schema.get("default") is not None:
        yield tag("span", " default ", tag("code", json.dumps(schema["default"])), class_="quiet")
    if about:
        yield tag("p", prose(" ".join(about.split())))


def _kind(schema: Node) -> Html:
    """A type in words, with a link to it when it has a name."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return tag("a", name, href=f"#type-{name}")
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return join(*_between(" or ", [_kind(part) for part in schema[key]]))
    if schema.get("type") == "array":
        return join("array of ", _kind(schema.get("items", {})))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return join(*_between(" ", [tag("code", json.dumps(value)) for value in values]))
    kind = schema.get("type", "anything")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return safe(f"{words} ({schema['format']})" if "format" in schema else words)


def _between(mark: str, parts: list[Html]) -> Iterator[str]:
    for index, part in enumerate(parts):
        if index:
            yield mark
        yield part


def _spaced(parts: Any) -> Iterator[str]:
    for part in parts:
        yield part
        yield " "


def _slug(name: str) -> str:
    return "tag-" + "".join(c if c.isalnum() else "-" for c in name.lower())
