"""docs/go-live.md: its settings are read, its proxy bounds what is slow and large, its backup is one."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway import cli, settings, vault
from tests import processes
from tests.house import files
from tests.processes import environment, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

PAGE = (files.ROOT / "docs" / "go-live.md").read_text(encoding="utf-8")
CADDYFILE = re.findall(r"```caddyfile\n(.*?)```", PAGE, flags=re.DOTALL)[0]
SHELL = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
MIB = 1024 * 1024
SECONDS = 20


def test_its_settings_start_live_mode(tmp_path: Path) -> None:
    named = dict(line.removeprefix("export ").split("=", 1) for line in SHELL[0].splitlines())
    made = "openssl rand -base64 32 > master.key\nchmod 600 master.key\n"
    assert made in SHELL
    subprocess.run(["sh", "-e", "-c", made], cwd=tmp_path, check=True)
    (tmp_path / "banks.toml").write_text("", encoding="utf-8")
    (tmp_path / "bearer").write_text("secret", encoding="utf-8")
    places = {"GATEWAY_MASTER_KEY_FILE": "master.key", "GATEWAY_BANKS_FILE": "banks.toml",
              "GATEWAY_VERIFICATION_BEARER_FILE": "bearer"}  # fmt: skip
    read = settings.load(named | {name: str(tmp_path / file) for name, file in places.items()})
    assert not read.sandbox
    vault.load(read)


def test_everything_it_names_is_there() -> None:
    fields = set(settings.Settings.__struct_fields__)
    for name in re.findall(r"GATEWAY_([A-Z0-9_]+[A-Z0-9])", PAGE):
        assert {name.lower(), name.lower().removesuffix("_file")} & fields or name == "X_FILE", name
    for line in set(re.findall(r"`gateway ((?:[a-z]+ ?){1,2})", PAGE)):
        with pytest.raises(SystemExit) as said:
            cli.main([*line.split(), "--help"])
        assert said.value.code == 0, line


@contextmanager
def caddy(folder: Path, port: int, gateway_port: str) -> Iterator[ssl.SSLContext]:
    """The page's own configuration, with short times, a local certificate and other ports."""
    if shutil.which("caddy") is None:
        pytest.skip("no caddy")
    text = CADDYFILE.replace("10s", "1s").replace("30s", "1s").replace("127.0.0.1:8000", f"127.0.0.1:{gateway_port}")
    text = text.replace("{\n", f"{{\n\tadmin off\n\tskip_install_trust\n\tstorage file_system {folder}\n"
                        "\tauto_https disable_redirects\n", 1)  # fmt: skip
    text = text.replace("restock.example {\n", f"https://localhost:{port} {{\n\ttls internal\n")
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    authority = folder / "pki" / "authorities" / "local" / "root.crt"
    command = ["caddy", "run", "--config", str(folder / "Caddyfile")]
    with (folder / "caddy.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            while "finished cleaning" not in (folder / "caddy.log").read_text() or not authority.exists():
                assert process.poll() is None, (folder / "caddy.log").read_text()
            yield ssl.create_default_context(cafile=str(authority))
        finally:
            process.terminate()


@asynccontextmanager
async def connected(
    port: int, trust: ssl.SSLContext
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A raw connection through the proxy."""
    reader, writer = await asyncio.open_connection("localhost", port, ssl=trust)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


@pytest.mark.anyio
async def test_its_proxy_bounds_what_is_slow_and_large(tmp_path: Path) -> None:
    port = free_port()
    issuer = f"https://localhost:{port}"
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    given = environment(database_url=url, data_dir=str(tmp_path / "keys"), issuer=issuer, trusted_proxies="127.0.0.1")
    with (
        processes.serving(given, tmp_path / "gateway.log") as (own, _),
        caddy(tmp_path, port, own.rpartition(":")[2]) as trust,
    ):
        async with (
            httpx.AsyncClient(base_url=issuer, verify=trust, trust_env=False) as http,
            httpx.AsyncClient(base_url=own, trust_env=False) as direct,
        ):
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.headers["strict-transport-security"]) == (200, "max-age=31536000")
            assert (await http.get("/.well-known/oauth-authorization-server")).json()["issuer"] == issuer
            assert (await http.get("/metrics")).status_code == 404
            assert (await http.post("/oauth/token", data={"a": "a" * MIB})).status_code == 413
            assert (await http.post("/oauth/token", data={"a": "a" * 7 * MIB})).status_code == 413
            async with connected(port, trust) as (reader, writer):
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
                assert await asyncio.wait_for(reader.read(), SECONDS) == b"", "its headers never end"
            before = await counted(direct)
            async with connected(port, trust) as (_, writer):
                form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\nslow="
                writer.write(f"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\n{form}".encode())
                await writer.drain()
                async with asyncio.timeout(SECONDS):
                    while await counted(direct) == before:
                        pass  # the proxy tells nobody that it gave up, but the gateway
    assert '"request.failed"' not in (tmp_path / "gateway.log").read_text()


async def counted(direct: httpx.AsyncClient) -> list[str]:
    """How often tokens were asked for, as the gateway itself counts."""
    text = (await direct.get("/metrics")).text
    return [
        line for line in text.splitlines() if line.startswith("restock_http_requests_total") and "/oauth/token" in line
    ]


def test_its_backup_of_a_running_gateway_verifies(tmp_path: Path) -> None:
    given = environment(database_url=f"sqlite:///{tmp_path / 'restock.db'}", data_dir=str(tmp_path / "keys"))
    copies, verifies = next(block for block in SHELL if "backup" in block).splitlines()
    with processes.serving(given, tmp_path / "gateway.log"):
        subprocess.run(["sh", "-e", "-c", copies], cwd=tmp_path, check=True)
    words = verifies.replace("sqlite:///", f"sqlite:///{tmp_path}/").split()[1:]
    assert processes.command(given, *words)
