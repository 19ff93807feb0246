"""A passkey in software: what a browser and its authenticator answer, without either (W3C Web Authentication).

device = await authenticators.given_to(gateway, merchant_id)
response = device.answer(challenge.options)     # or device.on(page_html): what the page's script would post
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from html import unescape
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway import passkeys as webauthn
from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import passkeys

if TYPE_CHECKING:
    from gateway.domain.passkeys import Passkey
    from gateway.usecases.world import World
    from tests.gateways import Gateway

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_OPTIONS = 'data-passkey="'


class Authenticator:
    """One key and its counter. What it says of itself may be changed before it answers."""

    def __init__(self, issuer: str, *, algorithm: str = "ES256", counts: bool = True) -> None:
        site = webauthn.site(issuer)
        self.rp_id, self.origin, self.cross_origin = site.rp_id, site.origin, False
        self.credential_id = _text(os.urandom(16))
        self.flags, self.count = USER_PRESENT | USER_VERIFIED, 0
        self._counts = counts
        self._key: Any = (
            ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()
        )

    @property
    def public_key(self) -> bytes:
        """As COSE writes it (RFC 9053): {1: 2, 3: -7, -1: 1, -2: x, -3: y}, or {1: 1, 3: -8, -1: 6, -2: x}."""
        public = self._key.public_key()
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            raw_key: bytes = public.public_bytes_raw()
            return bytes.fromhex("a4010103272006215820") + raw_key
        numbers = public.public_numbers()
        x: bytes
        y: bytes
        x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
        return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y

    def answer(self, options: str, **changes: Any) -> str:
        """Sign what `options` ask; `changes` replace members of the client data."""
        asked = json.loads(options)
        client, data = self._client("webauthn.get", asked) | changes, self._data(self.flags)
        said = json.dumps(client).encode()
        signed = data + hashlib.sha256(said).digest()
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            signature = self._key.sign(signed)
        else:
            signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._posted(asked, clientDataJSON=said, authenticatorData=data, signature=signature)

    def make(self, options: str) -> str:
        """The answer to `options` that ask for a new passkey: this one."""
        asked, raw_id = json.loads(options), raw(self.credential_id)
        attested = bytes(16) + len(raw_id).to_bytes(2) + raw_id + self.public_key
        data = self._data(self.flags | ATTESTED) + attested
        # {"fmt": "none", "attStmt": {}, "authData": data} in CBOR
        made = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + len(data).to_bytes(1) + data
        said = json.dumps(self._client("webauthn.create", asked)).encode()
        return self._posted(asked, clientDataJSON=said, attestationObject=made)

    def on(self, page: str) -> str:
        """The answer to the first passkey button of a page."""
        return self.answer(options_on(page))

    def _posted(self, asked: dict[str, Any], **response: bytes) -> str:
        credential = {"id": self.credential_id, "rawId": self.credential_id, "type": "public-key"}
        answered = {name: _text(value) for name, value in response.items()}
        return json.dumps(credential | {"response": answered, "asked": asked["asked"]})

    def _client(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        challenge = asked["publicKey"]["challenge"]
        return {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}

    def _data(self, flags: int) -> bytes:
        self.count += self._counts
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)


async def given_to(gateway: Gateway, merchant_id: str) -> Authenticator:
    """A passkey that the merchant has from now on, put straight into the store."""
    made, world = Authenticator(gateway.world.settings.issuer), gateway.world
    row = {"id": world.ids.new("passkey"), "merchant_id": merchant_id, "name": "Till", "sign_count": 0}
    kept = {"credential_id": made.credential_id, "public_key": made.public_key}
    now = world.system_clock.now()
    await world.store.write(lambda tx: tx.run(sql.passkeys.add, **row, **kept, created_at=now))
    return made


async def add(
    world: World, merchant_id: str, secret: str, device: Authenticator, *, proved_by: Passkey | None = None
) -> Passkey:
    """Let `device` in through the use cases, in the browser with `secret`; the first one needs no `proved_by`."""
    hashed = tokens.digest(secret)
    asked = await passkeys.ask_new(world.store, world, hashed, merchant_id, shop="A shop", proved_by=proved_by)
    response = device.make(asked.options)
    return await world.store.write(lambda tx: passkeys.add(tx, world, hashed, merchant_id, response, name="Phone"))


def options_on(page: str, place: int = 0) -> str:
    """The options of a page's passkey buttons, counted from 0."""
    return unescape(page.split(_OPTIONS)[place + 1].split('"', maxsplit=1)[0])


def raw(text: str) -> bytes:
    """base64url without padding → bytes."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
