"""The command `gateway parked …`: which arguments it takes and what it asks. Reads no message itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

    Ask = Callable[[Settings, str, dict[str, Any]], Awaitable[int]]
    """Runs a command where the database is, and prints what it came to."""


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway parked list|show|again|away`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _asks(commands.add_parser("list", help="messages that could not be applied, and why"), ask, "parked.list", ())
    _asks(commands.add_parser("show", help="one as the bank sent it"), ask, "parked.show", ("message",))
    for name, what in (("again", "read it anew"), ("away", "nothing of it is to be applied: close its alerts")):
        _asks(commands.add_parser(name, help=what), ask, f"parked.{name}", ("message", "by", "reason"))


def _asks(parser: argparse.ArgumentParser, ask: Ask, command: str, names: tuple[str, ...]) -> None:
    for name in names:
        if name == "message":
            parser.add_argument(name, help="its name, as the list and its alerts show it")
        else:
            parser.add_argument(f"--{name}", required=True, help="for the audit log" if name == "by" else "why")

    async def run(settings: Settings, arguments: argparse.Namespace) -> int:
        return await ask(settings, command, {name: getattr(arguments, name) for name in names})

    parser.set_defaults(run=run)
