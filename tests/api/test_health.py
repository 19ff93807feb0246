"""Health and metrics: alive, ready, draining; traffic counted by route template, never by id."""

from __future__ import annotations

import pytest

from gateway.api import health, metrics
from tests.api import tiny

pytestmark = pytest.mark.anyio


async def fine() -> None:
    """A check that passes."""


async def broken() -> None:
    raise OSError("disk 4711 is gone")


async def test_a_fresh_process_is_alive_and_ready() -> None:
    async with tiny.client(tiny.make(checks={"store": fine})) as session:
        assert (await session.get("/livez")).json()["status"] == "ok"
        assert (await session.get("/readyz")).json() == {"status": "ok", "checks": ["store"], "banks": {}}


async def test_a_failing_check_takes_readiness_but_not_life() -> None:
    async with tiny.client(tiny.make(checks={"store": fine, "bank": broken})) as session:
        answer = await session.get("/readyz")
        assert (answer.status_code, answer.json()["code"], answer.json()["failed"]) == (503, "not_ready", "bank")
        assert "4711" not in answer.text
        assert (await session.get("/livez")).status_code == 200


async def test_a_draining_process_is_alive_but_not_ready_and_still_answers() -> None:
    app = tiny.make(checks={"store": fine})
    health.drain(app)
    async with tiny.client(app) as session:
        assert (await session.get("/readyz")).status_code == 503
        assert (await session.get("/livez")).status_code == 200
        assert (await session.get("/v1/merchants", headers=tiny.READER)).status_code == 200


async def test_traffic_is_counted_by_route_template() -> None:
    async with tiny.client(tiny.make()) as session:
        await session.get(f"/v1/merchants/{tiny.MERCHANT}", headers=tiny.READER)
        await session.get("/v1/errors/crash")
        await session.get("/nowhere/secret-path")
        await session.request("BREW", "/livez")
        answer = await session.get("/metrics")
    text = answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'restock_http_requests_total{route="/v1/merchants/{merchant_id}",method="GET",status="2xx"} 1' in text
    assert 'restock_http_requests_total{route="/v1/errors/{kind}",method="GET",status="5xx"} 1' in text
    assert 'method="OTHER"' in text
    assert tiny.MERCHANT not in text
    assert "secret-path" not in text
    assert "restock_http_requests_open 1\n" in text


def test_a_histogram_accumulates_its_buckets() -> None:
    registry = metrics.Registry()
    histogram = registry.histogram("work_seconds", "Work.")
    for seconds in (0.0005, 0.001, 0.3, 60.0):
        histogram.observe(seconds, (("kind", 'a"b'),))
    lines = registry.text().splitlines()
    assert lines[:2] == ["# HELP work_seconds Work.", "# TYPE work_seconds histogram"]
    assert 'work_seconds_bucket{kind="a\\"b",le="0.001"} 2' in lines
    assert 'work_seconds_bucket{kind="a\\"b",le="0.25"} 2' in lines
    assert 'work_seconds_bucket{kind="a\\"b",le="0.5"} 3' in lines
    assert 'work_seconds_bucket{kind="a\\"b",le="+Inf"} 4' in lines
    assert 'work_seconds_count{kind="a\\"b"} 4' in lines


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    waiting = [1, 2]
    registry = metrics.Registry()
    registry.gauge("jobs_waiting", "Jobs waiting.", lambda: len(waiting))
    waiting.append(3)
    assert "jobs_waiting 3\n" in registry.text()


def test_a_counter_that_counted_nothing_is_zero() -> None:
    registry = metrics.Registry()
    counter = registry.counter("things_total", "Things.")
    assert "things_total 0\n" in registry.text()
    counter.add(kind="a")
    counter.add(2, kind="a")
    assert 'things_total{kind="a"} 3\n' in registry.text()
