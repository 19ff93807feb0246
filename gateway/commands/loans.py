"""The command `gateway loan …`: which arguments it takes and what it asks. Moves no money itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.asking import add_by, add_said, asks
from gateway.domain.arrangements import (
    MAX_EVERY_DAYS,
    MAX_INSTALMENTS,
    MAX_PAUSE_DAYS,
    ArrangementKind,
    ArrangementState,
)

if TYPE_CHECKING:
    import argparse

    from gateway.commands.asking import Ask


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway loan list|pause|plan|write-off|approve|decline`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="what was proposed for loans, or agreed")
    listed.add_argument("--state", choices=list(ArrangementState), default=ArrangementState.proposed)
    listed.add_argument("--after", default="", metavar="ID", help="only what follows this one")
    asks(listed, ask, "loan.list", "state", "after")
    pause = commands.add_parser("pause", help="propose that nothing falls due for some days")
    pause.add_argument("--days", type=int, required=True, metavar="N", help=f"at most {MAX_PAUSE_DAYS}")
    plan = commands.add_parser("plan", help="propose to have what is owed paid in instalments")
    plan.add_argument("--instalments", dest="instalments_count", type=int, required=True, metavar="N",
                      help=f"at most {MAX_INSTALMENTS}")  # fmt: skip
    plan.add_argument("--every-days", type=int, required=True, metavar="D", help=f"at most {MAX_EVERY_DAYS}")
    write_off = commands.add_parser("write-off", help="propose to give a loan up before its time; it is still owed")
    kinds = (
        (pause, ArrangementKind.pause, ("days",)),
        (plan, ArrangementKind.plan, ("instalments_count", "every_days")),
        (write_off, ArrangementKind.write_off, ()),
    )
    for command, kind, names in kinds:
        command.add_argument("drawdown_id")
        add_said(command, "why: kept with the loan, encrypted")
        asks(command, ask, "loan.propose", "drawdown_id", "by", "reason", *names, kind=kind.value)
    for verb in ("approve", "decline"):
        decided = commands.add_parser(verb, help=f"{verb} what another officer proposed")
        decided.add_argument("arrangement_id")
        add_by(decided)
        asks(decided, ask, f"loan.{verb}", "arrangement_id", "by")
