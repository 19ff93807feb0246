from __future__ import annotations

import asyncio
import logging
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.store import open_store
from gateway.store.database import BadDatabaseUrl, Busy
from gateway.store.sqlite import Owned, SqliteStore
from tests.store import notes
from tests.store.notes import query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.store import Tx

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "restock.db"


@pytest.fixture
async def sqlite_store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path)
    await store.write(lambda tx: tx.run(notes.CREATE))
    yield store
    await store.close()


async def test_units_of_one_commit_see_those_before_them_and_readers_do_not(sqlite_store: SqliteStore) -> None:
    async def look(tx: Tx) -> tuple[list[str], list[str]]:
        return await notes.held(tx), await notes.held(sqlite_store)

    _, seen = await asyncio.gather(notes.write(sqlite_store, "a"), sqlite_store.write(look))
    assert seen == (["a"], [])
    assert await notes.held(sqlite_store) == ["a"]


async def test_what_follows_a_commit_runs_when_others_can_see_it(sqlite_store: SqliteStore, path: Path) -> None:
    seen: list[int] = []

    def count() -> None:
        other = sqlite3.connect(path)
        seen.append(other.execute("SELECT COUNT(*) FROM notes").fetchone()[0])
        other.close()

    async def unit(tx: Tx) -> None:
        tx.on_commit(count)
        await notes.add(tx, "a", "b")
        count()

    await sqlite_store.write(unit)
    assert seen == [0, 2]


async def test_reading_cannot_write(sqlite_store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await sqlite_store.all(notes.ADD, id="a", body="")


async def test_the_file_is_readable_by_its_owner_alone(sqlite_store: SqliteStore, path: Path) -> None:
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


async def test_every_commit_is_synced(sqlite_store: SqliteStore) -> None:
    async def settings(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [(await tx.all(query(f"PRAGMA {name}")))[0][0] for name in names]

    full = 2
    assert await sqlite_store.write(settings) == ["wal", full, 1]


@pytest.mark.usefixtures("sqlite_store")
async def test_a_second_owner_is_refused(path: Path) -> None:
    with pytest.raises(Owned):
        await SqliteStore.open(path)
    (path.parent.parent / "link.db").symlink_to(path)
    with pytest.raises(Owned):
        await SqliteStore.open(path.parent.parent / "link.db")


async def test_another_process_is_refused_until_the_owner_closes(sqlite_store: SqliteStore, path: Path) -> None:
    refused = _open_elsewhere(path)
    assert refused.returncode == 1
    assert "open in another process" in refused.stderr
    await sqlite_store.close()
    assert _open_elsewhere(path).returncode == 0


def _open_elsewhere(path: Path) -> subprocess.CompletedProcess[str]:
    script = (
        "import asyncio, sys; from gateway.store import open_store\n"
        "async def main(): await (await open_store(sys.argv[1])).close()\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", script, f"sqlite:///{path}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "mysql://x/y", "sqlite:///"])
async def test_an_address_that_keeps_nothing_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadDatabaseUrl):
        await open_store(url)


async def test_a_file_that_is_no_database_is_refused_and_no_thread_stays(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    (tmp_path / "text.db").write_text("not a database, long enough to have a header" * 40)
    for _ in range(2):
        with pytest.raises(BadDatabaseUrl, match="not a database"):
            await open_store(f"sqlite:///{tmp_path / 'text.db'}")
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


async def test_a_full_disk_fails_what_it_must_and_the_committer_lives_on(sqlite_store: SqliteStore) -> None:
    async def fill(tx: Tx) -> None:
        pages = (await tx.all(query("PRAGMA page_count")))[0][0]
        await tx.all(query(f"PRAGMA max_page_count = {pages + 4}"))
        await tx.many(notes.ADD, [{"id": f"big{number}", "body": "x" * 4000} for number in range(50)])

    writes = [notes.write(sqlite_store, "a"), sqlite_store.write(fill), notes.write(sqlite_store, "b")]
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert "full" in str(answers[1])
    assert await notes.held(sqlite_store) == [id_ for id_, answer in zip("a.b", answers, strict=True) if answer is None]
    await sqlite_store.write(lambda tx: tx.all(query("PRAGMA max_page_count = 100000")))
    await notes.write(sqlite_store, "c")
    assert "c" in await notes.held(sqlite_store)


async def test_a_commit_the_disk_refuses_fails_all_its_units_and_the_next_succeeds(sqlite_store: SqliteStore) -> None:
    child = "CREATE TABLE children (note_id TEXT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)"
    await sqlite_store.write(lambda tx: tx.run(query(child)))
    orphan = query("INSERT INTO children (note_id) VALUES ('nobody')")
    writes = [notes.write(sqlite_store, "a"), sqlite_store.write(lambda tx: tx.run(orphan))]
    answers = await asyncio.gather(*writes, notes.write(sqlite_store, "b"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [sqlite3.IntegrityError] * 3
    await notes.write(sqlite_store, "c")
    assert await notes.held(sqlite_store) == ["c"]


async def test_a_unit_that_swallows_the_loss_of_its_transaction_stores_nothing(sqlite_store: SqliteStore) -> None:
    await sqlite_store.write(lambda tx: tx.run(query("CREATE TABLE once (id BIGINT PRIMARY KEY ON CONFLICT ROLLBACK)")))
    await sqlite_store.write(lambda tx: tx.run(query("INSERT INTO once VALUES (1)")))
    caught: list[Exception] = []

    async def swallow(tx: Tx) -> None:
        await notes.add(tx, "before")
        for statement in ("INSERT INTO once VALUES (1)", "INSERT INTO once VALUES (2)"):
            try:
                await tx.run(query(statement))
            except sqlite3.Error as error:
                caught.append(error)

    writes = [notes.write(sqlite_store, "a"), sqlite_store.write(swallow), notes.write(sqlite_store, "b")]
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(answer) for answer in answers] == [sqlite3.OperationalError] * 3
    assert [type(error) for error in caught] == [sqlite3.IntegrityError, sqlite3.OperationalError]
    await notes.write(sqlite_store, "c")
    assert await notes.held(sqlite_store) == ["c"]
    assert await sqlite_store.all(query("SELECT id FROM once")) == [(1,)]


async def test_a_file_locked_from_outside_fails_the_batch_and_the_next_succeeds(
    sqlite_store: SqliteStore, path: Path
) -> None:
    await sqlite_store.write(lambda tx: tx.all(query("PRAGMA busy_timeout = 0")))
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    writes = [notes.write(sqlite_store, "a"), notes.write(sqlite_store, "b")]
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["database is locked"] * 2
    intruder.close()
    await notes.write(sqlite_store, "c")
    assert await notes.held(sqlite_store) == ["c"]


async def test_a_unit_that_would_wait_for_itself_is_told(sqlite_store: SqliteStore) -> None:
    async def unit(_tx: Tx) -> None:
        await notes.write(sqlite_store, "inside")

    with pytest.raises(RuntimeError, match="waits for the unit"):
        await sqlite_store.write(unit)


async def test_nobody_waits_for_ever_when_the_event_loop_is_torn_down(sqlite_store: SqliteStore) -> None:
    started = asyncio.Event()

    async def unit(_tx: Tx) -> None:
        started.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(sqlite_store.write(unit))
    await started.wait()
    waiting = asyncio.create_task(notes.write(sqlite_store, "a"))
    await asyncio.sleep(0)
    sqlite_store._committer._task.cancel()
    answers = await asyncio.gather(running, waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
    with pytest.raises(Busy):
        await notes.write(sqlite_store, "b")
    assert await notes.held(sqlite_store) == []


async def test_short_units_cost_no_hop_and_their_commit_one(
    sqlite_store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "aiosqlite"):  # which says so at each hop
        await asyncio.gather(*[notes.write(sqlite_store, str(number)) for number in range(10)])
    assert sum(message.startswith("executing") for message in caplog.messages) == 1
