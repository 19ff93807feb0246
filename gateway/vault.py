"""Field encryption: AES-256-GCM, a key id in front, the field's place as associated data.

A ciphertext moved to another row does not decrypt. The key comes from `GATEWAY_MASTER_KEY`, or is made at the first
start in `data_dir/master.key`, readable by its owner alone: back it up, without it bank accounts cannot be read.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.domain.errors import Conflict
from gateway.settings import BadSettings

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = b"\x01"
FILE = "master.key"


class Sealed(Conflict):
    """A ciphertext does not open: another key, another place, or changed bytes."""

    code = "field_unreadable"
    title = "A protected field cannot be read"


class Vault:
    """Seals and unseals with one key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._key = key

    def derive(self, purpose: str) -> bytes:
        """A key of its own for `purpose`, the same wherever the master key is (HKDF, RFC 5869)."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)

    def seal(self, plain: bytes, context: str) -> bytes:
        """Key id, nonce, ciphertext."""
        nonce = os.urandom(NONCE_BYTES)
        return KEY_ID + nonce + self._aead.encrypt(nonce, plain, KEY_ID + context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """The plain bytes; raises Sealed."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, bytes(body), sealed[:1] + context.encode())
        except (InvalidTag, ValueError):  # ValueError: cut short, even inside the nonce
            raise Sealed("a protected field was sealed with another key, or moved, or changed") from None


def load(settings: Settings) -> Vault:
    """The vault of this installation; raises BadSettings for a key that is no key."""
    text = settings.master_key or _own(settings.data_dir / FILE)
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and so is a key with letters beyond ASCII
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings("GATEWAY_MASTER_KEY must be 32 bytes in base64, as `openssl rand -base64 32` prints them")
    return Vault(key)


def _own(path: Path) -> str:
    """The key kept in `path`, made at the first start. It appears whole or not at all, and only once.

    A crash, or a second process starting at the same moment, must never leave a half-written key, or two keys.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        _sync(path.parent)
    return path.read_text(encoding="ascii").strip()


def _sync(folder: Path) -> None:
    """Make the folder's entries survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
