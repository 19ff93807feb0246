"""What a bank calls us about: proven, stored and answered at once; read afterwards like any message of its mailbox.

A callback is a hint: what it says counts as far as its rail reads it, and the bank is asked after the payment it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.bank_ports import Callbacks, Forged
from gateway.domain.errors import NotFound, Unauthenticated
from gateway.usecases import mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.bank_ports import InboundMessage
    from gateway.usecases.world import Bank, World


class CallbackRefused(Unauthenticated):
    """A callback that does not prove to be the bank's own; nothing of it was kept."""

    code = "callback_refused"
    title = "The callback does not prove to be the bank's"


class NoCallbacks(NotFound):
    """No bank of this id calls this gateway."""

    code = "no_callbacks"
    title = "No bank calls here"


async def receive(world: World, bank_id: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    """Keep a proven callback, once however often it comes; the worker reads it. Raises NoCallbacks, CallbackRefused.

    `headers` have lower-case names, and each may come once: which of two was signed nobody could say.
    """
    bank = world.banks.get(bank_id)
    if bank is None or not any(isinstance(rail, Callbacks) for rail in bank.rails.values()):
        raise NoCallbacks("No bank calls this address")
    sent = list(headers)
    named = dict(sent)
    if len(named) != len(sent):
        raise CallbackRefused("Each header may come once")
    name, message = _proven(bank, named, body)
    await mailbox.keep(world, bank, name, [message])
    world.wake.set()


def _proven(bank: Bank, headers: dict[str, str], body: bytes) -> tuple[str, InboundMessage]:
    for name, rail in bank.rails.items():
        called: object = rail
        if isinstance(called, Callbacks):
            try:
                return name, called.parse_inbound(headers, body)
            except Forged:
                continue
    raise CallbackRefused("The callback is unsigned, wrongly signed, or too old")
