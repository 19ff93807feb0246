"""What the commands share: the arguments that name who decides and why, and the asking itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

    Ask = Callable[[Settings, str, dict[str, Any]], Awaitable[int]]
    """Runs a command where the database is, and prints what it came to."""


def add_by(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """`--by ACCOUNT`."""
    parser.add_argument("--by", required=required, metavar="ACCOUNT", help="who decides, for the audit log")


def add_said(parser: argparse.ArgumentParser, reason: str, *, required: bool = True) -> None:
    """`--by ACCOUNT --reason TEXT`; `reason` is the help to the text."""
    add_by(parser, required=required)
    parser.add_argument("--reason", required=required, help=reason)


def asks(parser: argparse.ArgumentParser, ask: Ask, command: str, *names: str, **more: Any) -> None:
    """Have `parser` ask `command` with its arguments of these `names`, and with `more` as it stands."""

    async def run(settings: Settings, arguments: argparse.Namespace) -> int:
        return await ask(settings, command, more | {name: getattr(arguments, name) for name in names})

    parser.set_defaults(run=run)
