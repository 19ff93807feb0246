"""Tokens of the client-credentials grant: asked for once, kept until they end, asked for anew when turned away."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from typing import TYPE_CHECKING

import msgspec
import pytest

from adapters.tokens import Proof, Tokens, TokenSettings
from gateway import outbound as client
from gateway.bank_ports import Unreachable
from gateway.outbound import NotSent, Outbound
from tests.adapters import obie_keys
from tests.adapters.stubborn import answering, nobody
from tests.adapters.token_desk import HOLDER, Desk, serving
from tests.certificates import certify
from tests.gateways import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk("first", "second")
    with serving(desk):
        yield desk


def tokens(url: str, outbound: Outbound, clock: StillClock | None = None, **changed: object) -> Tokens:
    settings = TokenSettings(
        url, obie_keys.CLIENT_ID, "payments", signing_key=obie_keys.private_pem("restock"), kid=obie_keys.OUR_KID
    )
    return Tokens(msgspec.structs.replace(settings, **changed), outbound, clock or StillClock())


async def test_a_token_is_asked_for_once_and_again_shortly_before_it_ends(desk: Desk, outbound: Outbound) -> None:
    clock = StillClock()
    access = tokens(desk.url, outbound, clock)
    assert await asyncio.gather(*[access.token() for _ in range(5)]) == ["first"] * 5
    clock.at += dt.timedelta(seconds=269)
    assert await access.token() == "first"
    clock.at += dt.timedelta(seconds=2)
    assert await access.token() == "second"
    assert [form["grant_type"] for form in desk.asked] == ["client_credentials"] * 2


async def test_a_token_that_was_turned_away_is_replaced_once_for_all_who_had_it(desk: Desk, outbound: Outbound) -> None:
    access = tokens(desk.url, outbound)
    refused = await access.token()
    assert await asyncio.gather(*[access.token(refused) for _ in range(3)]) == ["second"] * 3
    assert len(desk.asked) == 2


async def test_a_holders_token_is_had_only_after_he_agreed(desk: Desk, outbound: Outbound) -> None:
    access = tokens(desk.url, outbound, holder_scope=HOLDER + "{consent_id}")
    assert await access.holders("consent-1") is None
    desk.holder = lambda consent_id: f"holder-{consent_id}"
    assert await access.holders("consent-1") == "holder-consent-1"
    assert await tokens(desk.url, outbound).holders("consent-1") == "first"


async def test_no_token_is_a_bank_out_of_reach(desk: Desk, outbound: Outbound) -> None:
    for url in (nobody(), desk.url + "/[", desk.url.replace("localhost", "127.0.0.1")):
        with pytest.raises(Unreachable):  # the last one: the assertion is made out to another address
            await tokens(url, outbound).token()
    desk.fails = True
    with pytest.raises(Unreachable):
        await tokens(desk.url, outbound).token()
    for body in (b"{}", b"\xff", b'{"access_token":' + b"[" * 20_000):
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
        async with answering(head + body) as url:
            with pytest.raises(Unreachable):
                await tokens(url, outbound, proof=Proof.tls_client_auth, signing_key="").token()


@pytest.mark.parametrize("pem", ["", "no key", "public"], ids=["none", "no key", "a public one"])
def test_a_key_that_cannot_sign_is_refused_at_start(pem: str) -> None:
    given = obie_keys.public_pem("bank") if pem == "public" else pem
    with pytest.raises(ValueError, match="signing_key"):
        Tokens(TokenSettings("https://x", "a", "p", signing_key=given, kid="k"), Outbound(), StillClock())


# --- client certificates ----------------------------------------------------------------------------------------------


async def test_a_bank_that_wants_our_certificate_gets_it_and_only_its_own_authority_is_believed(tmp_path: Path) -> None:
    for name, signer in (("authority", None), ("bank", "authority"), ("us", "authority"), ("stranger", None)):
        certify(tmp_path, name, signer)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "bank.pem", tmp_path / "bank.key")
    server.load_verify_locations(tmp_path / "authority.pem")
    server.verify_mode = ssl.CERT_REQUIRED

    def identity(name: str, authority: str) -> ssl.SSLContext:
        files = (tmp_path / f"{name}.pem", tmp_path / f"{name}.key", tmp_path / f"{authority}.pem")
        return client.identity(*map(str, files))

    desk = Desk("first")
    with serving(desk, server):
        settings = TokenSettings(desk.url, obie_keys.CLIENT_ID, "payments", proof=Proof.tls_client_auth)
        async with Outbound(identity=identity("us", "authority")) as outbound:
            assert await Tokens(settings, outbound, StillClock()).token() == "first"
        for stranger in (identity("stranger", "authority"), identity("us", "stranger")):
            async with Outbound(identity=stranger) as outbound:
                with pytest.raises(Unreachable):
                    await Tokens(settings, outbound, StillClock()).token()
        async with Outbound() as outbound:
            with pytest.raises(NotSent):
                await outbound.send("GET", desk.url)
    assert len(desk.asked) == 1
    assert desk.asked[0]["client_id"] == obie_keys.CLIENT_ID
    with pytest.raises(ssl.SSLError):
        client.identity(str(tmp_path / "us.pem"), str(tmp_path / "bank.key"))
