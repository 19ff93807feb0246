"""The command `gateway bank …`: which arguments it takes and what it asks. Speaks to no bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.asking import add_said, asks

if TYPE_CHECKING:
    import argparse

    from gateway.commands.asking import Ask
    from gateway.settings import Settings


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway bank list|stop|resume`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="every bank: whether it is open, and what was stopped by whom")
    asks(listed, ask, "bank.list")
    stop = commands.add_parser("stop", help="lend nothing more; what is stored and unsent waits")
    stop.add_argument("--collections", action="store_true", help="debit nothing either")
    resume = commands.add_parser("resume", help="lend again, and send what waited")
    for switch in (stop, resume):
        switch.add_argument("bank_id")
        add_said(switch, "why: kept beside the switch")

    async def run_stop(settings: Settings, arguments: argparse.Namespace) -> int:
        return await _switch(settings, ask, arguments, "everything" if arguments.collections else "lending")

    async def run_resume(settings: Settings, arguments: argparse.Namespace) -> int:
        return await _switch(settings, ask, arguments, "nothing")

    stop.set_defaults(run=run_stop)
    resume.set_defaults(run=run_resume)


async def _switch(settings: Settings, ask: Ask, arguments: argparse.Namespace, stopped: str) -> int:
    said = {"by": arguments.by, "reason": arguments.reason}
    return await ask(settings, "bank.switch", {"bank_id": arguments.bank_id, "stopped": stopped, "said": said})
