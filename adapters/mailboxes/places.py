"""Where a bank's files go and come from, as settings: plain values, for `msgspec.convert` from TOML by `kind`."""

from __future__ import annotations

import msgspec


class HttpPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="http", tag_field="kind"):
    """A file gateway over HTTP. Paths are added to `base_url` (no trailing slash).

    `user` and `password` are HTTP Basic.
    """

    base_url: str
    submit_path: str = "/payments"
    look_path: str = "/_mock/mailbox?leave"
    take_path: str = "/_mock/mailbox"
    put_back_path: str = "/_mock/mailbox/{number}/unread"
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Without the password: a traceback may show it."""
        return f"HttpPlace({self.base_url!r})"


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """The folders of a file exchange, ours to write and the bank's to write. All are made beforehand."""

    outgoing: str
    """Where the bank looks for our files."""
    incoming: str
    """Where the bank puts its own."""
    staging: str | None = None
    """Where a file is written before it is moved to `outgoing`, in the same file system; None = there, as `.….tmp`."""
    archive: str | None = None
    """Where acknowledged files go, named by message id; None = they are removed (the gateway keeps them encrypted)."""
    prefix: str = ""
    suffix: str | None = None
    """Around the names of our files, `<message id>-<hash>`, where the bank's filter wants it; None = `.xml`, `.txt`."""
    settle_seconds: int = 2
    """A file changed within so long may still be growing and waits; 0 only where the bank moves files into place."""
    max_files: int = 200
    """So many files are fetched at once, oldest first; the rest waits for the next time."""
    max_file_bytes: int = 8 * 1024 * 1024
    """A longer file is fetched only as far as shows that it is too long, is therefore refused, and is never removed."""


class DirectoryPlace(Folders, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="directory", tag_field="kind"):
    """Folders of this machine, or mounted on it; something else carries the files to the bank and back."""


class SftpPlace(Folders, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sftp", tag_field="kind"):
    """Folders at the bank's SFTP server, which must show one of `host_keys` and takes `username` with a private key."""

    host: str
    port: int = 22
    username: str
    private_key: str
    """In OpenSSH or PEM form, without a passphrase."""
    host_keys: tuple[str, ...]
    """The server's public keys as `ssh-ed25519 AAAA…`; two while the bank changes them. Nothing else is believed."""
    connect_ms: int = 15_000
    exchange_ms: int = 60_000
    """For one hand-over or one fetch, once connected."""

    def __repr__(self) -> str:
        """Without the key: a traceback may show it."""
        return f"SftpPlace({self.username!r}, {self.host!r}, {self.port})"


Transport = HttpPlace | DirectoryPlace | SftpPlace
"""Any of them, told apart by `kind`."""
