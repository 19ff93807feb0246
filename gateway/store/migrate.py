"""Forward-only numbered migrations with checksums. One text for both engines.

A statement under the line `-- (postgres)` runs there alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.store.queries import Dialect

_FOLDER = Path(__file__).with_name("migrations")
_POSTGRES = "-- (postgres)"

LEDGER = "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)"
APPLIED = "SELECT number, checksum FROM migrations ORDER BY number"


class MigrationChanged(Conflict):
    """A migration that was applied here differs from the one in this version, or this version lacks it."""

    code = "migration_changed"
    title = "The database was migrated by another version"


class Migration(msgspec.Struct, frozen=True):
    """One numbered file."""

    number: int
    name: str
    statements: tuple[str, ...]
    checksum: str


def migrations(dialect: Dialect = "sqlite") -> list[Migration]:
    """Those of this version, in order, as `dialect` runs them; the checksum is that of the whole text."""
    return [_read(path, dialect) for path in sorted(_FOLDER.glob("*.sql"))]


def _read(path: Path, dialect: Dialect) -> Migration:
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line == _POSTGRES or not line.lstrip().startswith("--")]
    statements = [part.strip() for part in "\n".join(lines).split(";") if part.strip()]
    run = tuple(
        part.removeprefix(_POSTGRES).strip()
        for part in statements
        if dialect == "postgres" or not part.startswith(_POSTGRES)
    )
    return Migration(int(path.stem[:4]), path.stem[5:], run, hashlib.sha256(text.encode()).hexdigest())


async def migrate(
    applied: list[tuple[int, str]], execute: Callable[[str], Awaitable[object]], known: list[Migration]
) -> None:
    """Apply what is missing through `execute`, inside the caller's transaction."""
    checksums = {migration.number: migration.checksum for migration in known}
    for number, checksum in applied:
        if checksums.get(number) != checksum:
            raise MigrationChanged(f"migration {number} here is not the one of this version", number=number)
    done = {number for number, _ in applied}
    for migration in known:
        if migration.number in done:
            continue
        for statement in migration.statements:
            await execute(statement)
        await execute(
            "INSERT INTO migrations (number, name, checksum) VALUES "  # noqa: S608 - our own file names and digests
            f"({migration.number}, '{migration.name}', '{migration.checksum}')"
        )
