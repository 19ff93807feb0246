"""`python -m tests.house`: every house rule, and how long files and functions are."""

from __future__ import annotations

import sys

from tests.house import locks, names, sizes, words


def main() -> int:
    """Print the report and the faults; 1 when there is a fault."""
    found = [fault for check in (words, locks, sizes, names) for fault in check.faults()]
    print(*sizes.report(), sep="\n")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"house rules: {len(found)} broken" if found else "house rules: kept")
    return 1 if found else 0


sys.exit(main())
