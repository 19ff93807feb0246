"""The command `gateway doubt …`: which arguments it takes and what it asks. Moves no money itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.domain.doubts import Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

    Ask = Callable[[Settings, str, dict[str, Any]], Awaitable[int]]
    """Runs a command where the database is, and prints what it came to."""


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway doubt list|propose|approve`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="payments whose fate the bank does not tell, and what is proposed")
    propose = commands.add_parser("propose", help="say what you found out at the bank; nothing moves yet")
    propose.add_argument("reference", help="the payment's reference, as the list shows it")
    propose.add_argument("verdict", choices=list(Verdict), help="whether the bank has it")
    propose.add_argument("--reason", required=True, help="how you know: kept with the proposal, encrypted")
    approve = commands.add_parser("approve", help="do what another officer proposed")
    approve.add_argument("reference")
    for decided in (propose, approve):
        decided.add_argument("--by", required=True, metavar="ACCOUNT", help="who decides, for the audit log")

    async def run_list(settings: Settings, _arguments: argparse.Namespace) -> int:
        return await ask(settings, "doubt.list", {})

    async def run_propose(settings: Settings, arguments: argparse.Namespace) -> int:
        given = {name: getattr(arguments, name) for name in ("reference", "verdict", "by", "reason")}
        return await ask(settings, "doubt.propose", given)

    async def run_approve(settings: Settings, arguments: argparse.Namespace) -> int:
        return await ask(settings, "doubt.approve", {"reference": arguments.reference, "by": arguments.by})

    listed.set_defaults(run=run_list)
    propose.set_defaults(run=run_propose)
    approve.set_defaults(run=run_approve)
