"""The commands `gateway model …` and `gateway monitor`: which arguments they take and what they ask. Runs no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.asking import add_said, asks

if TYPE_CHECKING:
    import argparse

    from gateway.commands.asking import Ask
    from gateway.settings import Settings


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway model list|promote|rollback|recalibrate|reset`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="every model and version: what serves, what is refused and why")
    asks(listed, ask, "model.list")
    promote = commands.add_parser("promote", help="have a version answer, once it has passed every check")
    promote.add_argument("name")
    promote.add_argument("version", type=int)
    _decides(promote, ask, "model.promote", "name", "version")
    back = commands.add_parser("rollback", help="have answer what did before the last promotion or calibration")
    back.add_argument("name")
    _decides(back, ask, "model.rollback", "name")
    again = commands.add_parser("recalibrate", help="put the PD on the level of loans that have ended")
    again.add_argument("name", choices=["pd"])
    again.add_argument("--outcomes", required=True, type=_path, metavar="FILE",
                       help="CSV: decision_id, merchant_id or pd; and defaulted, 1 or 0")  # fmt: skip
    again.add_argument("--apply", action="store_true", help="put it in force (without, it is only told)")
    _decides(again, ask, "model.recalibrate", "outcomes", "apply", required=False)
    reset = commands.add_parser("reset", help="take monitoring's step back to normal")
    reset.add_argument("--adopt", action="store_true", help="what was read last is what is usual from now on")
    _decides(reset, ask, "model.reset", "adopt")


def add_monitor(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway monitor`."""
    asks(parser, ask, "monitor")


def _decides(parser: argparse.ArgumentParser, ask: Ask, command: str, *names: str, required: bool = True) -> None:
    """As `asks`, and by whom and why: `required`, or only where it changes something."""
    add_said(parser, "why: kept beside the change", required=required)

    async def run(settings: Settings, arguments: argparse.Namespace) -> int:
        said = {"by": arguments.by or "", "reason": arguments.reason or ""}
        return await ask(settings, command, {"said": said} | {name: getattr(arguments, name) for name in names})

    parser.set_defaults(run=run)


def _path(text: str) -> str:
    """The server that reads it may stand in another folder."""
    return str(Path(text).absolute())
