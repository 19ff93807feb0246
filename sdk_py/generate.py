"""Writes types.py, resources.py and async_resources.py of the client from the gateway's OpenAPI description.

`python sdk_py/generate.py`; a test makes them again and compares, so that the client cannot drift.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DESCRIPTION = HERE.parent / "tests" / "api" / "openapi.json"
_REF = "#/components/schemas/"
_OTHERS = frozenset({"authorization", "discovery", "health", "inbound", "oauth", "streams"})
"""Not a partner's calls: OAuth itself is `Restock.ask` and `redeem`, the rest is for banks and machines."""
_OTHER_CALLS = frozenset({"sources_event", "widget_token"})
_TWO_WORDS = ("loan_statements",)
"""Resources of two words; of the others the first word is the name."""
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_WIDTH = 116
_MADE = "# Made by sdk_py/generate.py from the gateway's description.\n"


def main() -> None:
    """Write the three files."""
    for name, text in made(json.loads(DESCRIPTION.read_text(encoding="utf-8"))).items():
        (HERE / "restock" / name).write_text(text, encoding="utf-8")


def made(description: dict[str, Any]) -> dict[str, str]:
    """The text of each generated file."""
    calls = list(_calls(description))
    used = _used(description, calls)
    plain = {
        "types.py": _types(description, used),
        "resources.py": _resources(calls, "{}", "waiting for each answer"),
        "async_resources.py": _resources(calls, "Awaitable[{}]", "to be awaited"),
    }
    return {name: _formatted(text) for name, text in plain.items()}


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "-"]
    return subprocess.run(command, cwd=HERE.parent, input=text, text=True, check=True, capture_output=True).stdout  # noqa: S603 - our own words


def type_name(name: str) -> str:
    """`gateway.domain.sales.Line`, a name that two types have, becomes `SalesLine`."""
    *path, last = name.split(".")
    return (path[-1].title().replace("_", "") if path else "") + last


def annotation(schema: dict[str, Any]) -> str:
    """A schema as a Python type."""
    if reference := schema.get("$ref"):
        return type_name(reference.removeprefix(_REF))
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if either := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(annotation(one) for one in either))
    kind = schema.get("type")
    if kind == "array":
        return f"list[{annotation(schema.get('items') or {})}]" if "prefixItems" not in schema else "list[Any]"
    if kind == "object" or "properties" in schema:
        inner = schema.get("additionalProperties")
        return f"dict[str, {annotation(inner) if isinstance(inner, dict) else 'Any'}]"
    return _PLAIN.get(kind or "", "Any")


class Operation:
    """One call: the name of its resource and its own, and what it takes and gives."""

    def __init__(self, method: str, path: str, described: dict[str, Any]) -> None:
        """What the description says of it."""
        name = described["operationId"]
        two_words = next((noun for noun in _TWO_WORDS if name.startswith(f"{noun}_")), None)
        self.noun: str = two_words or name.partition("_")[0]
        self.verb: str = name.removeprefix(f"{self.noun}_")
        self.method, self.path, self.summary = method.upper(), path, described.get("summary", self.verb)
        self.described = described

    @property
    def body(self) -> tuple[str, str] | None:
        """(argument, type) of what is sent: rows where a batch is taken."""
        content = self.described.get("requestBody", {}).get("content", {})
        if rows := content.get("application/x-ndjson"):
            return "rows", f"Iterable[{_in_types(annotation(rows['schema']))}]"
        if not (sent := content.get("application/json")):
            return None
        wanted = _in_types(annotation(sent["schema"]))
        return "body", wanted if self.described["requestBody"].get("required", True) else f"{wanted} | None"

    @property
    def answer(self) -> str:
        """The type of what comes back."""
        for status, answer in self.described["responses"].items():
            if status.startswith("2") and (content := answer.get("content", {}).get("application/json")):
                return _in_types(annotation(content["schema"]))
        return "None"

    def method_text(self, wrapped: str) -> str:
        """Its method."""
        described = self.described.get("parameters", [])
        inside = [p["name"] for p in described if p["in"] == "path"]
        asked = [p for p in described if p["in"] == "query"]
        keyed = any(p["name"] == "Idempotency-Key" for p in described)
        takes = ["self", *(f"{name}: str" for name in inside)]
        takes += [f"{self.body[0]}: {self.body[1]}"] if self.body else []
        named = [f"{_safe(p['name'])}: {_optional(_in_types(annotation(p['schema'])))} = None" for p in asked]
        named += ["idempotency_key: str | None = None"] if keyed else []
        takes += ["*", *named] if named else []
        path = re.sub(r"{(\w+)}", r"{_part(\1)}", self.path)
        gives = [repr(self.method).replace("'", '"'), f'{"f" if inside else ""}"{path}"']
        if asked:
            gives.append("query={" + ", ".join(f'"{p["name"]}": {_safe(p["name"])}' for p in asked) + "}")
        gives += [f"{self.body[0]}={self.body[0]}"] if self.body else []
        gives += ["key=idempotency_key or new_key()"] if keyed else []
        about = textwrap.fill(f'"""{self.summary}."""', _WIDTH - 8, subsequent_indent=" " * 8)
        call = f"Call({', '.join(gives)})"
        return (
            f"    def {_safe(self.verb)}({', '.join(takes)}) -> {wrapped.format(self.answer)}:\n"
            f"        {about}\n"
            f"        return cast({wrapped.format(self.answer)!r}, self._ask({call}))\n"
        )


def _calls(description: dict[str, Any]) -> list[Operation]:
    found = [
        Operation(method, path, described)
        for path, item in description["paths"].items()
        for method, described in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
        and described["operationId"] not in _OTHER_CALLS
        and described["operationId"].partition("_")[0] not in _OTHERS
    ]
    return sorted(found, key=lambda one: (one.noun, one.verb))


def _used(description: dict[str, Any], calls: list[Operation]) -> set[str]:
    """The schemas that the calls take or give, and those these are made of; webhooks' payloads too."""
    schemas = description["components"]["schemas"]
    waiting = [json.dumps(one.described) for one in calls] + [json.dumps(description.get("webhooks", {}))]
    used: set[str] = set()
    while waiting:
        for name in re.findall(rf'"{_REF}([^"]+)"', waiting.pop()):
            if name not in used:
                used.add(name)
                waiting.append(json.dumps(schemas[name]))
    return used


def _types(description: dict[str, Any], used: set[str]) -> str:
    parts = [
        f'{_MADE}"""What goes to the gateway and comes back, as it stands in JSON."""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import Any, Literal, NotRequired, TypedDict\n"
    ]
    schemas = description["components"]["schemas"]
    parts += [_type(type_name(name), schemas[name]) for name in sorted(used, key=type_name)]
    return "\n\n".join(parts)


def _type(name: str, schema: dict[str, Any]) -> str:
    about = " ".join(schema.get("description", "").split()).replace("\\", "\\\\")
    if "properties" not in schema:
        return f"{name} = {annotation(schema)}\n" + (f'"""{_wrapped(about, 0)}"""\n' if about else "")
    fields = {key: annotation(value) for key, value in schema["properties"].items()}
    needed = set(schema.get("required", []))
    if not all(key.isidentifier() and not keyword.iskeyword(key) for key in fields):
        inside = ", ".join(f"{key!r}: {value}" for key, value in fields.items())
        return f"{name} = TypedDict({name!r}, {{{inside}}}, total=False)\n"
    lines = [f"class {name}(TypedDict):", f'    """{_wrapped(about or name, 4)}"""', ""]
    lines += [f"    {key}: {value if key in needed else f'NotRequired[{value}]'}" for key, value in fields.items()]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, indent: int) -> str:
    return textwrap.fill(text, _WIDTH - indent, subsequent_indent=" " * indent)


def _resources(calls: list[Operation], wrapped: str, how: str) -> str:
    nouns = sorted({one.noun for one in calls})
    awaits = "Awaitable" in wrapped
    lines = [
        f'{_MADE}"""Every call by its resource, {how}. Raises Problem or Unreachable."""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import TYPE_CHECKING, Any, Literal, cast\nfrom urllib.parse import quote\n\n"
        "from restock.calls import Call, new_key\n\n"
        "if TYPE_CHECKING:\n"
        f"    from collections.abc import {'Awaitable, ' if awaits else ''}Callable, Iterable\n\n"
        "    from restock import types\n\n\n"
        "def _part(name: str) -> str:\n"
        '    """A name as one part of an address."""\n    return quote(name, safe="")\n\n\n'
        "class _Resource:\n"
        "    def __init__(self, ask: Callable[[Call], Any]) -> None:\n        self._ask = ask\n"
    ]
    for noun in nouns:
        methods = "\n".join(one.method_text(wrapped) for one in calls if one.noun == noun)
        lines.append(f'class {_title(noun)}(_Resource):\n    """Calls about {noun.replace("_", " ")}."""\n\n{methods}')
    held = "\n".join(f"        self.{noun} = {_title(noun)}(ask)" for noun in nouns)
    lines.append(
        'class Resources:\n    """Every resource of the gateway."""\n\n'
        f'    def __init__(self, ask: Callable[[Call], Any]) -> None:\n        """`ask` does a call."""\n{held}\n'
    )
    return "\n\n".join(lines)


def _title(noun: str) -> str:
    return noun.title().replace("_", "")


def _in_types(name: str) -> str:
    """An annotation with its types named by their module."""
    own = {"Any", "Literal", "None"}
    return re.sub(r"'[^']*'|\b[A-Z]\w*", lambda m: m[0] if m[0] in own or m[0][0] == "'" else f"types.{m[0]}", name)


def _optional(name: str) -> str:
    return name if name.endswith("None") else f"{name} | None"


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name == "type" else name


if __name__ == "__main__":
    main()
