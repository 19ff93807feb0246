"""JSON Schemas of what handlers take and give, made by msgspec: docstrings, defaults and closed objects included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from litestar import Response
from litestar.enums import RequestEncodingType

from gateway.api.strict_json import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

_REF = "#/components/schemas/"
_ANCHOR = re.compile(r"\\A|\\Z")
_GENERIC = re.compile(r"(?P<outer>[A-Z]\w*?)_(?P<inner>\w+)_")
_NOISE = [("deprecated", False), ("allowEmptyValue", False), ("allowReserved", False), ("headers", {})]


class Types:
    """The JSON Schemas of everything handlers take and give, with docstrings, defaults and closed objects."""

    def __init__(self, handlers: Sequence[Any]) -> None:
        """Look at what `handlers` take and give."""
        self._known = list(dict.fromkeys(kind for h in handlers for kind in (taken(h), given(h)) if kind is not None))
        schemas, components = msgspec.json.schema_components(self._known, ref_template=_REF + "{name}")
        self._schemas = renamed(list(schemas))
        self.components: dict[str, Any] = renamed(components)

    def schema(self, kind: Any) -> dict[str, Any]:
        """The schema of one of them: mostly a reference into `components`."""
        found: dict[str, Any] = self._schemas[self._known.index(kind)]
        return found


def taken(handler: Any) -> Any:
    """The type of a handler's JSON body (of a row, for a batch), None when it takes none."""
    field = handler.parsed_data_field
    if field is None or getattr(field.kwarg_definition, "media_type", None) != RequestEncodingType.JSON:
        return None
    return field.inner_types[0].annotation if is_batch(handler) else field.annotation


def given(handler: Any) -> Any:
    """The type of a handler's answer, None when it is empty or no JSON."""
    kind = handler.parsed_fn_signature.return_type.annotation
    if get_origin(kind) is Response:
        kind = get_args(kind)[0]
    return None if kind in {None, type(None), str, bytes, Any} else kind


def is_batch(handler: Any) -> bool:
    """Whether a handler takes `Rows` as its body."""
    return get_origin(handler.parsed_data_field.annotation) is Rows


def renamed(node: Any) -> Any:
    """`Page_Offer_`, msgspec's name for a generic type, becomes `OfferPage`; titles that only repeat the name go."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key != "title" or not isinstance(value, str)}
        return {_name(key): renamed(value) for key, value in kept.items()}
    if isinstance(node, list):
        return [renamed(part) for part in node]
    return _REF + _name(node.removeprefix(_REF)) if isinstance(node, str) and node.startswith(_REF) else node


def _name(key: str) -> str:
    match = _GENERIC.fullmatch(key)
    return match["inner"] + match["outer"] if match else key


def tidy(node: Any) -> Any:
    r"""Patterns in the dialect JSON Schema speaks (ECMA-262: `\A…\Z` becomes `^…$`), whole limits, no empty members."""
    if isinstance(node, list):
        return [tidy(part) for part in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if not isinstance(node, dict):
        return node
    return {
        name: _ANCHOR.sub(_anchor, value) if name == "pattern" and isinstance(value, str) else tidy(value)
        for name, value in node.items()
        if (name, value) not in _NOISE
    }


def _anchor(match: re.Match[str]) -> str:
    return "^" if match[0] == r"\A" else "$"
