"""The shape of the banks' file, and every fault of it as a sentence that names the key. Knows no adapter.

Wherever a text is expected, `{ file = "…" }` stands for the contents of that file. A secret is never written into the
TOML itself, and its file is readable by its owner alone.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from gateway.bank_ports import Account
from gateway.domain import accounts
from gateway.domain.errors import Invalid
from gateway.settings import BadSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRETS = frozenset({"password", "private_key", "signing_key", "access_token", "bearer", "client_secret"})
_ID = re.compile(r"[a-z][a-z0-9_]{2,39}")
_Read = TypeVar("_Read")


class AccountEntry(Account, frozen=True, forbid_unknown_fields=True):
    """The bank's own account; see `gateway.bank_ports.Account`."""


class TlsEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Our client certificate towards the bank (PEM, with its chain), its key, and whose certificates we believe.

    `authorities_file` None = those that browsers believe.
    """

    certificate_file: str
    key_file: str
    authorities_file: str | None = None


class BankEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[bank]]`. `pays_out` and `collects` name the rail that does where several could."""

    id: str
    name: str
    account: AccountEntry
    rails: list[dict[str, Any]] = msgspec.field(name="rail")
    creditor_scheme_id: str = ""
    decision: dict[str, Any] | None = None
    pays_out: str | None = None
    collects: str | None = None
    tls: TlsEntry | None = None
    clock_url: str | None = None
    """Sandbox only: the address of a mock bank whose calendar moves with the gateway's."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bank: list[dict[str, Any]]


def read(text: str) -> list[BankEntry]:
    """The banks of a TOML text, secrets read from their files. Raises BadSettings."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"GATEWAY_BANKS is not TOML: {error}") from None
    found = []
    for number, bank in enumerate(converted(raw, _File, "GATEWAY_BANKS").bank, 1):
        about = f"bank {bank.get('id') or number}"
        found.append(_checked(converted(_filled(bank, about), BankEntry, about)))
    if not found:
        raise BadSettings("GATEWAY_BANKS names no [[bank]]")
    return found


def converted(raw: object, kind: type[_Read], about: str) -> _Read:
    """`raw` as a Struct. Raises BadSettings with where and what."""
    try:
        return msgspec.convert(raw, kind)
    except (msgspec.ValidationError, ValueError, Invalid) as error:
        raise BadSettings(f"{about}: {error}") from None


@contextmanager
def naming(about: str) -> Iterator[None]:
    """Whatever turns out to be unusable inside is told with what it is about."""
    try:
        yield
    except BadSettings as error:
        raise BadSettings(error.detail if error.detail.startswith("bank ") else f"bank {about}: {error}") from None
    except (ValueError, OSError, Invalid) as error:
        raise BadSettings(f"bank {about}: {error}") from None


def check_private(path: str) -> None:
    """Raise BadSettings unless a file with a secret is there and nobody but its owner can read it."""
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise BadSettings(f"{path} cannot be read ({error.strerror})") from None
    if mode & 0o077:
        raise BadSettings(f"{path} holds a secret and others can read it: chmod 600 {path}")


def check_https(value: object, about: str) -> None:
    """Raise BadSettings for a plain http address anywhere in `value`: live money goes over TLS."""
    if isinstance(value, str) and value.startswith("http://"):
        raise BadSettings(f"{about}: live mode needs https, not {value}")
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        check_https(child, f"{about}, {key}")


def _checked(entry: BankEntry) -> BankEntry:
    about = f"bank {entry.id}"
    if not _ID.fullmatch(entry.id):
        raise BadSettings(f"{about}: id has 3 to 40 lower case letters, digits and _, a letter first")
    account = entry.account
    if account.iban is None and account.other_id is None:
        raise BadSettings(f"{about}: account needs an iban or an other_id")
    if account.iban is not None and not accounts.is_valid_iban(account.iban):
        raise BadSettings(f"{about}: account.iban {account.iban} fails its check")
    if not entry.rails:
        raise BadSettings(f"{about}: it has no [[bank.rail]]")
    return entry


def _filled(value: Any, about: str, key: str = "") -> Any:
    """`value` with the contents of the files it names."""
    if isinstance(value, dict):
        if value.keys() == {"file"} and isinstance(value["file"], str):
            return _contents(value["file"], about, key)
        return {name: _filled(child, f"{about}, {name}", name) for name, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, about, key) for child in value]
    if key in SECRETS and value != "":
        raise BadSettings(f'{about}: a secret stays out of this file: write {key} = {{ file = "…" }}')
    return value


def _contents(path: str, about: str, key: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{about}: {path} cannot be read ({getattr(error, 'strerror', 'no text')})") from None
    if key in SECRETS or "PRIVATE KEY" in text:
        try:
            check_private(path)
        except BadSettings as error:
            raise BadSettings(f"{about}: {error.detail}") from None
    return text.strip()
