"""Metrics in the Prometheus text format (version 0.0.4): counters, gauges read when asked, one latency histogram.

Labels are route templates, methods and status classes: never an id, so their number is bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get

from gateway.domain.rights import Right

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency buckets, in seconds."""

Labels = tuple[tuple[str, str], ...]


class Counter:
    """A number that only grows, by label values."""

    def __init__(self, name: str, meaning: str) -> None:
        """`name` ends in `_total`; `meaning` is its help text."""
        self.name = name
        self.meaning = meaning
        self._values: dict[Labels, float] = {}

    def add(self, count: float = 1, /, **labels: str) -> None:
        """Count `count` more under `labels`."""
        key = tuple(labels.items())
        self._values[key] = self._values.get(key, 0) + count

    def text(self) -> Iterator[str]:
        """Its lines, a zero when nothing was counted."""
        yield from _heading(self.name, self.meaning, "counter")
        for labels, value in sorted(self._values.items()) or [((), 0)]:
            yield f"{self.name}{_labels(labels)} {value:g}"


class Gauge:
    """A number read when it is asked for, or one for each value of a label of few values."""

    def __init__(self, name: str, meaning: str, read: Callable[[], float | Mapping[Labels, float]]) -> None:
        """`read` must be quick and must not raise."""
        self.name = name
        self.meaning = meaning
        self._read = read

    def text(self) -> Iterator[str]:
        """Its heading and its lines."""
        yield from _heading(self.name, self.meaning, "gauge")
        found = self._read()
        for labels, value in found.items() if isinstance(found, Mapping) else [((), found)]:
            yield f"{self.name}{_labels(labels)} {value:g}"


class Histogram:
    """Durations in seconds, in the buckets of `BOUNDS_S`, by label values."""

    def __init__(self, name: str, meaning: str) -> None:
        """`name` ends in `_seconds`."""
        self.name = name
        self.meaning = meaning
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, seconds: float, labels: Labels) -> None:
        """Record one duration."""
        buckets = self._buckets.get(labels)
        if buckets is None:
            buckets = self._buckets[labels] = [0] * (len(BOUNDS_S) + 1)
            self._sums[labels] = 0.0
        buckets[bisect_left(BOUNDS_S, seconds)] += 1
        self._sums[labels] += seconds

    def text(self) -> Iterator[str]:
        """Cumulative buckets, sum and count for each set of labels."""
        yield from _heading(self.name, self.meaning, "histogram")
        for labels, buckets in sorted(self._buckets.items()):
            totals = list(accumulate(buckets))
            for bound, total in zip((*map(str, BOUNDS_S), "+Inf"), totals, strict=True):
                yield f"{self.name}_bucket{_labels((*labels, ('le', bound)))} {total}"
            yield f"{self.name}_sum{_labels(labels)} {self._sums[labels]:.6f}"
            yield f"{self.name}_count{_labels(labels)} {totals[-1]}"


class Registry:
    """Everything one process measures; the composition root adds gauges for its queues."""

    def __init__(self) -> None:
        """Start empty."""
        self._all: list[Counter | Gauge | Histogram] = []

    def counter(self, name: str, meaning: str) -> Counter:
        """A new counter."""
        made = Counter(name, meaning)
        self._all.append(made)
        return made

    def gauge(self, name: str, meaning: str, read: Callable[[], float | Mapping[Labels, float]]) -> None:
        """A new gauge that calls `read` at each scrape."""
        self._all.append(Gauge(name, meaning, read))

    def histogram(self, name: str, meaning: str) -> Histogram:
        """A new histogram of seconds."""
        made = Histogram(name, meaning)
        self._all.append(made)
        return made

    def text(self) -> str:
        """The exposition: every metric's lines, each metric once."""
        return "".join(f"{line}\n" for metric in self._all for line in metric.text())


class Traffic:
    """The HTTP traffic of one process: requests by route, method and status class, their durations, those open."""

    def __init__(self, registry: Registry) -> None:
        """Register its three metrics."""
        self.open_count = 0
        self._requests = registry.counter("restock_http_requests_total", "Requests answered.")
        self._seconds = registry.histogram("restock_http_request_duration_seconds", "Time to answer a request.")
        registry.gauge("restock_http_requests_open", "Requests being answered.", lambda: self.open_count)

    def begin(self) -> None:
        """A request came in."""
        self.open_count += 1

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered (status 0: the client was gone, or the answer broke off)."""
        self.open_count -= 1
        known = method if method in _METHODS else "OTHER"
        self._requests.add(route=route, method=known, status=f"{status // 100}xx")
        self._seconds.observe(seconds, (("route", route),))


@get("/metrics", opt={"right": Right.public}, include_in_schema=False, sync_to_thread=False)
def exposition(request: Request[Any, Any, Any]) -> Response[str]:
    """The process's metrics for a Prometheus scraper."""
    return Response(request.app.state.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


_METHODS = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}


def _heading(name: str, meaning: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = (f'{n}="{v}"' for n, v in ((n, v.replace("\\", r"\\").replace('"', r"\"")) for n, v in labels))
    return "{" + ",".join(escaped).replace("\n", r"\n") + "}"
