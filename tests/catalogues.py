"""docs/events.md and docs/errors.md, written from the code: `python -m tests.catalogues`."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import adapters
import gateway
from gateway.api import problems
from gateway.domain.event_catalogue import EVENTS, SILENT
from tests.house import files

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).parents[1] / "docs"
EVENTS_TOP = """# Events

Every change of a state writes its event in the same transaction. A partner reads them in one order at
`GET /v1/events?after=`, or has them sent to its webhook endpoints: `{type, timestamp, data}`, the same `data` in both.
It holds ids, codes, amounts in minor units and dates; never a bank account, a name or any other free text. What an
`id` stands for now is asked at its own address. `sequence` counts the events about one `id`, so that a late or
repeated one is seen as that. A receiver ignores a type and a field that it does not know.

This page is written from the code (`python -m tests.catalogues`); a test holds it current.
"""
ERRORS_TOP = """# Errors

Every refusal and every failure is `application/problem+json` (RFC 9457). `code` is stable and for programs, `detail`
is for a person, `type` is the address of the code on the gateway's own page `/docs/errors`. The other members of the
last column stand beside them; every one of them can be absent. Faults in a body are listed in `errors`, each with an
RFC 6901 `pointer`, a `code` and a `detail`.

What to do is in the status: 400 to 422 will not succeed as it stands; 409 may once the state is another; 429 and 503
after `Retry-After` seconds; after 500, 502 or no answer at all, repeat with the same `Idempotency-Key`.

This page is written from the code (`python -m tests.catalogues`); a test holds it current.
"""


def pages() -> dict[Path, str]:
    """The pages this version should have."""
    return {DOCS / "events.md": _events(), DOCS / "errors.md": _errors()}


def _events() -> str:
    parts = [EVENTS_TOP]
    for noun in dict.fromkeys(kind.noun for kind in EVENTS.values()):
        kinds = [kind for kind in EVENTS.values() if kind.noun == noun]
        parts += [f"\n## {noun}\n", _table(("event", "meaning"), ((f"`{one.name}`", one.meaning) for one in kinds))]
        for data in dict.fromkeys(one.data for one in kinds):
            of = [one.name for one in kinds if one.data is data]
            said = "`data`" if len(of) == len(kinds) else f"`data` of {', '.join(f'`{name}`' for name in of)}"
            parts.append(f"\n{said}: {' '.join((data.__doc__ or '').split())}\n")
            parts.append(_table(("field", "type", ""), _fields(data)))
    silent = ((f"`{state}`", why) for state, why in SILENT.items())
    return "".join([*parts, "\n## States that no event tells\n", _table(("state", "why"), silent)])


def _fields(data: type[msgspec.Struct]) -> Iterable[tuple[str, ...]]:
    schema = msgspec.json.schema(data)
    definitions = schema["$defs"]
    found = definitions[data.__name__]
    for name, field in found["properties"].items():
        optional = "" if name in found["required"] else "optional"
        yield f"`{name}`", _type(field, definitions), ", ".join(filter(None, (optional, field.get("description", ""))))


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return next(_type(one, definitions) for one in field["anyOf"] if one.get("type") != "null")
    if field["type"] == "array":
        return f"list of {_type(field['items'], definitions)}"
    if field["type"] == "string":
        texts = {r"\A[a-z]{3}_[0-9a-z]{1,32}\Z": "id", r"\A[A-Z]{3}\Z": "ISO 4217"}
        return texts.get(field.get("pattern", "")) or str(field.get("format", "code"))
    return str(field["type"])


def _errors() -> str:
    known()
    facts = _facts()
    rows = (
        (f"`{one.code}`", str(one.status), one.title, one.meaning, " ".join(f"`{name}`" for name in facts[one.code]))
        for one in problems.catalogue(("gateway", "adapters"))
    )
    return ERRORS_TOP + _table(("code", "status", "title", "when", "facts"), rows)


def known() -> None:
    """Import every module that could hold an error."""
    for package in (gateway, adapters):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def _facts() -> defaultdict[str, list[str]]:
    """Code → the facts that the places which raise it give with it."""
    kinds = {kind.__name__: kind.code for kind in problems.kinds()}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in files.python("gateway", "adapters"):
        for call in ast.walk(ast.parse(files.text(path))):
            if isinstance(call, ast.Call) and (code := kinds.get(ast.unparse(call.func).rpartition(".")[2])):
                found[code] |= {word.arg for word in call.keywords if word.arg not in {None, "errors"}}
    return defaultdict(list, {code: sorted(names) for code, names in found.items()})


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
