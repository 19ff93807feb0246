"""Logs: one JSON object a line (or a readable line on a terminal) to standard error, allow-listed keys only.

No body, header, name, account, token or query string is ever logged: a key that is not in `KEYS` is dropped, and a
crash is logged by its type and frames, without its message, which may quote data (the message comes at level debug).
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from gateway.settings import Settings

KEYS = frozenset({
    "event", "level", "timestamp", "logger", "message",
    "request_id", "method", "route", "status", "duration_ms", "bytes_in", "bytes_out", "client_id", "partner_id",
    "merchant_id", "code", "replayed", "rows_count",
    "job_id", "job_kind", "attempt_count", "outcome", "drawdown_id", "offer_id", "decision_id", "quote_id",
    "repayment_id", "bank_message_id", "error", "frames",
    "address", "mode", "version", "database", "count", "position", "day_on", "model", "model_hash",
})  # fmt: skip
"""The only keys a line may carry. Add one here when it can never hold personal data."""

_MAX_CAUSES = 8
_QUIET = ("aiosqlite", "asyncpg", "httpx", "httpcore", "asyncio", "litestar")
"""Libraries that log parameters or addresses below WARNING."""


_bound: dict[str, Any] = {}
"""The process's logger, bound once: binding it again for each line costs as much as writing the line."""


def configure(settings: Settings) -> None:
    """Send our lines and those of the standard library to standard error; call once a process."""
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_listed,
            structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr) if pretty else _standard_error,
        cache_logger_on_first_use=False,
    )
    _bound["logger"] = structlog.get_logger().bind()
    _route_standard_library(level)


def get() -> Any:
    """The logger: `log.get().info("ready", address=…)`; the first argument is a dotted event name."""
    return _bound.get("logger") or structlog.get_logger()


def crash(error: BaseException, **facts: str | int | None) -> None:
    """Log an exception nobody expected: its type, its causes and the frames it came through, never its message."""
    logger = get()
    logger.error("crash", error=_causes(error), frames=frames(error), **facts)
    logger.debug("crash.message", message=str(error), **facts)


def frames(error: BaseException) -> list[str]:
    """`file:line function` of each frame, the root cause's first; no source line, no value."""
    found = [frame for cause in reversed(_chain(error)) for frame in traceback.extract_tb(cause.__traceback__)]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]


def allow_listed(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not in `KEYS` (a structlog processor)."""
    if entry.keys() <= KEYS:
        return entry
    return {key: value for key, value in entry.items() if key in KEYS}


class _Forward(logging.Handler):
    """Hands the standard library's records to structlog."""

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


def _encode(entry: MutableMapping[str, Any], **_options: Any) -> bytes:
    return msgspec.json.encode(entry)


class _StandardError:
    """Writes finished lines, whole, to whatever standard error is at that moment."""

    def msg(self, line: bytes) -> None:
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()

    debug = info = warning = error = critical = msg


def _standard_error(*_names: str) -> _StandardError:
    return _StandardError()
