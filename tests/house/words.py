"""No registry's address, no path of one machine, no open end in any tracked file."""

from __future__ import annotations

import re

from tests.house.files import text, tracked

# Written in pieces, so that this file does not find itself.
_REGISTRIES = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
    "crates" + ".io",
    "golang" + ".org",
    "debian" + ".org",
]
_PLACES = ["/" + place + "/" for place in ("work", "root", "farm", "opt/pypi", "tmp/x")]
_OPEN_ENDS = ["TO" + "DO", "FIX" + "ME", "HA" + "CK"]

_RULES = {
    "names a registry's address": re.compile("|".join(re.escape(name) for name in _REGISTRIES)),
    "names a path of one machine": re.compile(r"(?<![\w.+-])(?:" + "|".join(_PLACES) + ")"),
    "leaves an open end": re.compile(r"\b(?:" + "|".join(_OPEN_ENDS) + r")\b"),
}


def faults() -> list[str]:
    """`path:line names ...` for each breach."""
    found = []
    for path in tracked():
        for number, line in enumerate(text(path).splitlines(), start=1):
            found += [f"{path}:{number} {rule}" for rule, pattern in _RULES.items() if pattern.search(line)]
    return found
