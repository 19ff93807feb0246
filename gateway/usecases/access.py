"""Access: a client proves who it is and gets a short-lived token; a token tells who is calling. On the system clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import versions
from gateway.domain.details import Details
from gateway.domain.errors import Unauthenticated
from gateway.domain.rights import OWN, Caller, Right
from gateway.oauth import assertions, forms, scopes, tokens
from gateway.oauth.assertions import Assertion
from gateway.oauth.errors import invalid_client, invalid_proof
from gateway.store import sql
from gateway.usecases.clients import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.ports import Clock
    from gateway.store import Reader, Tx
    from gateway.usecases.proofs import Proofs
    from gateway.usecases.world import World

KEPT_COUNT = 10_000
"""The most tokens kept in memory, well under 1 KB each."""
CODES_KEPT = timedelta(days=1)


class TokenAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A successful answer of the token endpoint (RFC 6749 section 5.1); `expires_in` in seconds.

    For a merchant's grant it says what was granted (RFC 9396 section 7), which may be less than was asked for.
    """

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    grant_id: str | None = None
    authorization_details: Details | None = None


class Issued(msgspec.Struct, frozen=True):
    """What was issued, and to whom."""

    answer: TokenAnswer
    caller: Caller


class Authenticated(msgspec.Struct, frozen=True):
    """A client that proved itself by an assertion which is yet to be spent, in the write that it is for."""

    client: Client
    assertion: Assertion


class KnownToken(msgspec.Struct, frozen=True):
    """A token as stored or kept: whose it is, what it may, until when."""

    client_id: str
    partner_id: str
    rights: frozenset[Right]
    expires_at: datetime
    grant_id: str | None = None
    merchant_id: str | None = None
    jkt: str | None = None
    user_id: str | None = None
    version: str = versions.CURRENT
    page_origin: str | None = None
    """The page that got it, where that is not our own frame."""

    def caller(self) -> Caller:
        """Who calls with it."""
        return Caller(
            self.client_id, self.partner_id, self.rights, self.grant_id, self.merchant_id, self.jkt, self.user_id,
            self.version, self.page_origin,
        )  # fmt: skip


class AccessTokens:
    """Knows whose token a string is; implements `gateway.domain.rights.Tokens`.

    Tokens are `kept` in memory only where one process owns the database, so that every revocation passes through
    here. Anywhere else each call asks the database, and what another replica revoked ends at once.
    """

    def __init__(self, reader: Reader, clock: Clock, *, kept: bool, proofs: Proofs | None = None) -> None:
        self._proofs = proofs
        self._reader = reader
        self._clock = clock
        self._most = KEPT_COUNT if kept else 0
        self._kept: dict[str, tuple[KnownToken, Caller]] = {}
        self._revocations = 0

    async def identify(self, token: str) -> Caller:
        """The caller behind an access token. Raises Unauthenticated when it is unknown, expired or revoked."""
        digest = tokens.digest(token)
        kept = self._kept.get(digest)
        if kept is None:
            seen = self._revocations
            known = await self._reader.one(sql.tokens.find, KnownToken, hash=digest)
            if known is None:
                raise _unknown()
            kept = known, known.caller()
            if seen == self._revocations:  # else what was read may have been revoked while it was on its way
                self.keep(digest, *kept)
        if kept[0].expires_at <= self._clock.now():
            self._kept.pop(digest, None)
            raise _unknown()
        return kept[1]

    @property
    def proofs(self) -> Proofs:
        """What checks DPoP proofs here. Raises RuntimeError where none was given."""
        if self._proofs is None:
            raise RuntimeError("these access tokens were opened without proofs")
        return self._proofs

    async def prove(self, proof: bytes | None, method: str, path: str, token: str, jkt: str) -> str | None:
        """See gateway.domain.rights.Tokens. Raises gateway.oauth.dpop.BadProof."""
        _, nonce = await self.proofs.check(proof, method, path, token=token, jkt=jkt)
        return nonce

    def keep(self, digest: str, known: KnownToken, caller: Caller) -> None:
        """Remember a committed token, dropping the oldest beyond KEPT_COUNT."""
        if self._most:
            self._kept[digest] = known, caller
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]

    def forget(self, client_id: str) -> None:
        """Drop every token of a client whose tokens were revoked."""
        self._drop(lambda known: known.client_id == client_id)

    def forget_grant(self, grant_id: str) -> None:
        """Drop every token that stands on a grant whose tokens were revoked."""
        self._drop(lambda known: known.grant_id == grant_id)

    def _drop(self, gone: Callable[[KnownToken], bool]) -> None:
        self._revocations += 1
        self._kept = {digest: kept for digest, kept in self._kept.items() if not gone(kept[0])}


async def issue(world: World, form: Mapping[str, str], proven: Authenticated, jkt: str | None) -> Issued:
    """A token for a client on its own behalf (RFC 6749 section 4.4), bound to the key `jkt`; never to a merchant.

    The assertion is spent and the token stored in one write, so a refused request spends nothing and of many
    requests with one assertion exactly one gets a token. Raises Refusal.
    """
    key = bound(jkt)
    rights = frozenset(scopes.granted(form.get("scope"), OWN.intersection(proven.client.rights)))
    known = KnownToken(proven.client.id, proven.client.partner_id, rights, end_of_token(world), jkt=key)

    async def unit(tx: Tx) -> Issued:
        await spend(tx, proven)
        return await mint(tx, world, known)

    return await world.store.write(unit)


async def mint(
    tx: Tx, world: World, known: KnownToken, *, details: Details | None = None, code_hash: str | None = None
) -> Issued:
    """Make and store one access token inside the write it belongs to."""
    token, caller = tokens.mint(), known.caller()
    digest, lifetime = tokens.digest(token), world.settings.access_token_seconds
    await tx.run(
        sql.authorization.add_token,
        hash=digest,
        client_id=known.client_id,
        partner_id=known.partner_id,
        rights_json=sorted(known.rights),
        issued_at=known.expires_at - timedelta(seconds=lifetime),
        expires_at=known.expires_at,
        grant_id=known.grant_id,
        jkt=known.jkt,
        details_json=details,
        merchant_id=known.merchant_id,
        code_hash=code_hash,
        user_id=known.user_id,
        page_origin=known.page_origin,
    )
    tx.on_commit(lambda: world.tokens.keep(digest, known, caller))
    answer = TokenAnswer(token, "DPoP", lifetime, scopes.text(known.rights), None, known.grant_id, details)
    return Issued(answer, caller)


def bound(jkt: str | None) -> str:
    """The thumbprint of the key to bind a token to. Raises Refusal when none was proven."""
    if jkt is None:
        raise invalid_proof("invalid_dpop_proof", "Send a DPoP proof: every token is bound to a key (RFC 9449)")
    return jkt


def end_of_token(world: World) -> datetime:
    """When a token made now ends."""
    end: datetime = world.system_clock.now() + timedelta(seconds=world.settings.access_token_seconds)
    return end


async def authenticate(world: World, form: Mapping[str, str]) -> Authenticated:
    """The client that sent `form`, by its `private_key_jwt`. Raises Refusal; spends nothing."""
    given = forms.credentials(form)
    assertion = assertions.read(given.assertion)
    if given.client_id not in {None, assertion.client_id}:
        raise invalid_client("client_id is not the one that the client assertion is about")
    client = await world.store.one(sql.clients.find, Client, client_id=assertion.client_id)
    if client is None or client.disabled:
        raise invalid_client("There is no such client, or it is disabled")
    assertions.verify(assertion, client.jwks, issuer=world.settings.issuer, now=world.system_clock.now())
    return Authenticated(client, assertion)


async def spend(tx: Tx, proven: Authenticated) -> None:
    """Use up an assertion inside the write it is for, unless its client changed meanwhile. Raises Refusal."""
    claims = proven.assertion.claims
    # The client's row is held until the commit: whoever shuts the client out waits, then finds the new token.
    client = await tx.one(sql.clients.hold, Client, client_id=proven.client.id)
    if client is None or client.disabled or client.jwks != proven.client.jwks:
        raise invalid_client("The client was disabled or its keys were replaced just now")
    until = proven.assertion.kept_until
    if not await tx.run(sql.clients.spend_assertion, client_id=claims.sub, jti=claims.jti, expires_at=until):
        raise invalid_client("The client assertion was used before: make a new one, with a new jti, for every request")


async def forget_expired(world: World) -> int:
    """Delete tokens, requests, codes, proofs and assertions that could not be used again; how many rows went."""
    now = world.system_clock.now()

    async def unit(tx: Tx) -> int:
        spent = await tx.run(sql.clients.forget_assertions, now_at=now)
        ended = await tx.run(sql.authorization.forget_pushed, now_at=now)
        ended += await tx.run(sql.authorization.forget_proofs, now_at=now)
        # A used code is remembered for a while: whoever brings it again ends what it brought.
        ended += await tx.run(sql.authorization.forget_codes, now_at=now - CODES_KEPT)
        return spent + ended + await tx.run(sql.tokens.forget, now_at=now)

    return await world.store.write(unit)


def _unknown() -> Unauthenticated:
    return Unauthenticated("The access token is unknown, expired or revoked: ask for a new one")
