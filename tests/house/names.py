"""The domain is pure, and nothing is named after what it is made of instead of what it means."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from tests.house.files import PRODUCT, python, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EMPTY_NAME = re.compile(r"(?:Service|Manager|Helper|Helpers|Util|Utils|Base|Impl)$")
_PURE_LIBRARIES = {"msgspec", "gateway"}
_NUMBERS_ALLOWED_IN = {"anomalies.py", "evidence.py", "features.py", "observations.py", "paths.py", "tracking.py"}
# Standard library that reads the world, the clock or chance, or writes a log.
_IMPURE = {
    *("asyncio", "concurrent", "ctypes", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib"),
    *("random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile"),
    *("threading", "time", "urllib", "uuid", "warnings"),
}


def faults() -> list[str]:
    """Impure imports of the domain, then empty names."""
    impure = [f"{path}:{line} the domain imports {name}" for path, line, name in _domain_imports() if name in _IMPURE]
    strange = [
        f"{path}:{line} the domain imports {name}, neither the standard library nor msgspec"
        for path, line, name in _domain_imports()
        if name not in sys.stdlib_module_names | _PURE_LIBRARIES
        and not (name == "numpy" and path.name in _NUMBERS_ALLOWED_IN)
    ]
    return impure + strange + _empty_names()


def _domain_imports() -> Iterator[tuple[Path, int, str]]:
    for path in python("gateway"):
        if path.parts[1] == "domain":
            for node in ast.walk(ast.parse(text(path))):
                for name in _imported(node):
                    yield path, getattr(node, "lineno", 0), name.split(".")[0]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _empty_names() -> list[str]:
    return [
        f"{path}:{node.lineno} {node.name} says what it is made of, not what it means"
        for path in python(*PRODUCT)
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.ClassDef) and _EMPTY_NAME.search(node.name)
    ]
