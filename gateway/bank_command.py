"""The command `gateway bank …`: which arguments it takes and what it asks. Speaks to no bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

    Ask = Callable[[Settings, str, dict[str, Any]], Awaitable[int]]
    """Runs a command where the database is, and prints what it came to."""


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway bank list|stop|resume`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="every bank: whether it is open, and what was stopped by whom")
    stop = commands.add_parser("stop", help="lend nothing more; what is stored and unsent waits")
    stop.add_argument("--collections", action="store_true", help="debit nothing either")
    resume = commands.add_parser("resume", help="lend again, and send what waited")
    for switch in (stop, resume):
        switch.add_argument("bank_id")
        switch.add_argument("--by", required=True, metavar="ACCOUNT", help="who decides, for the audit log")
        switch.add_argument("--reason", required=True, help="why: kept beside the switch")

    async def run_list(settings: Settings, _arguments: argparse.Namespace) -> int:
        return await ask(settings, "bank.list", {})

    async def run_stop(settings: Settings, arguments: argparse.Namespace) -> int:
        return await _switch(settings, ask, arguments, "everything" if arguments.collections else "lending")

    async def run_resume(settings: Settings, arguments: argparse.Namespace) -> int:
        return await _switch(settings, ask, arguments, "nothing")

    listed.set_defaults(run=run_list)
    stop.set_defaults(run=run_stop)
    resume.set_defaults(run=run_resume)


async def _switch(settings: Settings, ask: Ask, arguments: argparse.Namespace, stopped: str) -> int:
    said = {"by": arguments.by, "reason": arguments.reason}
    return await ask(settings, "bank.switch", {"bank_id": arguments.bank_id, "stopped": stopped, "said": said})
