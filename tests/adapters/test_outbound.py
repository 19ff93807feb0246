"""The one HTTP client: what it can know after a failure, and what it never does."""

from __future__ import annotations

import pytest

from gateway.outbound import Limits, MayHaveBeenSent, NotSent, Outbound
from tests.adapters.stubborn import answering, nobody

pytestmark = pytest.mark.anyio

_TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS ClientHello record (RFC 8446, 5.1)."""


async def test_an_answer_is_handed_over_whatever_its_status(outbound: Outbound) -> None:
    async with answering(b"HTTP/1.1 418 Teapot\r\nX-Kind: pot\r\ncontent-length: 3\r\n\r\ntea") as url:
        answer = await outbound.send("POST", url, body=b"water", headers={"content-type": "text/plain"})
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (418, b"tea", "pot")


@pytest.mark.parametrize(
    "url", ["", "gopher://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://[", "x" * 70_000]
)
async def test_an_address_that_is_none_was_surely_not_sent_to(outbound: Outbound, url: str) -> None:
    with pytest.raises(NotSent):
        await outbound.send("GET", url)


async def test_a_refused_connection_was_surely_not_sent_to(outbound: Outbound) -> None:
    with pytest.raises(NotSent):
        await outbound.send("POST", nobody(), body=b"x")


async def test_a_failed_tls_handshake_was_surely_not_sent_to(outbound: Outbound) -> None:
    async with answering(b"no TLS here", until=_TLS_HANDSHAKE) as url:
        with pytest.raises(NotSent):
            await outbound.send("POST", url.replace("http", "https"), body=b"x")


async def test_a_connection_lost_after_sending_may_have_been_sent(outbound: Outbound) -> None:
    async with answering(b"") as url:
        with pytest.raises(MayHaveBeenSent):
            await outbound.send("POST", url, body=b"x")


@pytest.mark.parametrize("limits", [Limits(silence_ms=50), Limits(total_ms=50)])
async def test_silence_may_have_been_sent(limits: Limits) -> None:
    async with Outbound(limits) as outbound, answering(None) as url:
        with pytest.raises(MayHaveBeenSent):
            await outbound.send("POST", url, body=b"x")


async def test_an_answer_without_end_is_cut_off() -> None:
    async with Outbound(Limits(answer_bytes=10)) as outbound, answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50) as url:
        with pytest.raises(MayHaveBeenSent):
            await outbound.send("GET", url)


async def test_a_compressed_answer_is_not_unpacked(outbound: Outbound) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx") as url:
        with pytest.raises(MayHaveBeenSent):
            await outbound.send("GET", url)


async def test_a_redirect_is_an_answer_and_is_not_followed(outbound: Outbound) -> None:
    heard: list[bytes] = []
    redirect = b"HTTP/1.1 307 There\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n"
    async with answering(redirect, heard) as url:
        assert (await outbound.send("POST", url, body=b"x")).status == 307
    assert len(heard) == 1


async def test_cookies_are_not_kept(outbound: Outbound) -> None:
    heard: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    async with answering(answer, heard) as url:
        await outbound.send("GET", url)
        await outbound.send("GET", url)
    assert len(heard) == 2
    assert b"cookie" not in heard[1]


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", nobody())
    monkeypatch.setenv("ALL_PROXY", nobody())
    async with Outbound() as outbound, answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as url:
        assert (await outbound.send("GET", url)).status == 200


async def test_an_errors_text_shows_no_path_query_or_credentials(outbound: Outbound) -> None:
    url = nobody().replace("://", "://user:secret@") + "/private?token=abc"
    with pytest.raises(NotSent) as caught:
        await outbound.send("GET", url)
    assert not [word for word in ("secret", "private", "token") if word in caught.value.detail]
