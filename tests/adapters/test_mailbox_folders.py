"""Files in folders, of this machine and of a real SFTP server: whole or not at all, and never lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import asyncssh
import msgspec
import pytest

from adapters.banks.iso20022 import wire
from adapters.mailboxes import DirectoryPlace, HttpPlace, Mailbox, SftpPlace
from adapters.mailboxes.directory import DirectoryMailbox
from adapters.mailboxes.sftp import SftpMailbox
from gateway.bank_ports import Unanswered, Unreachable, Unreadable
from tests.adapters import ssh_server, stubborn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
XML = "application/xml"
LONG_AGO = 1_700_000_000


class Way(NamedTuple):
    """A mailbox and the folders behind it."""

    place: DirectoryPlace | SftpPlace
    outgoing: Path
    incoming: Path
    archive: Path

    def mailbox(self, **changes: object) -> Mailbox:
        return opened(msgspec.structs.replace(self.place, **changes))

    def arrives(self, name: str, body: bytes, at: float = LONG_AGO) -> None:
        path = self.incoming / name
        path.write_bytes(body)
        os.utime(path, (at, at))

    def visible(self) -> list[str]:
        return sorted(path.name for path in self.outgoing.iterdir() if not path.name.startswith("."))


def lying(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def opened(place: DirectoryPlace | SftpPlace) -> Mailbox:
    return DirectoryMailbox(place) if isinstance(place, DirectoryPlace) else SftpMailbox(place)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ssh_server.Server]:
    root = tmp_path / "bank"
    for folder in (root / "out", root / "in", root / "done"):
        folder.mkdir(parents=True)
    async with ssh_server.serving(root) as server:
        yield server


@pytest.fixture(params=["directory", "sftp"])
async def way(request: pytest.FixtureRequest, server: ssh_server.Server) -> Way:
    root = server.root
    here = DirectoryPlace(outgoing=str(root / "out"), incoming=str(root / "in"))
    place = here if request.param == "directory" else server.place()
    return Way(place, root / "out", root / "in", root / "done")


async def test_a_file_lies_there_whole_under_a_name_of_its_reference_and_the_same_bytes_are_the_same_file(
    way: Way,
) -> None:
    for _ in range(2):
        assert (await way.mailbox(prefix="pain_").submit(b"<a/>", XML, "FILE/1")).accepted
    (name,) = way.visible()
    assert name.startswith("pain_FILE_1-")
    assert name.endswith(".xml")
    assert (way.outgoing / name).read_bytes() == b"<a/>"
    await way.mailbox(prefix="pain_").submit(b"<b/>", XML, "FILE/1")
    assert len(way.visible()) == 2
    assert [path.name for path in way.outgoing.iterdir()] == [path.name for path in way.outgoing.glob("pain_*")]


async def test_no_reference_leads_out_of_the_folder(way: Way) -> None:
    await way.mailbox().submit(b"<a/>", XML, "../../../etc/x")
    assert len(list(way.outgoing.rglob("*"))) == 1


async def test_what_a_crash_left_half_written_is_never_visible_and_does_not_stand_in_the_way(way: Way) -> None:
    await way.mailbox().submit(b"<whole/>", XML, "FILE-1")
    (name,) = way.visible()
    (way.outgoing / name).rename(way.outgoing / f".{name}.tmp")
    (way.outgoing / f".{name}.tmp").write_bytes(b"<whole/><and more")
    assert way.visible() == []
    await way.mailbox().submit(b"<whole/>", XML, "FILE-1")
    assert [path.read_bytes() for path in way.outgoing.iterdir()] == [b"<whole/>"]


async def test_files_can_be_written_in_a_folder_of_their_own_first(way: Way) -> None:
    staging = "/done" if isinstance(way.place, SftpPlace) else str(way.archive)
    await way.mailbox(staging=staging).submit(b"<a/>", XML, "FILE-1")
    assert len(way.visible()) == 1
    with pytest.raises(Unreachable):
        await way.mailbox(staging=f"{staging}/missing").submit(b"<b/>", XML, "FILE-2")
    assert len(way.visible()) == 1


async def test_messages_are_fetched_oldest_first_and_stay_until_they_are_acknowledged(way: Way) -> None:
    way.arrives("b.xml", b"<first/>", LONG_AGO)
    way.arrives("a.xml", b"<second/>", LONG_AGO + 1)
    mailbox = way.mailbox()
    fetched = await mailbox.fetch()
    assert [message.body for message in fetched] == [b"<first/>", b"<second/>"]
    assert await mailbox.fetch() == fetched
    await mailbox.acknowledge([fetched[0].message_id])
    assert await mailbox.fetch() == fetched[1:]
    assert [path.name for path in way.incoming.iterdir()] == ["a.xml"]


async def test_what_is_still_growing_temporary_hidden_or_no_file_is_not_read(way: Way) -> None:
    way.arrives("fresh.xml", b"<half", time.time())
    for name in ("a.tmp", "b.part", ".hidden.xml", "c.XML.FILEPART", "d.processing"):
        way.arrives(name, b"<a/>")
    (way.incoming / "folder.xml").mkdir()
    (way.incoming / "link.xml").symlink_to(way.incoming.parent / "secret")
    assert await way.mailbox().fetch() == []
    assert [message.body for message in await way.mailbox(settle_seconds=0).fetch()] == [b"<half"]


async def test_a_clock_ahead_of_ours_does_not_hide_a_message(way: Way) -> None:
    way.arrives("a.xml", b"<a/>", time.time() + 100_000)
    assert len(await way.mailbox().fetch()) == 1


async def test_a_file_that_says_something_else_by_now_is_not_given_up(way: Way) -> None:
    way.arrives("day.xml", b"<monday/>")
    (monday,) = await way.mailbox().fetch()
    way.arrives("day.xml", b"<tuesday/>")
    await way.mailbox().acknowledge([monday.message_id])
    (tuesday,) = await way.mailbox().fetch()
    assert tuesday.body == b"<tuesday/>"
    assert tuesday.message_id != monday.message_id


async def test_an_archive_keeps_what_was_acknowledged(way: Way) -> None:
    archive = "/done" if isinstance(way.place, SftpPlace) else str(way.archive)
    way.arrives("a \u00fc.xml", b"<a/>")
    mailbox = way.mailbox(archive=archive)
    (message,) = await mailbox.fetch()
    await mailbox.acknowledge([message.message_id])
    assert {path.name: path.read_bytes() for path in way.archive.iterdir()} == {message.message_id: b"<a/>"}
    assert await mailbox.fetch() == []


async def test_only_so_many_files_come_at_once_and_the_rest_next_time(way: Way) -> None:
    for number in range(5):
        way.arrives(f"{number}.xml", b"%d" % number, LONG_AGO + number)
    mailbox, bodies = way.mailbox(max_files=2), []
    while fetched := await mailbox.fetch():
        bodies += [message.body for message in fetched]
        await mailbox.acknowledge([message.message_id for message in fetched])
    assert bodies == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_file_too_long_is_refused_by_its_reader_and_never_removed(way: Way) -> None:
    way.arrives("huge.xml", b"<" + b"a" * 100)
    mailbox = way.mailbox(max_file_bytes=50)
    (message,) = await mailbox.fetch()
    assert len(message.body) == 51
    with pytest.raises(Unreadable):
        wire.read(message.body)
    await mailbox.acknowledge([message.message_id])
    assert await mailbox.fetch() == []
    assert [(path.name, path.stat().st_size) for path in way.incoming.iterdir()] == [("huge.xml.refused", 101)]


async def test_folders_that_are_not_there_are_a_bank_out_of_reach(way: Way) -> None:
    mailbox = way.mailbox(outgoing="/missing", incoming="/missing")
    with pytest.raises(Unreachable):
        await mailbox.submit(b"<a/>", XML, "FILE-1")
    with pytest.raises(Unreachable):
        await mailbox.fetch()
    with pytest.raises(Unreachable):
        await mailbox.acknowledge(["a"])


# --- a directory -----------------------------------------------------------------------------------------------------

CRASH = """
import asyncio, os, sys
from adapters.mailboxes import DirectoryPlace, directory
os.rename = lambda *_: os._exit(9)
place = DirectoryPlace(outgoing=sys.argv[1], incoming=sys.argv[1])
asyncio.run(directory.DirectoryMailbox(place).submit(b"<a/>", "application/xml", "FILE-1"))
"""


async def test_a_crash_between_writing_and_moving_leaves_nothing_visible(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CRASH, str(tmp_path)]
    ended = subprocess.run(command, check=False, cwd=Path(__file__).parents[2], timeout=60)  # noqa: ASYNC221
    assert ended.returncode == 9
    assert [name[0] for name in lying(tmp_path)] == ["."]
    mailbox = opened(DirectoryPlace(outgoing=str(tmp_path), incoming=str(tmp_path)))
    await mailbox.submit(b"<a/>", XML, "FILE-1")
    (left,) = lying(tmp_path)
    assert left.startswith("FILE-1-")
    assert (tmp_path / left).read_bytes() == b"<a/>"


@pytest.mark.parametrize("made", [True, False], ids=["made", "not made"])
async def test_a_move_reported_failed_is_in_doubt_only_if_it_may_have_been_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: bool,  # noqa: FBT001 - both
) -> None:
    rename = os.rename

    def failing(source: Path, target: Path) -> None:
        if made:
            rename(source, target)
        raise OSError(5, "Input/output error")

    mailbox = opened(DirectoryPlace(outgoing=str(tmp_path), incoming=str(tmp_path)))
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", failing)
        with pytest.raises(Unanswered if made else Unreachable):
            await mailbox.submit(b"<a/>", XML, "FILE-1")
    assert (await mailbox.submit(b"<a/>", XML, "FILE-1")).accepted
    assert len(lying(tmp_path)) == 1


# --- SFTP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome", "lies_there"),
    [
        ("refuse the move", Unreachable, False),
        ("deny the move", None, True),
        ("hang up before the move", Unanswered, False),
        ("hang up after the move", Unanswered, True),
    ],
)
async def test_how_a_move_fails_decides_whether_there_is_a_doubt(
    server: ssh_server.Server,
    fault: str,
    outcome: type[Exception] | None,
    lies_there: bool,  # noqa: FBT001 - part of the table
) -> None:
    mailbox, outgoing = opened(server.place()), server.root / "out"
    server.fault = fault
    if outcome is None:
        assert (await mailbox.submit(b"<a/>", XML, "FILE-1")).accepted
    else:
        with pytest.raises(outcome):
            await mailbox.submit(b"<a/>", XML, "FILE-1")
    assert bool(list(outgoing.glob("FILE*"))) is lies_there
    assert (await mailbox.submit(b"<a/>", XML, "FILE-1")).accepted
    assert [path.read_bytes() for path in outgoing.iterdir()] == [b"<a/>"]


async def test_a_server_with_another_host_key_is_never_spoken_to(
    server: ssh_server.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / ".ssh" / "known_hosts"
    known.parent.mkdir()
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    place = server.place()
    other = stranger()
    with pytest.raises(Unreachable):
        await opened(msgspec.structs.replace(place, host_keys=(other,))).fetch()
    assert server.offered == []
    assert await opened(msgspec.structs.replace(place, host_keys=(other, server.host_key))).fetch() == []


def stranger() -> str:
    """A host key that is not the server's."""
    return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJrQ5r0NyZQzqZ9l4mO0v0h0m2v9o6b3W1hQd1kqfY6A"


async def test_only_the_configured_key_is_offered(server: ssh_server.Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    place = msgspec.structs.replace(server.place(), private_key=other)
    with pytest.raises(Unreachable):
        await opened(place).submit(b"<a/>", XML, "FILE-1")
    assert len(server.offered) == 1


@pytest.mark.parametrize(
    "changes",
    [{"private_key": "no key"}, {"host_keys": ("ssh-ed25519 nonsense",)}, {"host_keys": ()}],
    ids=["no key", "a host key that is none", "no host key"],
)
async def test_keys_that_are_none_are_refused_before_anything_is_contacted(
    server: ssh_server.Server, changes: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"key"):
        opened(msgspec.structs.replace(server.place(), **changes))


async def test_nobody_there_is_a_bank_out_of_reach(server: ssh_server.Server) -> None:
    with pytest.raises(Unreachable):
        await opened(msgspec.structs.replace(server.place(), port=1)).submit(b"<a/>", XML, "FILE-1")


async def test_a_secret_is_not_shown(server: ssh_server.Server) -> None:
    assert "PRIVATE" not in repr(server.place())
    assert "geheim" not in repr(HttpPlace("http://b", user="us", password="geheim"))


async def test_a_server_that_says_nothing_is_given_up(server: ssh_server.Server) -> None:
    async with stubborn.answering(None, until=b"\x00\x00\x00never") as url:
        port = int(url.rpartition(":")[2])
        silent = msgspec.structs.replace(server.place(), port=port, connect_ms=50)
        with pytest.raises(Unreachable):
            await opened(silent).fetch()
    (server.root / "in" / "a.xml").write_bytes(b"<a/>")
    server.fault = "never read"
    with pytest.raises(Unreachable):
        await opened(msgspec.structs.replace(server.place(), exchange_ms=500, settle_seconds=0)).fetch()


async def test_a_file_that_grows_while_it_is_read_waits(server: ssh_server.Server) -> None:
    (server.root / "in" / "a.xml").write_bytes(b"<a/>")
    mailbox = opened(msgspec.structs.replace(server.place(), settle_seconds=0))
    server.fault = "grow while read"
    assert await mailbox.fetch() == []
    assert [message.body for message in await mailbox.fetch()] == [b"<a/>more"]
