"""The public shape of the whole API, kept in openapi.json so that a change of it is always seen.

`python -m tests.api.snapshot` writes the file again, and from it the calls of the Python client; the difference belongs
into the change that made it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gateway.api import health, openapi
from gateway.main import ROUTES, SANDBOX_ROUTES

FILE = Path(__file__).with_name("openapi.json")
CLIENT = Path(__file__).parents[2] / "sdk_py" / "generate.py"
ISSUER = "https://gateway.example"


def current() -> str:
    """The description of this version, as the file holds it."""
    described = openapi.describe([*ROUTES, *SANDBOX_ROUTES, health.live, health.ready], ISSUER)
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(current(), encoding="utf-8")
    subprocess.run([sys.executable, CLIENT], check=True)
