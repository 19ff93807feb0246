"""Logs: one JSON object a line (or a readable line on a terminal) to standard error, allow-listed keys only.

No body, header, name, account, token or query string is ever logged: a key that is not in `KEYS` is dropped, and a
crash is logged by its type and frames, without its message, which may quote data (the message comes at level debug).
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

# structlog draws tracebacks with rich where that is installed. We never do, and its import is a sixth of our start.
_WITHOUT_RICH: dict[str, Any] = {} if "rich" in sys.modules else {"rich": None}
sys.modules.update(_WITHOUT_RICH)
import structlog  # noqa: E402

for _name in _WITHOUT_RICH:
    del sys.modules[_name]

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from gateway.settings import Settings

KEYS = frozenset({
    "event", "level", "timestamp", "logger", "message",
    "request_id", "method", "route", "status", "duration_ms", "bytes_in", "bytes_out", "client_id", "partner_id",
    "merchant_id", "code", "replayed", "rows_count",
    "job_id", "job_kind", "attempt_count", "outcome", "drawdown_id", "offer_id", "decision_id", "quote_id",
    "repayment_id", "bank_message_id", "connection_id", "error", "frames",
    "address", "mode", "version", "database", "count", "position", "day_on", "model", "model_hash",
})  # fmt: skip
"""The only keys a line may carry. Add one here when it can never hold personal data."""

_MAX_CAUSES = 8
_QUIET = ("aiosqlite", "asyncpg", "httpx", "httpcore", "asyncio", "litestar")
"""Libraries that log parameters or addresses below WARNING."""

_bound: dict[str, Any] = {"level": logging.INFO}
"""The process's logger and its level."""


def configure(settings: Settings) -> None:
    """Send our lines and those of the standard library to standard error; call once a process."""
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    _bind(level, _readable if pretty else _json)
    _route_standard_library(level)


def get() -> Any:
    """The logger: `log.get().info("ready", address=…)`; the first argument is a dotted event name."""
    return _bound["log"]


def record(level: int, event: str, facts: msgspec.Struct) -> None:
    """Log a Struct's fields that differ from their defaults; it declares `omit_defaults`.

    Every request's line goes this way: to the same renderer, past the wrapping that would cost more than the line.
    """
    if level >= _bound["level"]:
        entry = {"event": event, **msgspec.to_builtins(facts)}
        _StandardError().msg(_bound["render"](None, logging.getLevelName(level).lower(), entry))


def _bind(level: int, render: Any) -> None:
    """One processor does what a chain of four would: the line is written for every request."""
    structlog.configure(
        processors=[render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: _StandardError(),
        cache_logger_on_first_use=False,
    )
    # Bound once: binding it again for each line costs as much as writing the line.
    _bound.update(log=structlog.get_logger().bind(), level=level, render=render)


class _StandardError:
    """Where rendered lines go; looked up at each line, because a process may point its standard error elsewhere."""

    def msg(self, line: bytes) -> None:
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()

    debug = info = warning = error = critical = msg


def _json(_logger: object, method: str, entry: MutableMapping[str, Any]) -> bytes:
    known = {key: value for key, value in entry.items() if key in KEYS}
    return msgspec.json.encode({**known, "level": method, "timestamp": datetime.now(UTC)}, enc_hook=str)


def _readable(_logger: object, method: str, entry: MutableMapping[str, Any]) -> bytes:
    event = entry.pop("event", "")
    known = " ".join(f"{key}={value}" for key, value in entry.items() if key in KEYS)
    return f"{datetime.now(UTC):%H:%M:%S} {method:<7} {event:<20} {known}".encode()


def crash(error: BaseException, **facts: str | int | None) -> None:
    """Log an exception nobody expected: its type, its causes and the frames it came through, never its message."""
    logger = get()
    logger.error("crash", error=_causes(error), frames=frames(error), **facts)
    logger.debug("crash.message", message=str(error), **facts)


def frames(error: BaseException) -> list[str]:
    """`file:line function` of each frame, the root cause's first; no source line, no value."""
    found = [frame for cause in reversed(_chain(error)) for frame in traceback.extract_tb(cause.__traceback__)]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]


class _Forward(logging.Handler):
    """Hands the standard library's records to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            facts |= {"error": _causes(record.exc_info[1]), "frames": frames(record.exc_info[1])}
        get().log(record.levelno, "library", message=record.getMessage(), **facts)


def _causes(error: BaseException) -> str:
    """`Outer < Cause < Root`, by type alone."""
    return " < ".join(type(cause).__qualname__ for cause in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """`error`, what caused it, and so on; of a group the first member. At most 8: a cycle must end somewhere."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(chain) < _MAX_CAUSES:
        chain.append(current)
        inner = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else None
        current = inner or current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _route_standard_library(level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    access.disabled = True
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


_bind(logging.INFO, _json)
