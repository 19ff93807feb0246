"""The command `gateway doubt …`: which arguments it takes and what it asks. Moves no money itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.asking import add_by, add_said, asks
from gateway.domain.doubts import Verdict

if TYPE_CHECKING:
    import argparse

    from gateway.commands.asking import Ask


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway doubt list|propose|approve`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="payments whose fate the bank does not tell, and what is proposed")
    asks(listed, ask, "doubt.list")
    propose = commands.add_parser("propose", help="say what you found out at the bank; nothing moves yet")
    propose.add_argument("reference", help="the payment's reference, as the list shows it")
    propose.add_argument("verdict", choices=list(Verdict), help="whether the bank has it")
    add_said(propose, "how you know: kept with the proposal, encrypted")
    asks(propose, ask, "doubt.propose", "reference", "verdict", "by", "reason")
    approve = commands.add_parser("approve", help="do what another officer proposed")
    approve.add_argument("reference")
    add_by(approve)
    asks(approve, ask, "doubt.approve", "reference", "by")
