"""What the till's process is told when it starts, in one file that only its owner may read."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.demo.keys import Exported
from gateway.demo.receipts import Receipts

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"


class FileShop(msgspec.Struct, frozen=True):
    """A shop that lives on real receipts: until `as_of_on` they are its past, the others are sold day by day."""

    receipts: Receipts
    country: str
    as_of_on: date


class Plan(msgspec.Struct, frozen=True):
    """Whose client the till is, where everybody listens, and the real shop where there is one."""

    gateway_url: str
    bank_url: str
    port: int
    client_id: str
    key: Exported
    file_shop: FileShop | None = None

    @property
    def origin(self) -> str:
        """The till's own address, as a browser writes it."""
        return f"http://{HOST}:{self.port}"


def write(plan: Plan, path: Path) -> None:
    """Keep a plan in a new file; it holds a private key."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(msgspec.json.encode(plan))


def read(path: Path) -> Plan:
    """A plan as it was written."""
    return msgspec.json.decode(path.read_bytes(), type=Plan)
