"""What directories and SFTP have in common: names, which files are ready to be read, and how messages are known."""

from __future__ import annotations

import hashlib
import heapq
import re
from typing import TYPE_CHECKING, NamedTuple

from gateway.bank_ports import InboundMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.mailboxes.places import Folders

MAX_LISTED = 10_000
"""Entries of a folder that are looked at; a fuller one is worked off from what comes first."""
MAX_FETCH_BYTES = 64 * 1024 * 1024
"""What one fetch holds in memory at most, beside one more file."""
_NAME_LENGTH = 80
_STRANGE = re.compile(r"[^A-Za-z0-9._-]")
_SUFFIXES = {"application/xml": ".xml", "text/plain": ".txt"}
_NEVER_READ = (".tmp", ".part", ".filepart", ".writing", ".processing", ".refused")
REFUSED = ".refused"
"""Added to the name of a file too long to be read, where there is no archive to move it to."""


class Waiting(NamedTuple):
    """A regular file in the incoming folder; `changed_at` in seconds of the machine that holds it."""

    changed_at: float
    name: str
    size: int


def ready(files: Iterable[Waiting], place: Folders, now: float) -> list[Waiting]:
    """The files to read, oldest first, `place.max_files` at most: no one's temporary ones, none that may still grow.

    A time in the future is another machine's clock, not growth.
    """
    settled = (
        file
        for file in files
        if not file.name.startswith(".")
        and not file.name.lower().endswith(_NEVER_READ)
        and abs(now - file.changed_at) >= place.settle_seconds
    )
    return heapq.nsmallest(place.max_files, settled)


def message(name: str, body: bytes) -> InboundMessage:
    """A file as a message, known by name and content: another content under the same name is another message."""
    return InboundMessage(f"{_STRANGE.sub('_', name)[:_NAME_LENGTH]}-{digest(body)}", body)


def outgoing(reference: str, body: bytes, content_type: str, place: Folders) -> str:
    """The name of a file of ours: the same for the same bytes, whatever the reference has in it."""
    suffix = place.suffix if place.suffix is not None else _SUFFIXES[content_type]
    return f"{place.prefix}{_STRANGE.sub('_', reference)[:_NAME_LENGTH]}-{digest(body)}{suffix}"


def digest(body: bytes) -> str:
    """Sixteen hexadecimal digits of the content's hash."""
    return hashlib.sha256(body).hexdigest()[:16]
