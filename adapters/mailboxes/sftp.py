"""A bank behind two folders of an SFTP server. Only the configured host keys are believed, only one key is offered.

Each exchange connects anew: a bank's poller is slow beside it, and no connection is ever found dead half-way.
"""

from __future__ import annotations

import asyncio
import contextlib
import stat
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

import asyncssh

from adapters.mailboxes import files
from adapters.mailboxes.files import MAX_FETCH_BYTES, MAX_LISTED, Waiting
from gateway.bank_ports import Ack, InboundMessage, Unanswered, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.mailboxes.places import SftpPlace

_FAILURES = (OSError, asyncssh.Error, TimeoutError)


class SftpMailbox:
    """Implements `adapters.mailboxes.Mailbox`. Raises ValueError for a key that is none."""

    def __init__(self, place: SftpPlace) -> None:
        self._place = place
        self._key = asyncssh.import_private_key(place.private_key)
        self._host_keys = [asyncssh.import_public_key(key) for key in place.host_keys]
        if not self._host_keys:
            raise ValueError("host_keys names none: no server could be believed")
        self._outgoing, self._incoming = PurePosixPath(place.outgoing), PurePosixPath(place.incoming)
        self._staging = PurePosixPath(place.staging or place.outgoing)

    async def submit(self, message: bytes, content_type: str, reference: str) -> Ack:
        """Put the file where the bank looks; one that is there already is this one."""
        name = files.outgoing(reference, message, content_type, self._place)
        temporary, final = self._staging / f".{name}.tmp", self._outgoing / name
        moving = False
        try:
            async with self._session() as sftp:
                if await sftp.exists(final):
                    return Ack(accepted=True)
                await _write(sftp, temporary, message)
                moving = True
                return await _moved(sftp, temporary, final)
        except _FAILURES as error:
            if moving:
                raise Unanswered(f"the file may be in place: {_told(error)}") from error
            raise Unreachable(f"the file could not be written: {_told(error)}") from error

    async def fetch(self) -> list[InboundMessage]:
        """The files that are complete, left where they are."""
        try:
            async with self._session() as sftp:
                return [message async for _, message in self._read(sftp)]
        except _FAILURES as error:
            raise Unreachable(f"the bank's folder cannot be read: {_told(error)}") from error

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Move or remove the files of these messages, as far as they still say the same."""
        known = set(message_ids)
        try:
            async with self._session() as sftp:
                for path, message in [found async for found in self._read(sftp)]:
                    if message.message_id in known:
                        await self._put_away(sftp, path, message)
        except _FAILURES as error:
            raise Unreachable(f"the bank's folder cannot be cleared: {_told(error)}") from error

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """A connection for one exchange that takes nothing from this machine's user: no agent, no files of `~/.ssh`."""
        place = self._place
        connection = await asyncssh.connect(
            place.host,
            place.port,
            username=place.username,
            client_keys=[self._key],
            known_hosts=(self._host_keys, [], []),
            config=None,
            agent_path=None,
            x509_trusted_certs=None,
            gss_host=None,
            preferred_auth="publickey",
            compression_algs=None,
            connect_timeout=place.connect_ms / 1000,
        )
        # Hanging up ends every wait at once; a cancelled one would still wait for the server's word on closing a file.
        deadline = asyncio.get_running_loop().call_later(place.exchange_ms / 1000, connection.abort)
        try:
            yield await connection.start_sftp_client(path_errors="surrogateescape")
        finally:
            deadline.cancel()
            connection.abort()
            with contextlib.suppress(*_FAILURES):
                await connection.wait_closed()

    async def _put_away(self, sftp: asyncssh.SFTPClient, path: PurePosixPath, message: InboundMessage) -> None:
        if self._place.archive is not None:
            await sftp.rename(path, PurePosixPath(self._place.archive) / message.message_id)
        elif len(message.body) > self._place.max_file_bytes:
            await sftp.rename(path, path.with_name(path.name + files.REFUSED))
        else:
            await sftp.remove(path)

    async def _read(self, sftp: asyncssh.SFTPClient) -> AsyncIterator[tuple[PurePosixPath, InboundMessage]]:
        total = 0
        for file in files.ready(await self._listed(sftp), self._place, time.time()):
            path = self._incoming / file.name
            body = await self._body(sftp, path, file)
            if body is not None:
                yield path, files.message(file.name, body)
                total += len(body)
            if total > MAX_FETCH_BYTES:
                return

    async def _listed(self, sftp: asyncssh.SFTPClient) -> list[Waiting]:
        found: list[Waiting] = []
        async for entry in sftp.scandir(self._incoming):
            name, about = str(entry.filename), entry.attrs
            if "/" not in name and stat.S_ISREG(about.permissions or 0):
                found.append(Waiting(about.mtime or 0, name, about.size or 0))
            if len(found) >= MAX_LISTED:
                break
        return found

    async def _body(self, sftp: asyncssh.SFTPClient, path: PurePosixPath, file: Waiting) -> bytes | None:
        """The whole file, or None when it is gone or changes while it is read."""
        try:
            async with sftp.open(path, "rb") as opened:
                body = cast("bytes", await opened.read(self._place.max_file_bytes + 1))
                after = await opened.stat()
        except asyncssh.SFTPNoSuchFile:
            return None
        return body if (after.mtime or 0, after.size or 0) == (file.changed_at, file.size) else None


async def _write(sftp: asyncssh.SFTPClient, path: PurePosixPath, body: bytes) -> None:
    """The bytes at the server, on its disk where it can be asked for that."""
    async with sftp.open(path, "wb") as opened:
        await opened.write(body)
        with contextlib.suppress(asyncssh.SFTPOpUnsupported):
            await opened.fsync()


async def _moved(sftp: asyncssh.SFTPClient, temporary: PurePosixPath, final: PurePosixPath) -> Ack:
    """The file in its place. A server that refuses the move has not made it, unless the file is there all the same."""
    try:
        await sftp.rename(temporary, final)
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection):
        raise
    except asyncssh.SFTPError as error:
        if await sftp.exists(final):
            return Ack(accepted=True)
        if await sftp.exists(temporary):
            raise Unreachable(f"the server did not move the file into place: {_told(error)}") from error
        raise
    return Ack(accepted=True)


def _told(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:200]
