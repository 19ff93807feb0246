"""Settings: one frozen Struct read from `GATEWAY_*` variables, `GATEWAY_X_FILE` for a secret kept in a file.

The defaults run the sandbox with nothing set. An unknown `GATEWAY_` name is refused, so a typing error is not a
silent default. Live mode refuses plain http, a sandbox bank and generated keys.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "GATEWAY_"


class Mode(StrEnum):
    """What the gateway is for: a sandbox to try things in, or live money."""

    sandbox = "sandbox"
    live = "live"


class BadSettings(Invalid):
    """A setting is unknown, unreadable or not allowed in this mode."""

    code = "bad_settings"
    title = "The configuration is not usable"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an operator can choose. Variable `GATEWAY_DATABASE_URL` sets `database_url`, and so on."""

    mode: Mode = Mode.sandbox
    database_url: str = "sqlite:///restock.db"
    """`sqlite:///path` (one process owns the file) or `postgresql://user@host/name` (many replicas)."""
    data_dir: Path = Path(".restock")
    """Where keys made at the first start are kept, readable by their owner alone."""
    issuer: str = "http://localhost:8000"
    """Our own address as clients know it: the OAuth issuer and the start of every link we hand out.

    A name, because browsers make no passkeys for an IP address."""
    models_dir: Path = Path(__file__).resolve().parent.parent / "onnx_models"
    master_key: str | None = None
    """Base64 of 32 bytes that encrypt accounts, contacts, notices and bank messages; made in `data_dir` when absent
    (sandbox)."""
    banks: str | None = None
    """The banks that are connected, as TOML (docs/banks.md); the variables `GATEWAY_BANK_…` connect a single one."""
    bank_url: str | None = None
    bank_name: str = "Sandbox Bank"
    bank_account: str = "NL41MOCK0000000001"
    """IBAN of the account that pays drawdowns out and that repayments come back to."""
    bank_bic: str = "MOCKNL2AXXX"
    bank_creditor_id: str = "NL00ZZZ000000000000"
    """The bank's SEPA creditor identifier, under which repayments are debited."""
    verification_url: str | None = None
    """Where merchants are verified, https in live mode (docs/before-money.md); the sandbox verifies by rule."""
    verification_bearer: str | None = None
    """The bearer token it is asked with."""
    bank_poll_ms: int = 1_000
    """How often the bank's mailbox is read while something is expected from it."""
    clock_starts_at: datetime | None = None
    """Sandbox only: where the business clock of a fresh database starts."""
    access_token_seconds: int = 300
    trusted_proxies: str = ""
    """Addresses or networks, comma-separated, of the proxies whose X-Forwarded-For says where a request comes from;
    without them all clients behind a proxy share one address, and what failed attempts from it lock."""
    client_requests_per_minute: int = 12_000
    """How often a client may ask a process's OAuth endpoints: a token a minute for each of 12,000 shops."""
    token_requests_per_minute: int = 60_000
    """How often a client may ask a process with its tokens, for all merchants together."""
    merchant_requests_per_minute: int = 3_000
    """How often it may ask for one merchant; a request can carry 10,000 sales."""
    partner_draws_24h_count: int = 2_000
    """The most draws all shops of one partner together confirm in any 24 hours."""
    partner_draws_24h_caps: int = 200
    """The most money they draw in any 24 hours, in each currency: so many times the programme's cap for one shop."""
    log_format: str = "auto"
    """`json`, `pretty`, or `auto` (pretty on a terminal)."""
    log_level: str = "info"
    drain_seconds: int = 30
    postgres_pool_count: int = 8

    @property
    def address(self) -> str:
        """`issuer` without a slash at its end: what a path is put behind."""
        return self.issuer.rstrip("/")

    @property
    def origin(self) -> str:
        """Our own origin, as a browser says it: the issuer's scheme and host, and its port unless it is the default."""
        found = urlsplit(self.issuer)
        default = {"https": 443, "http": 80}.get(found.scheme)
        port = "" if found.port in {None, default} else f":{found.port}"
        host = found.hostname or ""
        return f"{found.scheme}://{f'[{host}]' if ':' in host else host}{port}"

    @property
    def sandbox(self) -> bool:
        """Whether the sandbox's routes and rules are there."""
        return self.mode is Mode.sandbox

    @property
    def shared_database(self) -> bool:
        """Whether other processes may write to the same database: not so on SQLite, whose file one process owns."""
        return not self.database_url.startswith("sqlite:")


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`; raises BadSettings naming the variable."""
    values = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in Settings.__struct_fields__ and field.endswith("_file"):
            field, value = field.removesuffix("_file"), _read(name, value)  # noqa: PLW2901
        if field not in Settings.__struct_fields__:
            raise BadSettings(f"{name} is not a setting; see `gateway settings`", name=name)
        values[field] = value
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        raise BadSettings(str(error)) from None
    _check(settings)
    return settings


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSettings(f"{name}: {path} cannot be read ({error.strerror})", name=name) from None


def _check(settings: Settings) -> None:
    if settings.clock_starts_at is not None and settings.clock_starts_at.tzinfo is None:
        raise BadSettings("GATEWAY_CLOCK_STARTS_AT needs an offset, such as a Z at its end")
    if settings.banks is not None and settings.bank_url is not None:
        raise BadSettings("GATEWAY_BANKS connects the banks: leave GATEWAY_BANK_URL away")
    if settings.sandbox:
        return
    if not settings.issuer.startswith("https://"):
        raise BadSettings("live mode needs an https GATEWAY_ISSUER")
    if settings.verification_url is not None and not settings.verification_url.startswith("https://"):
        raise BadSettings("live mode needs an https GATEWAY_VERIFICATION_URL")
    if settings.master_key is None:
        raise BadSettings("live mode needs GATEWAY_MASTER_KEY or GATEWAY_MASTER_KEY_FILE")
    if settings.clock_starts_at is not None:
        raise BadSettings("GATEWAY_CLOCK_STARTS_AT is for the sandbox: live money keeps real time")
    if settings.banks is None and not (settings.bank_url or "").startswith("https://"):
        raise BadSettings("live mode needs GATEWAY_BANKS or GATEWAY_BANKS_FILE, or an https GATEWAY_BANK_URL")
