"""The command `gateway parked …`: which arguments it takes and what it asks. Reads no message itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.asking import add_said, asks

if TYPE_CHECKING:
    import argparse

    from gateway.commands.asking import Ask

_NAME = "its name, as the list and its alerts show it"


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway parked list|show|again|away`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asks(commands.add_parser("list", help="messages that could not be applied, and why"), ask, "parked.list")
    show = commands.add_parser("show", help="one as the bank sent it")
    show.add_argument("message", help=_NAME)
    asks(show, ask, "parked.show", "message")
    for name, what in (("again", "read it anew"), ("away", "nothing of it is to be applied: close its alerts")):
        ended = commands.add_parser(name, help=what)
        ended.add_argument("message", help=_NAME)
        add_said(ended, "why: its hash is kept in the audit log")
        asks(ended, ask, f"parked.{name}", "message", "by", "reason")
