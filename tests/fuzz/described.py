"""Requests made from the API's own description, one operation at a time and along its links (schemathesis)."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.domain.rights import OWN, Right
from tests.fuzz.door import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.door import Door

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]
_SLOW = "/v1/sandbox/clock/advance"
_HELD_BACK = 0.3
"""How often an id that was made up stays, though we know a real one."""


def run(door: Door, count: int, number: int, *, done: Callable[[], bool] = lambda: False) -> Verdict:
    """At least `count` requests, unless `done` says so before; a third of them along links."""
    sender = _Sender(door, number, done)
    document = requests.get(f"{sender.base}/openapi.json", timeout=60).json()
    document["paths"].pop(_SLOW, None)  # months of work a request, which is another test's
    schema = schemathesis.openapi.from_dict(document)
    operations = [_sound(found) for found in schema.get_all_operations()]
    while sender.count < count * 2 // 3 and not done():
        for operation in operations:
            _alone(sender, operation, count // (2 * len(operations)) + 2)
    while sender.count < count and not done():
        _linked(sender, schema)
    return sender.verdict


def _sound(found: Any) -> Any:
    """An operation of the description; raises where the description itself is wrong."""
    return found.ok()


def _settings(examples: int, **more: Any) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=_QUIET,
        **more,
    )


def _alone(sender: _Sender, operation: Any, examples: int) -> None:
    @seed(sender.chance.getrandbits(32))
    @_settings(examples)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        sender.look(case, sender.send(case, known=True))

    ask()


def _linked(sender: _Sender, schema: Any) -> None:
    class Flow(schema.as_state_machine()):  # type: ignore[misc]
        def call(self, case: Any, **_: Any) -> Any:
            return schemathesis.Response.from_requests(sender.send(case, known=False), verify=False)

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            sender.look(case, response)

    drawn = seed(sender.chance.getrandbits(32))(Flow)
    with suppress(FlakyStrategyDefinition):  # a running server answers no two runs alike: such a one is given up
        run_state_machine_as_test(drawn, settings=_settings(20, stateful_step_count=12))


class _Sender:
    """Sends what was made up, with a good token and a proof, and looks at the answer."""

    def __init__(self, door: Door, number: int, done: Callable[[], bool]) -> None:
        self.door, self.chance, self.done = door, random.Random(number), done
        self.base = door.gateway.world.settings.issuer
        self.verdict, self.count = Verdict(), 0
        self._http = requests.Session()
        self._http.trust_env = False

    def send(self, case: Any, *, known: bool) -> requests.Response:
        """One request; where `known`, mostly about the shop there is."""
        theirs = case.path_parameters.get("merchant_id")
        made_up = theirs is not None and (known or "mer_" not in str(theirs))
        if made_up and self.chance.random() > _HELD_BACK:
            case.path_parameters["merchant_id"] = self.door.till.id
        prepared = self._http.prepare_request(requests.Request(**_plain(case.as_transport_kwargs(base_url=self.base))))
        security = case.operation.definition.raw.get("security") or []
        if security:
            ((right,),) = security[0].values()
            path = urlsplit(str(prepared.url)).path
            prepared.headers.update(self.door.proven(case.method.upper(), path, own=Right(right) in OWN))
        self.count += 1
        return self._http.send(prepared, timeout=120, allow_redirects=False)

    def look(self, case: Any, response: Any) -> None:
        """Count the answer; what does not conform to the description is a fault."""
        kind = response.headers.get("content-type", "")
        kind = kind[0] if isinstance(kind, list) else kind
        what = (case.method, case.path, case.path_parameters, case.query, case.body)
        self.verdict.look(response.status_code, kind, response.content, what)
        try:
            case.validate_response(response, checks=CHECKS)
        except (AssertionError, BaseExceptionGroup) as error:
            parts = getattr(error, "exceptions", (error,))
            self.verdict.faults.append(f"{what!r} -> {response.status_code}: {'; '.join(map(str, parts))[:600]}")


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in values.items() if name in {"method", "url", "headers", "params", "json", "data"}
    }
