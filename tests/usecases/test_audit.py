from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import audit_entries
from gateway.domain.audit_entries import FIRST, Entry
from gateway.oauth.keys import BadKeys
from gateway.store import sql
from gateway.usecases import audit, clients, verification
from gateway.usecases.audit import OPERATOR, SYSTEM, Action
from tests.oauth.signing import es256
from tests.shops import execute

if TYPE_CHECKING:
    from gateway.store import Tx
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
MISSING = "gateway: audit entry 2 is missing\n"
MERCHANT = "mer_01jc0000000000000000000000"


async def entries(gateway: Gateway, after: int = 0) -> list[Entry]:
    return [entry async for page in audit.pages(gateway.world.store, after) for entry in page]


async def noted(gateway: Gateway, **facts: Any) -> None:
    async def unit(tx: Tx) -> None:
        await audit.note(tx, gateway.world, SYSTEM, Action.consent_revoked, MERCHANT, **facts)

    await gateway.world.store.write(unit)


async def test_entries_are_numbered_and_each_follows_from_the_one_before(own_gateway: Gateway) -> None:
    for version in range(3):
        await noted(own_gateway, version=version)
    found = await entries(own_gateway)
    assert [entry.number for entry in found] == [1, 2, 3]
    assert [entry.facts for entry in found] == [{"version": 0}, {"version": 1}, {"version": 2}]
    assert found[0] == audit_entries.chained(found[0], FIRST)
    assert all(after == audit_entries.chained(after, before.hash) for before, after in pairwise(found))
    assert await audit.verify(own_gateway.world.store) == audit.Chain(3, found[-1].hash, ())


async def test_twenty_units_at_once_make_one_chain(own_gateway: Gateway) -> None:
    await asyncio.gather(*(noted(own_gateway, place=place) for place in range(20)))
    found = await entries(own_gateway)
    assert sorted(int(str(entry.facts["place"])) for entry in found) == list(range(20))
    chain = await audit.verify(own_gateway.world.store)
    assert (chain.last_number, chain.problems) == (20, ())


async def test_what_is_rolled_back_is_not_noted_and_leaves_no_gap(own_gateway: Gateway) -> None:
    async def fails(tx: Tx) -> None:
        await audit.note(tx, own_gateway.world, SYSTEM, Action.consent_revoked, MERCHANT)
        raise LookupError

    await noted(own_gateway)
    with pytest.raises(LookupError):
        await own_gateway.world.store.write(fails)
    await noted(own_gateway)
    assert [entry.number for entry in await entries(own_gateway)] == [1, 2]


@pytest.mark.parametrize(
    "facts",
    [{"name": "Zhen Li"}, {"contact": "zhen@shop.example"}, {"secret": "aQ3-" * 10}, {"long": "a" * 101}, {"Name": 1}],
    ids=["a name", "an address", "a secret", "a long text", "a strange fact"],
)
async def test_what_is_neither_an_id_nor_a_code_is_never_noted(gateway: Gateway, facts: dict[str, Any]) -> None:
    before = len(await entries(gateway))
    with pytest.raises(ValueError, match="neither an id nor a code"):
        await noted(gateway, **facts)
    assert len(await entries(gateway)) == before


async def test_registering_rotating_and_disabling_a_client_is_noted(own_gateway: Gateway) -> None:
    world = own_gateway.world
    client = await clients.create(world, name="Till software", jwks=es256().jwks())
    with pytest.raises(BadKeys):
        await clients.rotate(world, client.id, b"{}")
    await clients.rotate(world, client.id, es256().jwks())
    await clients.disable(world, client.id)
    found = [(entry.actor, entry.action, entry.subject) for entry in await entries(own_gateway)]
    assert found == [
        (OPERATOR, "client.created", client.id),
        (OPERATOR, "client.rotated", client.id),
        (OPERATOR, "client.disabled", client.id),
    ]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET subject = 'mer_other' WHERE number = 2", "audit entry 2 was changed, or the one before it"),
        ("UPDATE audit SET facts_json = '{}' WHERE number = 3", "audit entry 3 was changed, or the one before it"),
        ("UPDATE audit SET hash = 'f' WHERE number = 1", "audit entry 1 was changed, or the one before it"),
        ("DELETE FROM audit WHERE number = 2", "audit entry 2 is missing"),
    ],
)
async def test_whatever_is_changed_afterwards_shows(own_gateway: Gateway, statement: str, problem: str) -> None:
    for version in range(4):
        await noted(own_gateway, version=version)
    await execute(own_gateway.world.settings.database_url, statement)
    assert (await audit.verify(own_gateway.world.store)).problems == (problem,)
    found = await verification.verify(own_gateway.world.store)
    assert (found.balanced, found.problems) == (False, (problem,))


async def command(gateway: Gateway, name: str, *more: str) -> tuple[int | None, str, str]:
    """Exit code, output and complaints of `gateway name`, run beside the process that owns the database."""
    url = gateway.world.settings.database_url
    arguments = [sys.executable, "-m", "gateway", name, "--database-url", url, *more]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_prints_the_log_and_says_whether_it_holds(own_gateway: Gateway) -> None:
    for version in range(3):
        await noted(own_gateway, version=version)
    code, printed, _ = await command(own_gateway, "audit", "--after", "1")
    assert code == 0
    assert [msgspec.json.decode(line, type=Entry) for line in printed.splitlines()] == await entries(own_gateway, 1)
    await execute(own_gateway.world.settings.database_url, "DELETE FROM audit WHERE number = 2")
    assert await command(own_gateway, "audit", "--after", "2") == (1, printed.splitlines()[1] + "\n", MISSING)


def test_no_query_changes_or_deletes_an_entry() -> None:
    texts = [query.postgres.text for query in sql.queries()]
    touching = [text for text in texts if "audit" in text.split("WHERE")[0] and not text.startswith("SELECT")]
    assert [text.split(" (")[0] for text in touching] == ["INSERT INTO audit"]
