"""From a msgspec complaint to field errors: RFC 6901 pointer, stable code, plain words."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gateway.domain.errors import FieldError

_AT = re.compile(r"(?s)(?P<what>.*?)(?: - at `(?P<path>.*)`)?\Z")
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_NAMED = re.compile(r"Object (?P<fault>missing required|contains unknown) field `(?P<name>.*)`", re.DOTALL)
_GOT = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_WORDS = {"int": "an integer", "str": "a string", "object": "an object", "array": "an array", "bool": "true or false",
          "null": "null", "float": "a number with a fraction", "datetime": "an RFC 3339 instant", "date": "a date",
          "dict": "an object", "list": "an array", "NoneType": "null"}  # fmt: skip


def explain(error: msgspec.ValidationError, found: Any, kind: Any) -> list[FieldError]:
    """Everything wrong with `found` as `kind`: every faulty field of the outermost object, else the first fault."""
    if isinstance(found, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _each_field(found, kind) or [_one(str(error), "")]
    return [_one(str(error), "")]


def _each_field(found: dict[str, Any], kind: type[msgspec.Struct]) -> list[FieldError]:
    faults = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name not in found:
            if field.required:
                faults.append(FieldError(f"/{name}", "required", "is missing"))
            continue
        try:
            msgspec.convert(found[name], field.type)
        except msgspec.ValidationError as error:
            faults.append(_one(str(error), f"/{name}"))
    if kind.__struct_config__.forbid_unknown_fields:
        tag = kind.__struct_config__.tag_field
        unknown = [name for name in found if name not in fields and name != tag]
        faults += [FieldError(f"/{_escaped(name)}", "unknown_field", "is not a field of this") for name in unknown]
    return faults


def _one(message: str, prefix: str) -> FieldError:
    match = _AT.match(message)
    what, path = (match["what"], match["path"] or "$") if match else (message, "$")
    pointer = prefix + _pointer(path)
    if named := _NAMED.match(what):
        pointer += f"/{_escaped(named['name'])}"
        if named["fault"] == "missing required":
            return FieldError(pointer, "required", "is missing")
        return FieldError(pointer, "unknown_field", "is not a field of this")
    if got := _GOT.match(what):
        return FieldError(pointer, "wrong_type", f"must be {_word(got['wanted'])}, not {_word(got['got'])}")
    if what.startswith("Invalid enum value"):
        return FieldError(pointer, "unknown_value", "is not one of the values known here")
    return FieldError(pointer, "invalid_value", _plain(what))


def _pointer(path: str) -> str:
    steps = []
    for step in _STEP.finditer(path):
        part = step["name"] or step["index"]
        if part is None:  # msgspec does not name the key of a mapping: point at the mapping itself
            break
        steps.append(f"/{_escaped(part)}")
    return "".join(steps)


def _word(kind: str) -> str:
    return " or ".join(_WORDS.get(part.strip(), part.strip()) for part in kind.split("|"))


def _plain(what: str) -> str:
    """`Expected `str` of length <= 5` → `must be a string of length <= 5`."""
    if what.startswith("Expected `"):
        kind, _, rest = what.removeprefix("Expected `").partition("`")
        return f"must be {_word(kind)}{rest}"[:200]
    return (what[:1].lower() + what[1:])[:200]


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")
