"""A real SFTP server on loopback over a folder of the test's, which can be told to fail at a chosen moment."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import asyncssh

from adapters.mailboxes import SftpPlace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

USER = "gateway"


class Server:
    """What the server is and saw. `fault` is what the next operation named by it does: see `Files`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fault: str | None = None
        self.offered: list[str] = []
        self.port = 0
        self.host = asyncssh.generate_private_key("ssh-ed25519")
        self.client = asyncssh.generate_private_key("ssh-ed25519")

    @property
    def host_key(self) -> str:
        return self.host.export_public_key().decode().strip()

    def place(self) -> SftpPlace:
        """The server as a bank's settings name it."""
        return SftpPlace(
            outgoing="/out",
            incoming="/in",
            host="127.0.0.1",
            port=self.port,
            username=USER,
            private_key=self.client.export_private_key().decode(),
            host_keys=(self.host_key,),
        )

    def faulty(self, name: str) -> bool:
        """Whether this is the fault that was asked for; it happens once."""
        if self.fault != name:
            return False
        self.fault = None
        return True


class Login(asyncssh.SSHServer):
    """Lets in the one client key, and notes every key that is offered."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def begin_auth(self, username: str) -> bool:
        assert username == USER
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._server.offered.append(key.get_fingerprint())
        return username == USER and key.export_public_key() == self._server.client.export_public_key()


class Files(asyncssh.SFTPServer):
    """The folder, with the faults: the move is refused, made but denied, or cut off before or after it is made."""

    def __init__(self, channel: asyncssh.SSHServerChannel[Any], server: Server) -> None:
        super().__init__(channel, chroot=str(server.root).encode())
        self._server = server

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._server.faulty("refuse the move"):
            raise asyncssh.SFTPPermissionDenied("no")
        if self._server.faulty("hang up before the move"):
            self.channel.get_connection().abort()
            return
        super().rename(oldpath, newpath)
        if self._server.faulty("deny the move"):
            raise asyncssh.SFTPFailure("made, but not so")
        if self._server.faulty("hang up after the move"):
            self.channel.get_connection().abort()

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._server.faulty("never read"):
            file_obj.close()  # type: ignore[attr-defined]
            await asyncio.Event().wait()
        found = super().read(file_obj, offset, size)
        assert isinstance(found, bytes)
        if self._server.faulty("grow while read"):
            with open(file_obj.name, "ab") as grown:  # type: ignore[attr-defined]  # noqa: ASYNC230, PTH123
                grown.write(b"more")
        return found


@contextlib.asynccontextmanager
async def serving(root: Path) -> AsyncIterator[Server]:
    """The server, until the block ends."""
    server = Server(root)
    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: Login(server),
        server_host_keys=[server.host],
        sftp_factory=lambda channel: Files(channel, server),
        gss_host=None,
    )
    server.port = listener.get_port()
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()
