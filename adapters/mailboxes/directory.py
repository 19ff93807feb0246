"""A bank behind two folders: a file appears in one complete or not at all, and is taken from the other after use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.mailboxes import files
from adapters.mailboxes.files import MAX_FETCH_BYTES, MAX_LISTED, Waiting
from gateway.bank_ports import Ack, InboundMessage, Unanswered, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.mailboxes.places import DirectoryPlace

_MODE = 0o640
"""Ours to write, for the group to read: what carries the files to the bank is often another user."""


class DirectoryMailbox:
    """Implements `adapters.mailboxes.Mailbox`."""

    def __init__(self, place: DirectoryPlace) -> None:
        self._place = place
        self._outgoing, self._incoming = Path(place.outgoing), Path(place.incoming)
        self._staging = Path(place.staging or place.outgoing)

    async def submit(self, message: bytes, content_type: str, reference: str) -> Ack:
        """Put the file where the bank looks; one that is there already is this one."""
        name = files.outgoing(reference, message, content_type, self._place)
        return await asyncio.to_thread(self._submit, message, name)

    async def fetch(self) -> list[InboundMessage]:
        """The files that are complete, left where they are."""
        return await asyncio.to_thread(self._fetch)

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Move or remove the files of these messages, as far as they still say the same."""
        await asyncio.to_thread(self._acknowledge, frozenset(message_ids))

    def _submit(self, message: bytes, name: str) -> Ack:
        temporary, final = self._staging / f".{name}.tmp", self._outgoing / name
        try:
            if final.exists():
                return Ack(accepted=True)
            _write(temporary, message)
        except OSError as error:
            raise Unreachable(f"the file could not be written: {error.strerror}") from error
        try:
            temporary.rename(final)
            _flush_folder(self._outgoing)
        except OSError as error:
            # On a network's file system a move may be reported failed though it was made.
            if temporary.exists() and not final.exists():
                raise Unreachable(f"the file could not be moved into place: {error.strerror}") from error
            raise Unanswered(f"the file may be in place: {error.strerror}") from error
        return Ack(accepted=True)

    def _fetch(self) -> list[InboundMessage]:
        try:
            return [message for _, message in self._read()]
        except OSError as error:
            raise Unreachable(f"the bank's folder cannot be read: {error.strerror}") from error

    def _acknowledge(self, message_ids: frozenset[str]) -> None:
        try:
            for path, message in list(self._read()):
                if message.message_id in message_ids:
                    self._put_away(path, message)
        except OSError as error:
            raise Unreachable(f"the bank's folder cannot be cleared: {error.strerror}") from error

    def _put_away(self, path: Path, message: InboundMessage) -> None:
        if self._place.archive is not None:
            path.rename(Path(self._place.archive) / message.message_id)
        elif len(message.body) > self._place.max_file_bytes:
            path.rename(path.with_name(path.name + files.REFUSED))
        else:
            path.unlink()

    def _read(self) -> Iterator[tuple[Path, InboundMessage]]:
        total = 0
        for file in files.ready(self._listed(), self._place, time.time()):
            path = self._incoming / file.name
            body = self._body(path, file)
            if body is not None:
                yield path, files.message(file.name, body)
                total += len(body)
            if total > MAX_FETCH_BYTES:
                return

    def _listed(self) -> Iterator[Waiting]:
        with os.scandir(self._incoming) as entries:
            for entry in islice(entries, MAX_LISTED):
                with contextlib.suppress(FileNotFoundError):  # taken by somebody else meanwhile
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(found.st_mode):
                        yield Waiting(found.st_mtime, entry.name, found.st_size)

    def _body(self, path: Path, file: Waiting) -> bytes | None:
        """The whole file, or None when it is gone or changes while it is read."""
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as opened:
                body = opened.read(self._place.max_file_bytes + 1)
                after = os.fstat(opened.fileno())
        except FileNotFoundError:
            return None
        return body if (after.st_mtime, after.st_size) == (file.changed_at, file.size) else None


def _write(path: Path, body: bytes) -> None:
    """The bytes on the disk, not only in its cache. A file left there by a crash is written again from its start."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(body)
        opened.flush()
        os.fsync(opened.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
