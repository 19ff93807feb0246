"""An example value for a schema: the one its author gave, else one made from the types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_REF = "#/components/schemas/"
_MAX_DEPTH = 6
_BY_FORMAT = {"date-time": "2026-11-02T09:30:00Z", "date": "2026-11-02", "time": "04:00:00",
              "uri": "https://gateway.example/"}  # fmt: skip


def of(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """An example that fits `schema`, None when there is nothing to show."""
    if schema.get("examples"):
        found = schema["examples"]
        first = found[0] if isinstance(found, list) else next(iter(found.values()))
        return first.get("value", first) if isinstance(first, dict) and set(first) <= {"value", "summary"} else first
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if depth > _MAX_DEPTH:
        return None
    if "$ref" in schema:
        return of(schemas.get(schema["$ref"].removeprefix(_REF), {}), schemas, depth + 1)
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return of(next((s for s in schema[key] if s.get("type") != "null"), {}), schemas, depth + 1)
    return _by_type(schema, schemas, depth)


def _by_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((part for part in kind if part != "null"), None)
    if kind == "object":
        return {name: of(part, schemas, depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        inner = of(schema.get("items", {}), schemas, depth + 1)
        return [] if inner is None else [inner]
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", ""), "…")
    return {"integer": schema.get("minimum", 0), "number": 0.0, "boolean": False}.get(str(kind))
