"""Who decides a bank's loans, by `kind`: the sandbox's rule, or the bank itself over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.connections import entries
from gateway.settings import BadSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.bank_ports import LoanDecision
    from gateway.connections.rails import Surroundings
    from gateway.outbound import Outbound
    from gateway.settings import Settings

    Maker = Callable[[dict[str, Any], Outbound, Surroundings], LoanDecision]


def connect(
    settings: Settings, entry: dict[str, Any] | None, outbound: Outbound, around: Surroundings
) -> LoanDecision | None:
    """Whoever decides; None where nobody does, so that nothing new is lent. Raises BadSettings."""
    if entry is None:
        return None
    kind = entry.get("kind")
    maker = KINDS.get(str(kind))
    if maker is None:
        raise BadSettings(f"decision: kind {kind!r} is unknown; there are {', '.join(KINDS)}")
    if not settings.sandbox:
        if maker is _sandbox:
            raise BadSettings("decision: a live bank decides its loans itself, not by the sandbox's rule")
        entries.check_https(entry, "decision")
    return maker({key: value for key, value in entry.items() if key != "kind"}, outbound, around)


def _sandbox(own: dict[str, Any], _outbound: Outbound, around: Surroundings) -> LoanDecision:
    from adapters.decisions.sandbox import SandboxLoanDecision  # noqa: PLC0415 - only what is connected is imported

    if own:
        raise BadSettings(f"decision: sandbox takes nothing but its kind, not {', '.join(own)}")
    return SandboxLoanDecision(around.clock, around.decides)


def _http(own: dict[str, Any], outbound: Outbound, around: Surroundings) -> LoanDecision:
    from adapters.decisions.http import HttpLoanDecision  # noqa: PLC0415
    from adapters.questions import Place  # noqa: PLC0415

    return HttpLoanDecision(entries.converted(own, Place, "decision"), outbound, around.clock)


KINDS: dict[str, Maker] = {"sandbox": _sandbox, "http": _http}
