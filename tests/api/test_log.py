"""Logs: one line a request, allow-listed keys only, and nothing of a body, a token or a name in any of them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from gateway import log
from gateway.api import exchange
from gateway.settings import Settings
from tests.api import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio
SECRET = "Kim-Minji-4711"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Configures logging as the server does, gives the lines written so far, and puts everything back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(Settings(log_format="json"))
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    log._bind(logging.INFO, log._json)


async def test_a_request_writes_one_line_of_ids_and_counts(lines: Any) -> None:
    row = {"sale_id": SECRET, "occurred_at": "2026-01-02T05:00:00Z", "amount": 5, "currency": "KRW"}
    async with tiny.client(tiny.make()) as session:
        await session.post(
            f"/v1/merchants/{tiny.MERCHANT}/sales", json=[row], headers=tiny.WRITER | {"Idempotency-Key": "k"}
        )
    (line,) = lines()
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("request_id").startswith("req_")
    assert line.pop("bytes_in") > 50
    assert line.pop("bytes_out") > 10
    assert line == {
        "event": "request", "level": "info", "method": "POST", "route": "/v1/merchants/{merchant_id}/sales",
        "status": 200, "client_id": "cli_1", "merchant_id": tiny.MERCHANT, "rows_count": 1,
    }  # fmt: skip


async def test_nothing_a_client_sends_is_logged(lines: Any) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "X-Name": SECRET, "Content-Type": "application/json"}
    async with tiny.client(tiny.make()) as session:
        await session.post("/v1/sales", content=f'{{"note": "{SECRET}"}}', headers=headers)
        await session.post("/v1/sales", content=f'{{"{SECRET}": 1}}', headers={**headers, **tiny.WRITER})
        await session.get(f"/v1/{SECRET}?name={SECRET}")
        await session.get(f"/v1/merchants?{SECRET}=1", headers=tiny.READER)
        await session.get(f"/v1/merchants/{SECRET}", headers=tiny.READER)
    written = lines()
    assert [line["status"] for line in written] == [401, 422, 404, 422, 404]
    assert SECRET not in json.dumps(written)


async def test_a_refusal_is_logged_with_its_code(lines: Any) -> None:
    async with tiny.client(tiny.make()) as session:
        await session.get("/v1/errors/conflict")
    assert [(line["status"], line["code"]) for line in lines()] == [(409, "gone_elsewhere")]


async def test_a_crash_is_logged_by_its_frames_without_its_message(lines: Any) -> None:
    async with tiny.client(tiny.make()) as session:
        answer = await session.get("/v1/errors/crash")
    crash, line = lines()
    assert (crash["event"], crash["error"], line["status"]) == ("crash", "RuntimeError", 500)
    assert crash["request_id"] == line["request_id"] == answer.headers["request-id"]
    assert any(frame.endswith(" fail") for frame in crash["frames"])
    assert "4711" not in json.dumps(crash)


async def test_probes_are_not_logged_at_info(lines: Any) -> None:
    async with tiny.client(tiny.make()) as session:
        for address in ("/livez", "/readyz", "/metrics"):
            await session.get(address)
    assert lines() == []


def test_keys_that_are_not_on_the_list_are_dropped(lines: Any) -> None:
    log.get().info("merchant.created", merchant_id="mer_1", legal_name=SECRET, token=SECRET)
    (line,) = lines()
    assert set(line) == {"event", "level", "timestamp", "merchant_id"}


def test_every_field_of_a_requests_line_is_on_the_list() -> None:
    assert set(exchange.Line.__struct_fields__) <= log.KEYS


def test_libraries_write_through_the_same_door(lines: Any) -> None:
    logging.getLogger("uvicorn.error").info("Started")
    logging.getLogger("aiosqlite").debug("executing insert with %s", SECRET)
    logging.getLogger("uvicorn.access").info("GET /v1?token=%s", SECRET)
    logging.getLogger("httpx").info("HTTP Request: %s", SECRET)
    assert [(line["event"], line["logger"], line["message"]) for line in lines()] == [
        ("library", "uvicorn.error", "Started")
    ]


def test_a_librarys_exception_keeps_its_frames(lines: Any) -> None:
    try:
        raise ValueError(SECRET)  # noqa: TRY301
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    (line,) = lines()
    assert (line["level"], line["error"]) == ("error", "ValueError")
    assert SECRET not in json.dumps(line)


def test_pretty_lines_are_for_people(capsys: pytest.CaptureFixture[str], lines: Any) -> None:
    log.configure(Settings(log_format="pretty"))
    log.get().info("ready", address="http://127.0.0.1:8000", secret=SECRET)
    written = capsys.readouterr().err
    assert "ready" in written
    assert "127.0.0.1:8000" in written
    assert SECRET not in written
