"""The commands `gateway reconcile …`: a bank's day from its own statement, and what bank and books do not agree on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.commands.asking import add_by, add_said, asks
from gateway.store import reading
from gateway.usecases import reconciliation
from gateway.usecases.world import BusinessClock, SystemClock

if TYPE_CHECKING:
    import argparse

    from gateway.commands.asking import Ask
    from gateway.settings import Settings

AGREES, DIFFERS = 0, 1


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway reconcile report|gaps|explain|approve`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="a bank's day: opening, instructed, settled, returned, closing")
    report.add_argument("--bank", metavar="ID", help="only this bank (default: every one)")
    report.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day (default: yesterday)")
    report.set_defaults(run=_report)
    gaps = commands.add_parser("gaps", help="entries nobody explains, payments no statement shows; oldest first")
    gaps.set_defaults(run=_gaps)
    for command in (report, gaps):
        command.add_argument("--database-url", help="instead of GATEWAY_DATABASE_URL")
    explain = commands.add_parser("explain", help="say what an entry is that no payment fits; nothing moves yet")
    what = explain.add_mutually_exclusive_group(required=True)
    what.add_argument("--payment", metavar="REFERENCE", help="it is this payment of ours")
    what.add_argument("--foreign", action="store_true", help="it is no loan's: a charge, interest, the bank's money")
    add_said(explain, "how you know: kept with the proposal, encrypted")
    asks(explain, ask, "reconcile.explain", "entry_id", "payment", "by", "reason")
    approve = commands.add_parser("approve", help="do what another officer said an entry is")
    add_by(approve)
    asks(approve, ask, "reconcile.approve", "entry_id", "by")
    for command in (explain, approve):
        command.add_argument("entry_id", help="a `ste_` id, as `gateway reconcile gaps` shows it")


async def _report(settings: Settings, arguments: argparse.Namespace) -> int:
    """1 when a statement's balances and entries do not come to the same."""
    async with reading(settings.database_url) as reader:
        clock = BusinessClock(SystemClock())
        await clock.load(reader)
        on = arguments.on or clock.now().date() - timedelta(days=1)
        bank_ids = [arguments.bank] if arguments.bank else await reconciliation.banks(reader)
        found = [one for bank_id in bank_ids for one in await reconciliation.report(reader, bank_id, on)]
    _print(found)
    return DIFFERS if any(one.difference_amount for one in found) else AGREES


async def _gaps(settings: Settings, _arguments: argparse.Namespace) -> int:
    """1 when there is any."""
    async with reading(settings.database_url) as reader:
        clock = BusinessClock(SystemClock())
        await clock.load(reader)
        found = await reconciliation.gaps(reader, clock.now())
    _print(found)
    return DIFFERS if found else AGREES


def _print(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
