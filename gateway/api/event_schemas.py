"""The `webhooks` of the OpenAPI description: one entry an event of the catalogue, its `data` by type."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from gateway.domain.event_catalogue import EVENTS, EventKind

_REF = "#/components/schemas/"
_HEADERS = {
    "webhook-id": "The event's id: the same at every attempt, so that a repeat is known as one.",
    "webhook-timestamp": "Seconds since 1970 of this attempt; refuse one older than five minutes.",
    "webhook-signature": "One or more of `v1,<HMAC-SHA256>` and `v1a,<Ed25519>`, apart by spaces (Standard Webhooks).",
}


def described() -> dict[str, Any]:
    """Name → path item, for every event."""
    return {name: {"post": _operation(kind)} for name, kind in EVENTS.items()}


@cache
def components() -> dict[str, Any]:
    """The schemas that the entries refer to."""
    _, found = msgspec.json.schema_components({kind.data for kind in EVENTS.values()}, ref_template=_REF + "{name}")
    return {name: {key: value for key, value in schema.items() if key != "title"} for name, schema in found.items()}


def _operation(kind: EventKind) -> dict[str, Any]:
    return {
        "summary": kind.meaning.rstrip("."),
        "operationId": f"webhook_{kind.name.replace('.', '_')}",
        "tags": ["Webhooks"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": said, "schema": {"type": "string"}}
            for name, said in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _payload(kind)}}},
        "responses": {
            "2XX": {"description": "It was taken"},
            "410": {"description": "Nothing more is wanted: the endpoint is disabled"},
        },
    }


def _payload(kind: EventKind) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind.name},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"$ref": _REF + kind.data.__name__},
        },
    }
