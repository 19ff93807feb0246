"""How long files and functions are: hard limits, and the medians we aim at."""

from __future__ import annotations

import ast
import statistics

from tests.house.files import PRODUCT, python, text

FILE_LIMIT = 400
FUNCTION_LIMIT = 60
_MADE = "# Made by "
"""How a generated file begins."""


def faults() -> list[str]:
    """Files and functions over the hard limits."""
    files = [f"{name} has {n} lines (limit {FILE_LIMIT})" for name, n in _files() if n > FILE_LIMIT]
    functions = [f"{name} has {n} lines (limit {FUNCTION_LIMIT})" for name, n in _functions() if n > FUNCTION_LIMIT]
    return files + functions


def report() -> list[str]:
    """One line each for files and functions of the product and of the tests."""
    lines = []
    for title, tops in (("product", PRODUCT), ("tests", ("tests",))):
        lines.append(_line(f"{title} files", [n for _, n in _files(*tops)], "aim 100 / 250, hard 400"))
        lines.append(_line(f"{title} functions", [n for _, n in _functions(*tops)], "aim 10 / 30, hard 60"))
    return lines


def _line(title: str, lengths: list[int], aim: str) -> str:
    if len(lengths) < 2:  # quantiles need two
        return f"{title}: {len(lengths)}"
    p90 = statistics.quantiles(lengths, n=10, method="inclusive")[-1]
    figures = f"median {statistics.median(lengths):.0f}, p90 {p90:.0f}, longest {max(lengths)}"
    return f"{title}: {len(lengths)}, {figures} lines ({aim})"


def _files(*tops: str) -> list[tuple[str, int]]:
    """Of files that a person writes."""
    lines = {str(path): text(path).splitlines() for path in python(*tops)}
    return [(name, len(found)) for name, found in lines.items() if not found or not found[0].startswith(_MADE)]


def _functions(*tops: str) -> list[tuple[str, int]]:
    """`file:line name` and length from `def` to the last line; a port's promise without a body is not counted."""
    found = []
    for path in python(*tops):
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_promise(node):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                found.append((f"{path}:{node.lineno} {node.name}", length))
    return found


def _is_promise(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in node.body)
