"""The command line: one `gateway COMMAND` each for serving, working, and what an operator asks or changes."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gateway import (
    __version__,
    control,
    log,
    scorer,
    vault,
)
from gateway import settings as configuration
from gateway.commands import banks, doubts, imports, loans, models, parked, programmes, reconciliation
from gateway.domain.errors import GatewayError, Invalid
from gateway.domain.programmes import INVENTORY
from gateway.domain.reviews import CLEARABLE, DEFAULT_DAYS, MAX_DAYS, ReviewState
from gateway.domain.rights import GRANTABLE
from gateway.domain.tiers import Tier
from gateway.store import Owned, reading
from gateway.usecases import audit, decisions, verification
from gateway.usecases import models as governing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from gateway.settings import Settings
    from gateway.source_ports import Document

FAILED, REFUSED = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 = done, 1 = it found something wrong, 2 = it was refused."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parsed = _parser().parse_args(arguments)
    try:
        settings = configuration.load(os.environ)
        if getattr(parsed, "database_url", None):
            settings = msgspec.structs.replace(settings, database_url=parsed.database_url)
        log.configure(settings)
        with asyncio.Runner(loop_factory=getattr(parsed, "loop_factory", None)) as runner:
            return int(runner.run(parsed.run(settings, parsed)))
    except GatewayError as error:
        print(f"gateway: {error.detail}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="Restock: an embedded open-banking lending gateway.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.set_defaults(run=_serve, loop_factory=_quick_loop)
    worker = commands.add_parser("worker", help="run the worker (PostgreSQL; on SQLite it runs in the server)")
    worker.set_defaults(run=_worker, loop_factory=_quick_loop)
    _client_commands(commands.add_parser("client", help="partners' API clients"))
    _review_commands(commands.add_parser("review", help="what waits for a person's decision"))
    verify = commands.add_parser("verify", help="recompute the ledger and hold it against everything else")
    verify.add_argument("--database-url", help="instead of GATEWAY_DATABASE_URL")
    verify.set_defaults(run=_verify)
    log_ = commands.add_parser("audit", help="print the audit log and check that nothing in it was changed")
    log_.add_argument("--after", type=int, default=0, metavar="N", help="only what follows entry N")
    log_.add_argument("--database-url", help="instead of GATEWAY_DATABASE_URL")
    log_.set_defaults(run=_audit)
    replay = commands.add_parser("replay", help="make a stored decision again")
    replay.add_argument("decision", help="a decision's id")
    replay.add_argument("--database-url", help="instead of GATEWAY_DATABASE_URL")
    replay.set_defaults(run=_replay)
    listed = commands.add_parser("settings", help="list the settings and their defaults")
    listed.set_defaults(run=_settings)
    models.add_arguments(commands.add_parser("model", help="which version of each model answers"), _ask)
    programme = commands.add_parser("programme", help="the bank's product and policy, in versions")
    programmes.add_arguments(programme, _command)
    doubt = commands.add_parser("doubt", help="payments the bank does not account for: two people decide")
    doubts.add_arguments(doubt, _ask)
    loan = commands.add_parser("loan", help="relief for one loan, or giving it up: two officers decide")
    loans.add_arguments(loan, _ask)
    messages = commands.add_parser("parked", help="what a bank told that could not be applied")
    parked.add_arguments(messages, _ask)
    banks.add_arguments(commands.add_parser("bank", help="the banks: how they stand, stop and resume"), _ask)
    models.add_monitor(commands.add_parser("monitor", help="what is watched of the models"), _ask)
    reconcile = commands.add_parser("reconcile", help="banks' statements against the books")
    reconciliation.add_arguments(reconcile, _ask)
    score = commands.add_parser("score", help="score a file of histories: a JSON line a merchant")
    _add_score(score)
    brought = commands.add_parser("import", help="take in a file that a shop's software exported, or its bank")
    _add_import(brought)
    backtest = commands.add_parser("backtest", help="replay histories through the whole policy: limits, losses, income")
    _add_backtest(backtest)
    demo = commands.add_parser("demo", help="a shop's story from till receipts to the last repayment")
    _add_demo(demo)
    return parser


def _client_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="register a client by its public keys")
    create.add_argument("--name", required=True)
    create.add_argument("--jwks", required=True, type=Path, help="file with the client's public JWK set")
    create.add_argument("--partner", help="the partner it belongs to (default: the client's name)")
    create.add_argument(
        "--tier", choices=list(Tier), default=Tier.declared, help="how far a new partner's sales are trusted"
    )
    create.add_argument("--rights", nargs="+", choices=GRANTABLE, metavar="RIGHT", help=", ".join(GRANTABLE))
    _add_origins(create)
    create.set_defaults(run=_create_client)
    update = commands.add_parser("update", help="replace the origins of a client's pages")
    update.add_argument("client_id")
    _add_origins(update)
    update.set_defaults(run=_update_client)
    listed = commands.add_parser("list", help="list the clients")
    listed.set_defaults(run=_list_clients)
    rotate = commands.add_parser("rotate", help="replace a client's keys; its tokens end at once")
    rotate.add_argument("client_id")
    rotate.add_argument("--jwks", required=True, type=Path)
    rotate.set_defaults(run=_rotate_client)
    disable = commands.add_parser("disable", help="shut a client out; its tokens end at once")
    disable.add_argument("client_id")
    disable.set_defaults(run=_disable_client)


def _add_origins(parser: argparse.ArgumentParser) -> None:
    said = "a page that may show the widget, as location.origin says it; may come again"
    parser.add_argument("--origin", dest="origins", action="append", default=[], metavar="ORIGIN", help=said)


def _review_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="list the reviews in one state, oldest first")
    listed.add_argument("--state", choices=list(ReviewState), default=ReviewState.open)
    listed.add_argument("--limit", type=int, default=100, metavar="N")
    listed.set_defaults(run=_list_reviews)
    approve = commands.add_parser("approve", help="let a draw go on, or overrule a contested decision")
    approve.add_argument("--clear", nargs="+", default=[], choices=sorted(CLEARABLE), metavar="CODE",
                         help="stops and flags to lift: " + ", ".join(sorted(CLEARABLE)))  # fmt: skip
    approve.add_argument("--grade", help="the grade policy is to use")
    approve.add_argument("--days", type=int, default=DEFAULT_DAYS, metavar="N", help=f"for how long (≤ {MAX_DAYS})")
    approve.set_defaults(run=_approve_review)
    decline = commands.add_parser("decline", help="reject a draw, or let a contested decision stand")
    decline.set_defaults(run=_decline_review)
    for ruling in (approve, decline):
        ruling.add_argument("review_id")
        ruling.add_argument("--reason", required=True, help="why: kept with the review, encrypted")
        ruling.add_argument("--by", required=True, metavar="ACCOUNT", help="who decides, for the audit log")


def _quick_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop, where it is built: half the processor time a request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    # Opening the models takes a tenth of a second and no interpreter: it goes on beside the imports, which take longer.
    models = asyncio.get_running_loop().run_in_executor(None, scorer.load, settings.models_dir)
    from gateway import server

    await server.serve(settings, arguments.host, arguments.port, models)
    return 0


async def _worker(settings: Settings, _arguments: argparse.Namespace) -> int:
    from gateway.main import open_world
    from gateway.worker import Worker

    async with open_world(settings) as world:
        worker = Worker(world)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()
    return 0


async def _create_client(settings: Settings, arguments: argparse.Namespace) -> int:
    given = {
        "name": arguments.name,
        "jwks": _text(arguments.jwks),
        "partner": arguments.partner,
        "rights": arguments.rights,
        "tier": arguments.tier,
        "origins": arguments.origins,
    }
    made = await _command(settings, "client.create", given)
    _print({"client_id": made["id"], "partner_id": made["partner_id"], "issuer": settings.issuer})
    return 0


async def _list_clients(settings: Settings, _arguments: argparse.Namespace) -> int:
    _print(await _command(settings, "client.list", {}))
    return 0


async def _update_client(settings: Settings, arguments: argparse.Namespace) -> int:
    given = {"client_id": arguments.client_id, "origins": arguments.origins}
    _print(await _command(settings, "client.update", given))
    return 0


async def _rotate_client(settings: Settings, arguments: argparse.Namespace) -> int:
    given = {"client_id": arguments.client_id, "jwks": _text(arguments.jwks)}
    _print(await _command(settings, "client.rotate", given))
    return 0


async def _disable_client(settings: Settings, arguments: argparse.Namespace) -> int:
    _print(await _command(settings, "client.disable", {"client_id": arguments.client_id}))
    return 0


async def _list_reviews(settings: Settings, arguments: argparse.Namespace) -> int:
    found: list[Any] = []
    while (lacking := arguments.limit - len(found)) > 0:
        given = {"state": arguments.state, "after": found[-1]["id"] if found else "", "limit": lacking}
        page = await _command(settings, "review.list", given)
        if not page:
            break
        found += page
    _print(found)
    return 0


async def _approve_review(settings: Settings, arguments: argparse.Namespace) -> int:
    overruled = {"clears": arguments.clear, "grade": arguments.grade, "days": arguments.days}
    return await _rule(settings, "review.approve", arguments, overruled)


async def _decline_review(settings: Settings, arguments: argparse.Namespace) -> int:
    return await _rule(settings, "review.decline", arguments, {})


async def _rule(settings: Settings, command: str, arguments: argparse.Namespace, overruled: dict[str, Any]) -> int:
    ruling = {"by": arguments.by, "reason": arguments.reason, **overruled}
    _print(await _command(settings, command, {"review_id": arguments.review_id, "ruling": ruling}))
    return 0


async def _ask(settings: Settings, command: str, given: dict[str, Any]) -> int:
    _print(await _command(settings, command, given))
    return 0


async def _command(settings: Settings, command: str, given: dict[str, Any]) -> Any:
    async with _commanding(settings) as run:
        return await run(command, given)


@asynccontextmanager
async def _commanding(settings: Settings) -> AsyncIterator[imports.Command]:
    """Change state: by ourselves when the database is free, else through the server that owns it."""
    from gateway.main import open_world

    async with AsyncExitStack() as stack:
        try:
            world = await stack.enter_async_context(open_world(settings))
        except Owned:
            run = partial(control.ask, settings)
        else:
            run = partial(control.run, world)
        yield run


def _add_import(parser: argparse.ArgumentParser) -> None:
    def names() -> list[str]:
        from gateway.connections import documents

        return documents.names()

    def document(profile: str) -> Document:
        from gateway.connections import documents

        return documents.document(profile)

    imports.add_arguments(parser, _commanding, document, names)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from None


async def _verify(settings: Settings, _arguments: argparse.Namespace) -> int:
    async with reading(settings.database_url) as reader:
        found = await verification.verify(reader)
    _print(found)
    return 0 if found.balanced else FAILED


async def _audit(settings: Settings, arguments: argparse.Namespace) -> int:
    async with reading(settings.database_url) as reader:
        async for page in audit.pages(reader, arguments.after):
            for entry in page:
                print(msgspec.json.encode(entry).decode())
        chain = await audit.verify(reader, arguments.after)
    for problem in chain.problems:
        print(f"gateway: {problem}", file=sys.stderr)
    return FAILED if chain.problems else 0


async def _replay(settings: Settings, arguments: argparse.Namespace) -> int:
    async with reading(settings.database_url) as reader:
        models = scorer.load(settings.models_dir, serving=await governing.serving(reader))
        replayed = await decisions.replay(reader, models, INVENTORY, arguments.decision, vault.load(settings))
    _print(replayed)
    return 0 if replayed.agrees else FAILED


async def _settings(_settings: Settings, _arguments: argparse.Namespace) -> int:
    for field in msgspec.structs.fields(configuration.Settings):
        default = "" if field.default in {msgspec.NODEFAULT, None} else field.default
        print(f"{configuration.PREFIX}{field.name.upper()}={default}")
    return 0


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--history", type=Path, required=True, metavar="FILE", help="CSV, a row a merchant and day")
    parser.add_argument("--currency", default="CNY", help="what the file's amounts are minor units of (default: CNY)")
    parser.add_argument("--as-of", metavar="DATE", help="the day to score on (default: the day after each last row)")
    parser.add_argument("--programme", type=Path, metavar="FILE", help="a programme file (default: the built-in one)")
    parser.add_argument("--tier", choices=list(Tier), default=Tier.declared, help="how far the sales are trusted")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON lines (default: standard output)")
    parser.set_defaults(run=_score)


async def _score(settings: Settings, arguments: argparse.Namespace) -> int:
    from gateway.batch import score_command

    signal.signal(signal.SIGINT, signal.default_int_handler)  # nothing is awaited: stop at once
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))  # half an answer is none
    return score_command.run(scorer.load(settings.models_dir), arguments)


def _add_backtest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--history", type=Path, required=True, metavar="FILE", help="a CSV as `gateway score` reads it")
    parser.add_argument("--programme", type=Path, metavar="FILE", help="a programme file (default: the built-in one)")
    parser.add_argument("--currency", default="CNY", help="what the file's amounts are minor units of (default: CNY)")
    parser.add_argument("--every", type=int, default=30, metavar="DAYS", help="between two judgements (default: 30)")
    parser.add_argument("--use", default="1", metavar="PART", help="of what is available, such as 0.6 (default: 1)")
    parser.add_argument("--tier", choices=list(Tier), default=Tier.settled, help="how far the sales are trusted")
    parser.add_argument("--through", type=date.fromisoformat, metavar="DATE", help="the last day that is known")
    parser.add_argument("--output", type=Path, default=Path("build/backtest.html"), metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure, amounts in minor units")
    parser.set_defaults(run=_backtest)


async def _backtest(settings: Settings, arguments: argparse.Namespace) -> int:
    from gateway.batch import backtest_command

    return backtest_command.run(settings, arguments)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    from gateway.demo import command

    command.add_arguments(parser)

    async def run(_settings: Settings, arguments: argparse.Namespace) -> int:
        return await command.run(arguments)

    parser.set_defaults(run=run)


def _print(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
