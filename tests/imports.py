"""`gateway import` inside this process: the command as the operator gives it, on an open gateway."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway import control
from gateway.commands import imports
from gateway.connections import documents
from gateway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.usecases.world import World

ONLINE_RETAIL = """
name = "online-retail"
record = "sale"
dates = ["%Y-%m-%d %H:%M:%S"]
timezone = "Europe/London"
refunds = "negative"
rounding = "half_up"
zero = "skip"
[columns]
occurred_at = "InvoiceDate"
[product]
quantity = "Quantity"
unit_price = "UnitPrice"
"""
"""The columns of the shared data set `online_retail`: no ids, quantity × price, returns below zero."""


class Killed(BaseException):
    """The process died."""


def command(world: World, *, socket: bool = False) -> imports.Command:
    """Runs a command in this process, or over the control socket that listens."""
    return partial(control.ask, world.settings) if socket else partial(control.run, world)


def dying(run: imports.Command, after: int, *, answered: bool) -> imports.Command:
    """The same, but the process dies at the batch after `after` ones: before it is taken, or before it hears so."""
    left = after

    async def asked(name: str, given: dict[str, Any]) -> Any:
        nonlocal left
        if name == "import.take":
            left -= 1
            if left < 0 and not answered:
                raise Killed
        answer = await run(name, given)
        if left < 0:
            raise Killed
        return answer

    return asked


async def bring(run: imports.Command, *arguments: object) -> tuple[int, dict[str, Any]]:
    """`gateway import ARGUMENTS`: its exit code and what it printed."""

    @asynccontextmanager
    async def commanding(_settings: Settings) -> AsyncIterator[imports.Command]:
        yield run

    parser = argparse.ArgumentParser()
    imports.add_arguments(parser, commanding, documents.document, documents.names)
    given = parser.parse_args([str(argument) for argument in arguments])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        code = await given.run(Settings(), given)
    return code, json.loads(printed.getvalue())
