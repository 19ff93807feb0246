"""The command `gateway programme …`: its arguments and what it asks. A file is tried before it is applied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain.errors import Invalid
from gateway.domain.programmes import INVENTORY

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

    Command = Callable[[Settings, str, dict[str, Any]], Awaitable[Any]]
    """Runs a command where the database is; its result."""


def add_arguments(parser: argparse.ArgumentParser, command: Command) -> None:
    """`gateway programme list|show|apply|withdraw`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="every version that was applied, the newest first")
    shown = commands.add_parser("show", help="print the file of a version")
    shown.add_argument("version", type=int, nargs="?", help="default: the newest")
    shown.add_argument("--id", default=INVENTORY.id, help=f"of which programme (default: {INVENTORY.id})")
    apply = commands.add_parser("apply", help="try a file on every merchant, or put the file tried into force")
    apply.add_argument("file", type=Path)
    apply.add_argument("--tried", metavar="HASH", help="put it into force: the hash that its trial printed")
    apply.add_argument("--by", metavar="ACCOUNT", help="who decides, for the audit log")

    withdraw = commands.add_parser("withdraw", help="offer nothing new under a programme; its loans go on")
    withdraw.add_argument("id")
    withdraw.add_argument("--by", metavar="ACCOUNT", required=True, help="who decides, for the audit log")

    async def run_list(settings: Settings, _arguments: argparse.Namespace) -> int:
        return _show(await command(settings, "programme.list", {}))

    async def run_show(settings: Settings, arguments: argparse.Namespace) -> int:
        sys.stdout.write(await command(settings, "programme.show", {"id": arguments.id, "version": arguments.version}))
        return 0

    async def run_apply(settings: Settings, arguments: argparse.Namespace) -> int:
        given = {"text": _text(arguments.file)}
        if arguments.tried is None:
            return _show(await _attempt(settings, command, given))
        if arguments.by is None:
            raise Invalid("say with --by who puts the programme into force")
        return _show(await command(settings, "programme.apply", given | {"tried": arguments.tried, "by": arguments.by}))

    async def run_withdraw(settings: Settings, arguments: argparse.Namespace) -> int:
        return _show(await command(settings, "programme.withdraw", {"id": arguments.id, "by": arguments.by}))

    listed.set_defaults(run=run_list)
    shown.set_defaults(run=run_show)
    apply.set_defaults(run=run_apply)
    withdraw.set_defaults(run=run_withdraw)


async def _attempt(settings: Settings, command: Command, given: dict[str, Any]) -> dict[str, Any]:
    """The whole trial, some merchants at a time, so that a server has time for others between them."""
    tried = await command(settings, "programme.try", given | {"trial": {}, "after": ""})
    while tried["after"] is not None:
        tried = await command(settings, "programme.try", given | {"trial": tried["trial"], "after": tried["after"]})
    return {"hash": tried["hash"], **tried["trial"]}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from None


def _show(value: object) -> int:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    return 0
