"""The programme that a command is asked to score or replay under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import programme_files
from gateway.domain.errors import Invalid
from gateway.domain.programmes import INVENTORY

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.domain.programmes import Programme


def read(path: Path | None) -> Programme:
    """The programme in a file, the built-in one without. Raises Invalid, or BadProgramme with every fault in it."""
    if path is None:
        return INVENTORY
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from None
    return programme_files.read(text)
