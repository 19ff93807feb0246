"""How the Berlin adapter signs, and whom it believes. No network."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import uuid
from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.berlin.client import BerlinBank
from adapters.banks.berlin.wire import signature
from gateway.bank_ports import BankEventKind, Forged, PaymentStatus
from gateway.outbound import Outbound
from tests.adapters.berlin_bank import StandIn, notification
from tests.adapters.berlin_scene import BankClock, Keys, new_keys, settings

if TYPE_CHECKING:
    from pathlib import Path

BANKS_KEY = rsa.generate_private_key(65_537, 2048).public_key()


@pytest.fixture(scope="module")
def keys() -> Keys:
    return new_keys()


@pytest.fixture
def bank(keys: Keys) -> BerlinBank:
    return started(keys)


def started(keys: Keys, **changed: object) -> BerlinBank:
    setup = msgspec.structs.replace(settings("http://127.0.0.1:1", keys), **changed)
    return BerlinBank(setup, Outbound(), BankClock(StandIn(keys.certificate)))


def test_openssl_accepts_our_signature(tmp_path: Path, keys: Keys) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    private = keys.ours.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = keys.ours.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    seal = signature.Seal(private, keys.certificate.public_bytes(serialization.Encoding.PEM))
    headers = {"x-request-id": "99391c7e-ad88-49ec-a2ad-99ddcb1f7721", "tpp-redirect-uri": "https://restock.example/"}
    made = seal.sign(headers, b"{}")
    assert made == seal.sign(headers, b"{}")
    parts = dict(re.findall(r'(\w+)="([^"]*)"', made["signature"]))
    assert parts["headers"] == "digest x-request-id tpp-redirect-uri"
    digest = subprocess.run([openssl, "dgst", "-sha256", "-binary"], input=b"{}", capture_output=True, check=True)
    assert made["digest"] == "SHA-256=" + base64.b64encode(digest.stdout).decode()
    text = (
        f"digest: {made['digest']}\nx-request-id: {headers['x-request-id']}\ntpp-redirect-uri: https://restock.example/"
    )
    (tmp_path / "public.pem").write_bytes(public)
    (tmp_path / "signature").write_bytes(base64.b64decode(parts["signature"]))
    command = [openssl, "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature"]
    assert subprocess.run(command, cwd=tmp_path, input=text.encode(), capture_output=True, check=False).returncode == 0
    signature.check(keys.ours.public_key(), {**headers, **made}, b"{}")


def test_settings_never_show_their_secrets(keys: Keys) -> None:
    setup = msgspec.structs.replace(settings("https://bank.example", keys), access_token="a token")
    assert repr(setup) == "BerlinSettings('https://bank.example', 'sepa-credit-transfers')"


def test_keys_that_cannot_sign_or_check_are_refused(keys: Keys) -> None:
    certificate = keys.certificate.public_bytes(serialization.Encoding.PEM)

    def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    weak = rsa.generate_private_key(65_537, 1024)  # noqa: S505 - the fault
    for key in (b"", b"nonsense", pem(keys.banks), pem(weak), pem(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(signature.UnusableKey):
            signature.Seal(key, certificate)
    with pytest.raises(signature.UnusableKey):
        signature.Seal(pem(keys.ours), b"nonsense")
    with pytest.raises(signature.UnusableKey):
        signature.public_key(b"nonsense")
    assert signature.public_key(certificate) == keys.ours.public_key()


@given(st.text(max_size=200), st.text(max_size=60), st.binary(max_size=50))
def test_no_header_gets_past_the_check_but_a_signed_one(header: str, digest: str, body: bytes) -> None:
    for told_digest in (digest, signature.digest(body)):
        headers = {"signature": header, "digest": told_digest, "x-request-id": "id-1"}
        with pytest.raises(Forged):
            signature.check(BANKS_KEY, headers, body)


@pytest.mark.parametrize(
    "parameters",
    [
        'algorithm="rsa-sha256",headers="digest x-request-id date",signature="AAAA"',
        'algorithm="rsa-sha256",headers="digest x-request-id",signature="not base64"',
        'algorithm="rsa-sha256",headers="digest x-request-id",signature="ü"',
        'algorithm="none",headers="digest x-request-id",signature=""',
        'algorithm="rsa-sha256",headers="digest digest x-request-id",signature="AAAA"',
        'algorithm="rsa-sha256",headers="",signature="AAAA"',
        "x" * 9_000,
    ],
)
def test_a_signature_header_of_another_form_is_forged(parameters: str) -> None:
    headers = {"signature": parameters, "digest": signature.digest(b"{}"), "x-request-id": "id-1"}
    with pytest.raises(Forged):
        signature.check(BANKS_KEY, headers, b"{}")


# --- the bank calls us ------------------------------------------------------------------------------------------------


def test_a_notification_is_a_hint_under_the_banks_own_id(bank: BerlinBank, keys: Keys) -> None:
    said = {"paymentId": "pay-1", "transactionStatus": "RJCT"}
    headers, body = notification(keys.banks, said, str(uuid.uuid4()))
    message = bank.parse_inbound(headers, body)
    (event,) = bank.read(message.body)
    assert (event.kind, event.status) == (BankEventKind.status, PaymentStatus.PDNG)
    assert (event.bank_reference, event.end_to_end_id, event.reason) == ("pay-1", None, None)
    assert event.detail == "the bank announces RJCT"


def test_a_replayed_callback_is_the_same_message_and_another_call_another(bank: BerlinBank, keys: Keys) -> None:
    said = {"paymentId": "pay-1", "transactionStatus": "ACSC"}
    headers, body = notification(keys.banks, said, str(uuid.uuid4()))
    assert bank.parse_inbound(headers, body) == started(keys).parse_inbound(headers, body)
    other, same_body = notification(keys.banks, said, str(uuid.uuid4()))
    assert bank.parse_inbound(other, same_body).message_id != bank.parse_inbound(headers, body).message_id


@pytest.mark.parametrize("fault", ["unsigned", "other body", "other id", "other key", "thin", "twice", "large", "md5"])
def test_a_callback_that_is_not_the_banks_own_is_refused(bank: BerlinBank, keys: Keys, fault: str) -> None:
    said = {"paymentId": "pay-1", "transactionStatus": "ACSC"}
    headers, body = notification(keys.ours if fault == "other key" else keys.banks, said, "id-1")
    if fault == "large":
        headers, body = notification(keys.banks, {**said, "more": "x" * 70_000}, "id-1")
    changes = {
        "unsigned": {"signature": ""},
        "other id": {"x-request-id": "id-2"},
        "thin": {"signature": headers["signature"].replace("x-request-id digest", "digest")},
        "twice": {"signature": headers["signature"] + ', algorithm="rsa-sha256"'},
        "md5": {"digest": "MD5=1B2M2Y8AsgTpgAmY7PhCfg=="},
    }
    headers |= changes.get(fault, {})
    body += b" " if fault == "other body" else b""
    with pytest.raises(Forged):
        bank.parse_inbound(headers, body)


@pytest.mark.parametrize("covers", ["digest", "x-request-id", "x-request-id digest digest", "content-type digest"])
def test_a_signature_that_covers_too_little_proves_nothing(bank: BerlinBank, keys: Keys, covers: str) -> None:
    headers, body = notification(keys.banks, {"paymentId": "pay-1"}, "id-1", covers)
    with pytest.raises(Forged, match="does not cover"):
        bank.parse_inbound(headers, body)


def test_a_signature_may_cover_more_and_in_another_order(bank: BerlinBank, keys: Keys) -> None:
    headers, body = notification(keys.banks, {"paymentId": "pay-1"}, "id-1", "digest content-type x-request-id")
    assert bank.read(bank.parse_inbound(headers, body).body)[0].bank_reference == "pay-1"


def test_no_callback_is_believed_without_the_banks_key(bank: BerlinBank, keys: Keys) -> None:
    headers, body = notification(keys.banks, {"paymentId": "pay-1"}, "id-1")
    assert bank.parse_inbound(headers, body).message_id
    with pytest.raises(Forged):
        started(keys, bank_key=b"").parse_inbound(headers, body)
