"""The commands `gateway model …` and `gateway monitor`: which arguments they take and what they ask. Runs no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

    Ask = Callable[[Settings, str, dict[str, Any]], Awaitable[int]]
    """Runs a command where the database is, and prints what it came to."""


def add_arguments(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway model list|promote|rollback|recalibrate|reset`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="every model and version: what serves, what is refused and why")
    _asks(listed, ask, "model.list", ())
    promote = commands.add_parser("promote", help="have a version answer, once it has passed every check")
    promote.add_argument("name")
    promote.add_argument("version", type=int)
    _asks(promote, ask, "model.promote", ("name", "version"), said=True)
    back = commands.add_parser("rollback", help="have answer what did before the last promotion or calibration")
    back.add_argument("name")
    _asks(back, ask, "model.rollback", ("name",), said=True)
    again = commands.add_parser("recalibrate", help="put the PD on the level of loans that have ended")
    again.add_argument("name", choices=["pd"])
    again.add_argument("--outcomes", required=True, type=_path, metavar="FILE",
                       help="CSV: decision_id, merchant_id or pd; and defaulted, 1 or 0")  # fmt: skip
    again.add_argument("--apply", action="store_true", help="put it in force (without, it is only told)")
    _asks(again, ask, "model.recalibrate", ("outcomes", "apply"), said=True, required=False)
    reset = commands.add_parser("reset", help="take monitoring's step back to normal")
    reset.add_argument("--adopt", action="store_true", help="what was read last is what is usual from now on")
    _asks(reset, ask, "model.reset", ("adopt",), said=True)


def add_monitor(parser: argparse.ArgumentParser, ask: Ask) -> None:
    """`gateway monitor`."""
    _asks(parser, ask, "monitor", ())


def _asks(
    parser: argparse.ArgumentParser,
    ask: Ask,
    command: str,
    names: tuple[str, ...],
    *,
    said: bool = False,
    required: bool = True,
) -> None:
    """What a command asks; with `said` by whom and why too, `required` or only where it changes something."""
    if said:
        parser.add_argument("--by", required=required, metavar="ACCOUNT", help="who decides, for the audit log")
        parser.add_argument("--reason", required=required, help="why: kept beside the change")

    async def run(settings: Settings, arguments: argparse.Namespace) -> int:
        given = {name: getattr(arguments, name) for name in names}
        if said:
            given["said"] = {"by": arguments.by or "", "reason": arguments.reason or ""}
        return await ask(settings, command, given)

    parser.set_defaults(run=run)


def _path(text: str) -> str:
    """The server that reads it may stand in another folder."""
    return str(Path(text).absolute())
