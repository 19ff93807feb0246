"""Commands that change state, for the operator on this machine.

On SQLite one process owns the database, so a command speaks to the server over a Unix socket that only the owner of
the process can open, or takes the database itself when no server has it. One line of JSON each way. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gateway import log
from gateway.domain.arrangements import ArrangementState, Proposal
from gateway.domain.banks import Stopped
from gateway.domain.doubts import Verdict
from gateway.domain.errors import Conflict, GatewayError, Invalid
from gateway.domain.models import Said
from gateway.domain.reviews import ReviewState, Ruling
from gateway.domain.rights import Right
from gateway.domain.tiers import Tier
from gateway.domain.trials import Trial
from gateway.usecases import (
    clients,
    doubts,
    explaining,
    hardship,
    imports,
    models,
    monitoring,
    openness,
    parked,
    programmes,
    recalibrating,
    reviewing,
    reviews,
    trials,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from gateway.settings import Settings
    from gateway.usecases.world import World

    Command = Callable[[World, dict[str, Any]], Awaitable[object]]

LINE_BYTES = 4 * 1024 * 1024
"""The longest command or answer: several times a batch of an import."""
ANSWER_SECONDS = 30.0
LISTED_COUNT = 100
"""The most a list answers at a time."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a command came to: its result, or the refusal's sentence."""

    result: Any = None
    refusal: str | None = None


class Asked(msgspec.Struct, frozen=True):
    """One command by its name."""

    command: str
    arguments: dict[str, Any]


class NotListening(Conflict):
    """The process that owns the database does not answer on its control socket."""

    code = "control_socket_silent"
    title = "The server that owns the database does not answer"


async def _create(world: World, given: dict[str, Any]) -> object:
    rights = given["rights"]
    return await clients.create(
        world,
        name=given["name"],
        jwks=given["jwks"].encode(),
        partner_name=given["partner"],
        rights=None if rights is None else [Right(right) for right in rights],
        tier=Tier(given["tier"]),
        origins=given.get("origins", ()),
    )


async def _place(world: World, given: dict[str, Any]) -> object:
    return await clients.place(world, given["client_id"], given["origins"])


async def _list(world: World, _given: dict[str, Any]) -> object:
    found: list[clients.Client] = []
    while page := await clients.page(world, found[-1].id if found else ""):
        found += page
    return found


async def _rotate(world: World, given: dict[str, Any]) -> object:
    return await clients.rotate(world, given["client_id"], given["jwks"].encode())


async def _disable(world: World, given: dict[str, Any]) -> object:
    return await clients.disable(world, given["client_id"])


async def _reviews(world: World, given: dict[str, Any]) -> object:
    return await reviews.page(world, ReviewState(given["state"]), given["after"], given["limit"])


async def _approve(world: World, given: dict[str, Any]) -> object:
    return await reviewing.approve(world, given["review_id"], msgspec.convert(given["ruling"], Ruling))


async def _decline(world: World, given: dict[str, Any]) -> object:
    return await reviewing.decline(world, given["review_id"], msgspec.convert(given["ruling"], Ruling))


async def _models(world: World, _given: dict[str, Any]) -> object:
    return await models.listed(world)


async def _promote(world: World, given: dict[str, Any]) -> object:
    return await models.promote(world, given["name"], given["version"], _said(given))


async def _roll_back(world: World, given: dict[str, Any]) -> object:
    return await models.roll_back(world, given["name"], _said(given))


async def _recalibrate(world: World, given: dict[str, Any]) -> object:
    return await recalibrating.recalibrate(world, given["outcomes"], _said(given) if given["apply"] else None)


async def _reset(world: World, given: dict[str, Any]) -> object:
    return await monitoring.reset(world, _said(given), adopt=given["adopt"])


async def _monitor(world: World, _given: dict[str, Any]) -> object:
    return await monitoring.watch(world)


async def _programmes(world: World, _given: dict[str, Any]) -> object:
    return await programmes.listed(world)


async def _programme(world: World, given: dict[str, Any]) -> object:
    return await programmes.show(world, given["id"], given["version"])


async def _withdraw(world: World, given: dict[str, Any]) -> object:
    return await programmes.withdraw(world, given["id"], by=given["by"])


async def _try(world: World, given: dict[str, Any]) -> object:
    return await trials.attempt(world, given["text"], msgspec.convert(given["trial"], Trial), given["after"])


async def _apply(world: World, given: dict[str, Any]) -> object:
    return await programmes.apply(world, given["text"], tried=given["tried"], by=given["by"])


async def _banks(world: World, _given: dict[str, Any]) -> object:
    return await openness.listed(world)


async def _switch(world: World, given: dict[str, Any]) -> object:
    said = _said(given)
    return await openness.switch(world, given["bank_id"], Stopped(given["stopped"]), by=said.by, reason=said.reason)


def _said(given: dict[str, Any]) -> Said:
    return msgspec.convert(given["said"], Said)


async def _arrangements(world: World, given: dict[str, Any]) -> object:
    return await hardship.page(world, ArrangementState(given["state"]), given["after"], LISTED_COUNT)


async def _propose_arrangement(world: World, given: dict[str, Any]) -> object:
    return await hardship.propose(world, msgspec.convert(given, Proposal))


async def _approve_arrangement(world: World, given: dict[str, Any]) -> object:
    return await hardship.approve(world, given["arrangement_id"], by=given["by"])


async def _decline_arrangement(world: World, given: dict[str, Any]) -> object:
    return await hardship.decline(world, given["arrangement_id"], by=given["by"])


async def _doubts(world: World, _given: dict[str, Any]) -> object:
    return await doubts.listed(world)


async def _propose_doubt(world: World, given: dict[str, Any]) -> object:
    verdict = Verdict(given["verdict"])
    return await doubts.propose(world, given["reference"], verdict, by=given["by"], reason=given["reason"])


async def _approve_doubt(world: World, given: dict[str, Any]) -> object:
    return await doubts.approve(world, given["reference"], by=given["by"])


async def _explain(world: World, given: dict[str, Any]) -> object:
    return await explaining.propose(world, given["entry_id"], given["payment"], by=given["by"], reason=given["reason"])


async def _approve_explanation(world: World, given: dict[str, Any]) -> object:
    return await explaining.approve(world, given["entry_id"], by=given["by"])


async def _parked(world: World, _given: dict[str, Any]) -> object:
    return await parked.listed(world)


async def _show_parked(world: World, given: dict[str, Any]) -> object:
    return await parked.show(world, given["message"])


async def _read_again(world: World, given: dict[str, Any]) -> object:
    return await parked.read_again(world, given["message"], by=given["by"], reason=given["reason"])


async def _put_away(world: World, given: dict[str, Any]) -> object:
    return await parked.put_away(world, given["message"], by=given["by"], reason=given["reason"])


async def _about(world: World, given: dict[str, Any]) -> object:
    return await imports.about(world, given["merchant_id"])


async def _begin_import(world: World, given: dict[str, Any]) -> object:
    return await imports.begin(world, msgspec.convert(given["opening"], imports.Opening))


async def _take_import(world: World, given: dict[str, Any]) -> object:
    return await imports.take(world, msgspec.convert(given["batch"], imports.Batch))


async def _try_import(world: World, given: dict[str, Any]) -> object:
    opening, batch = msgspec.convert(given["opening"], imports.Opening), msgspec.convert(given["batch"], imports.Batch)
    return await imports.attempt(world, opening, batch)


async def _imports(world: World, _given: dict[str, Any]) -> object:
    return await imports.listed(world)


async def _rejects(world: World, given: dict[str, Any]) -> object:
    return await imports.rejects(world, given["import_id"], given["after"])


COMMANDS: dict[str, Command] = {
    "bank.list": _banks,
    "bank.switch": _switch,
    "client.create": _create,
    "client.list": _list,
    "client.update": _place,
    "client.rotate": _rotate,
    "client.disable": _disable,
    "import.about": _about,
    "import.begin": _begin_import,
    "import.take": _take_import,
    "import.try": _try_import,
    "import.list": _imports,
    "import.rejects": _rejects,
    "loan.list": _arrangements,
    "loan.propose": _propose_arrangement,
    "loan.approve": _approve_arrangement,
    "loan.decline": _decline_arrangement,
    "doubt.list": _doubts,
    "doubt.propose": _propose_doubt,
    "doubt.approve": _approve_doubt,
    "model.list": _models,
    "model.promote": _promote,
    "model.rollback": _roll_back,
    "model.recalibrate": _recalibrate,
    "model.reset": _reset,
    "monitor": _monitor,
    "parked.list": _parked,
    "parked.show": _show_parked,
    "parked.again": _read_again,
    "parked.away": _put_away,
    "programme.list": _programmes,
    "programme.show": _programme,
    "programme.try": _try,
    "programme.apply": _apply,
    "programme.withdraw": _withdraw,
    "reconcile.explain": _explain,
    "reconcile.approve": _approve_explanation,
    "review.list": _reviews,
    "review.approve": _approve,
    "review.decline": _decline,
}


async def run(world: World, command: str, arguments: dict[str, Any]) -> Any:
    """Run one command on an open world; its result as plain JSON values."""
    if command not in COMMANDS:
        raise Invalid(f"there is no command {command}")
    return msgspec.to_builtins(await COMMANDS[command](world, arguments))


@asynccontextmanager
async def listening(world: World) -> AsyncIterator[None]:
    """Answer commands on the control socket for as long as the context lasts."""
    path = _path(world.settings)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)  # the database's lock is ours, so nobody else listens there

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(msgspec.json.encode(await _answer(world, await reader.readline())) + b"\n")
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, path, limit=LINE_BYTES)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def ask(settings: Settings, command: str, arguments: dict[str, Any]) -> Any:
    """Have the server that owns the database run a command. Raises NotListening, or Invalid with its refusal."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_unix_connection(_path(settings), limit=LINE_BYTES)
            writer.write(msgspec.json.encode(Asked(command, arguments)) + b"\n")
            await writer.drain()
            line = await reader.readline()
            writer.close()
        answer = msgspec.json.decode(line, type=Answer)
    except (OSError, TimeoutError, msgspec.DecodeError):
        raise NotListening("another process has the database open and does not answer commands") from None
    if answer.refusal is not None:
        raise Invalid(answer.refusal)
    return answer.result


async def _answer(world: World, line: bytes) -> Answer:
    try:
        asked = msgspec.json.decode(line, type=Asked)
        return Answer(result=await run(world, asked.command, asked.arguments))
    except GatewayError as refusal:
        return Answer(refusal=refusal.detail)
    except Exception as error:  # noqa: BLE001 - told to the operator and the log; the server goes on
        log.crash(error)
        return Answer(refusal=f"the server failed: {type(error).__name__}")


def _path(settings: Settings) -> Path:
    """One socket a database, in a folder of the user's own: a path beside the database could be too long for one."""
    name = hashlib.sha256(os.fsencode(Path(settings.database_url).absolute())).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / f"restock-{os.getuid()}" / f"{name}.sock"
