"""The client for strangers' addresses, against real sockets: it never reaches what it must not."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest

from gateway.domain.deliveries import Failure
from gateway.outbound import guarded
from gateway.outbound.guarded import Bounds, Guarded
from tests.adapters.stubborn import answering, nobody
from tests.certificates import certify
from tests.webhooks.receivers import receiving, says

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.anyio
_TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS ClientHello record (RFC 8446, 5.1)."""
PUBLIC = "93.184.216.34"


class Names:
    """A name server under a stranger's control: one answer after another, the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_what_was_answered_is_told_and_little_of_it_is_read() -> None:
    endless = b"HTTP/1.1 200 OK\r\nretry-after: 7\r\n\r\n" + b"x" * 10_000_000
    async with receiving(endless) as receiver:
        heard = await Guarded(sandbox=True).post(receiver.url, {"webhook-id": "evt_1"}, b"{}")
    assert (heard.status, heard.retry_after, heard.problem) == (200, "7", None)
    assert receiver.heard[0].body == b"{}"
    assert receiver.heard[0].headers["host"] == receiver.url.split("/")[2]


async def test_a_redirect_is_told_and_not_followed() -> None:
    async with receiving() as there, receiving(says(307, f"location: {there.url}")) as here:
        heard = await Guarded(sandbox=True).post(here.url, {}, b"{}")
    assert (heard.problem, len(here.heard), there.heard) == (Failure.redirected, 1, [])


async def test_silence_ends_in_time() -> None:
    async with answering(None) as url:
        heard = await Guarded(sandbox=True, bounds=Bounds(total_ms=100)).post(url, {}, b"{}")
    assert heard.failure is Failure.slow


async def test_who_hangs_up_or_is_not_there_is_told_apart() -> None:
    client = Guarded(sandbox=True)
    async with receiving(b"") as receiver:
        assert (await client.post(receiver.url, {}, b"{}")).failure is Failure.broken
    assert (await client.post(nobody(), {}, b"{}")).failure is Failure.unreachable
    async with receiving(b"no HTTP") as receiver:
        assert (await client.post(receiver.url, {}, b"{}")).failure is Failure.broken
    async with answering(b"no TLS here", until=_TLS_HANDSHAKE) as url:
        assert (await client.post(url.replace("http", "https"), {}, b"{}")).failure is Failure.insecure


async def test_a_name_without_an_address_is_told() -> None:
    client = Guarded(sandbox=True)
    assert (await client.post("https://nobody.invalid/", {}, b"{}")).failure is Failure.unresolved
    assert (await Guarded(sandbox=True, resolve=Names([])).post("https://a.example/", {}, b"")).problem is (
        Failure.unresolved
    )
    client.close()


@pytest.mark.parametrize("found", [["127.0.0.1"], ["::1"], ["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:127.0.0.1"]])
@pytest.mark.parametrize("sandbox", [True, False], ids=["sandbox", "live"])
async def test_a_name_that_stands_for_a_private_address_is_not_called(found: list[str], *, sandbox: bool) -> None:
    async with receiving() as inside:
        client = Guarded(sandbox=sandbox, resolve=Names(found))
        heard = await client.post("https://hooks.example.com:8443/", {}, b"{}")
    assert (heard.failure, inside.heard) == (Failure.forbidden, [])


async def test_a_private_address_itself_is_not_called_in_live_mode() -> None:
    async with receiving() as inside:
        for url in (inside.url, inside.url.replace("http", "https"), "https://169.254.169.254/"):
            assert (await Guarded(sandbox=False).post(url, {}, b"{}")).failure is Failure.forbidden
    assert inside.heard == []


async def test_a_name_is_resolved_once_an_exchange_and_judged_anew_at_the_next() -> None:
    """DNS rebinding: what the name stands for a moment later is where the connection would go, were it asked again."""
    async with receiving() as inside:
        names = Names(["127.9.9.9"], ["127.0.0.1"], ["10.0.0.1"])
        client, url = Guarded(sandbox=True, resolve=names), inside.url.replace("127.0.0.1", "localhost")
        assert (await client.post(url, {}, b"{}")).failure is Failure.unreachable
        assert (names.asked, inside.heard) == (1, []), "it went to the address that was judged"
        assert ((await client.post(url, {}, b"{}")).status, names.asked) == (204, 2)
        assert ((await client.post(url, {}, b"{}")).failure, names.asked) == (Failure.forbidden, 3)


async def test_the_connection_goes_to_the_address_that_was_judged_under_the_name_that_was_asked_for(
    tmp_path: Path,
) -> None:
    certify(tmp_path, "authority")
    certify(tmp_path, "receiver", "authority")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "receiver.pem", tmp_path / "receiver.key")
    named: list[str | None] = []
    serving.sni_callback = lambda _socket, name, _context: named.append(name)
    trust = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    async with receiving(tls=serving) as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        names = Names(["127.0.0.1"])
        heard = await Guarded(sandbox=True, resolve=names, trust=trust).post(f"https://localhost:{port}/x", {}, b"{}")
        assert (heard.status, named, names.asked) == (204, ["localhost"], 1)
        assert receiver.heard[0].headers["host"] == f"localhost:{port}"
        other = await Guarded(sandbox=True, trust=trust).post(f"https://127.0.0.1:{port}/x", {}, b"{}")
        assert other.failure is Failure.insecure, "the certificate is for the name"


async def test_the_next_address_of_a_name_is_tried_when_the_first_is_not_there() -> None:
    async with receiving() as receiver:  # listens on 127.0.0.1 alone
        url = receiver.url.replace("127.0.0.1", "localhost")
        heard = await Guarded(sandbox=True, resolve=Names(["127.9.9.9", "127.0.0.1"])).post(url, {}, b"{}")
    assert (heard.status, len(receiver.heard)) == (204, 1)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, nobody())
    async with receiving() as receiver:
        assert (await Guarded(sandbox=True).post(receiver.url, {}, b"{}")).status == 204


async def test_many_look_ups_of_one_name_hold_one_thread() -> None:
    names = guarded.Names()
    found = await asyncio.gather(*(names.resolve("localhost", 80) for _ in range(100)))
    assert len(names._threads._threads) == 1
    assert {address for some in found for address in some} <= {"127.0.0.1", "::1"}
    names.close()
