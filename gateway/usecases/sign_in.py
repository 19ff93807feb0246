"""Signing in to the hosted pages: a one-time code to the merchant's verified contact, then a short page session.

The browser holds one secret, in its cookie. A code's hash is keyed with that secret, so a code works only in the
browser that asked for it and the database alone does not betray it. On the system clock.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Overloaded
from gateway.domain.merchants import MerchantState
from gateway.oauth import tokens
from gateway.ports import Message, Undelivered
from gateway.store import sql
from gateway.usecases import audit, contacts
from gateway.usecases.audit import Action
from gateway.usecases.contacts import NoContact

if TYPE_CHECKING:
    from gateway.domain.passkeys import Passkey
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
CODE_ATTEMPTS = 5
SESSION_LIFETIME = timedelta(minutes=15)
SENDS_COUNT = 5
"""The most codes a merchant is sent within LOCK; one more would be a nuisance, or somebody fishing."""
FAILURES_COUNT = 10
"""Wrong codes, over all of a merchant's browsers, before nobody may try for LOCK."""
LOCK = timedelta(minutes=15)
_FORGET = (
    sql.identity.forget_sessions, sql.identity.forget_codes, sql.throttles.forget, sql.passkeys.forget_sign_ins
)  # fmt: skip
METHOD, PASSKEY = "one_time_code", "passkey"
"""How a browser can have signed in, as it is kept with everything it does."""


class TooManyTries(Overloaded):
    """Too many codes were asked for, or too many were wrong; wait before the next."""

    code = "sign_in_locked"
    title = "Signing in is locked for a while"


class Who(msgspec.Struct, frozen=True):
    """A merchant as the sign-in page knows it; `contact` in full, for sending only."""

    id: str
    legal_name: str
    state: MerchantState
    contact: bytes | None


class PageSession(msgspec.Struct, frozen=True):
    """A browser that is signed in, or on its way."""

    merchant_id: str
    signed_in_at: datetime | None
    expires_at: datetime
    method: str | None = None
    passkey_id: str | None = None


class Tried(StrEnum):
    """What came of a code."""

    right = "right"
    wrong = "wrong"
    dead = "dead"  # expired, used up, or never asked for here
    locked = "locked"


class Attempt(msgspec.Struct, frozen=True):
    """The outcome of entering a code; `secret` is the new session's, for the cookie, when it was right."""

    outcome: Tried
    secret: str | None = None
    attempts_left_count: int = 0


class _Code(msgspec.Struct, frozen=True):
    merchant_id: str
    code_hash: str
    attempts_count: int
    expires_at: datetime


async def who(reader: Reader, merchant_id: str) -> Who | None:
    """The merchant a page is for, unless it cannot sign in at all."""
    found = await reader.one(sql.identity.merchant, Who, merchant_id=merchant_id)
    return None if found is None or found.state is MerchantState.closed else found


async def shop_name(reader: Reader, merchant_id: str) -> str:
    """What its pages call the merchant; "" for one that cannot sign in."""
    found = await who(reader, merchant_id)
    return "" if found is None else found.legal_name


def contact_of(world: World, merchant: Who) -> str:
    """Where its codes go. Raises NoContact."""
    if merchant.contact is None:
        raise NoContact("The shop has no verified contact yet")
    return contacts.unseal(world, merchant.id, merchant.contact)


async def send_code(world: World, merchant: Who, secret: str, words: tuple[str, str, str]) -> None:
    """Send a fresh code for the browser with `secret`; an earlier one of that browser is void.

    `words` are the locale, the subject and the text, whose `{code}` is filled in. Raises NoContact, TooManyTries or
    Undelivered.
    """
    contact = contact_of(world, merchant)
    if world.notifier is None:
        raise Undelivered("No messenger is set up")
    now = world.system_clock.now()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    hashed = tokens.digest(secret)

    async def unit(tx: Tx) -> None:
        await _refuse_locked(tx, f"code:{merchant.id}", FAILURES_COUNT, now)
        key = f"send:{merchant.id}"
        await _refuse_locked(tx, key, SENDS_COUNT, now)
        # The count itself holds: of many at once that found the door open, those beyond the limit go back.
        counted = await tx.one(sql.throttles.count, key=key, until_at=now + LOCK, now_at=now)
        if counted is not None and counted[0] > SENDS_COUNT:
            raise _too_many()
        await _open(tx, hashed, merchant.id, now)
        await tx.run(
            sql.identity.put_code, session_hash=hashed, merchant_id=merchant.id, code_hash=_keyed(secret, code),
            expires_at=now + CODE_LIFETIME,
        )  # fmt: skip

    await world.store.write(unit)
    locale, subject, text = words
    await world.notifier.send(
        Message(
            id=world.ids.new("message"),
            merchant_id=merchant.id,
            kind=METHOD,
            contact=contact,
            locale=locale,
            subject=subject,
            text=text.format(code=code),
            created_at=now,
        )
    )


async def enter_code(world: World, secret: str, code: str) -> Attempt:
    """Try a code in the browser with `secret`. A right one is spent and opens a session under a new secret.

    Every try counts, also when it is refused: this answers and never raises.
    """
    now, renewed, hashed = world.system_clock.now(), tokens.mint(), tokens.digest(secret)

    async def unit(tx: Tx) -> Attempt:
        live = await tx.one(sql.identity.try_code, _Code, session_hash=hashed, most=CODE_ATTEMPTS)
        if live is None or live.expires_at <= now:
            return Attempt(Tried.dead)
        key = f"code:{live.merchant_id}"
        await tx.one(sql.consents.hold_merchant, merchant_id=live.merchant_id)  # of many at once, all are counted
        if await _locked(tx, key, FAILURES_COUNT, now):
            return Attempt(Tried.locked)
        if not hmac.compare_digest(live.code_hash, _keyed(secret, code)):
            await tx.one(sql.throttles.count, key=key, until_at=now + LOCK, now_at=now)
            left = CODE_ATTEMPTS - live.attempts_count
            return Attempt(Tried.wrong if left else Tried.dead, None, left)
        for lock in (key, f"send:{live.merchant_id}"):
            await tx.run(sql.throttles.clear, key=lock)
        await tx.run(sql.identity.spend_code, session_hash=hashed)
        await tx.run(sql.identity.end_session, hash=hashed)
        await _open(tx, tokens.digest(renewed), live.merchant_id, now, method=METHOD)
        await audit.note(tx, world, live.merchant_id, Action.signed_in, live.merchant_id, method=METHOD)
        return Attempt(Tried.right, renewed)

    return await world.store.write(unit)


async def by_passkey(tx: Tx, world: World, secret: str, passkey: Passkey) -> str:
    """Sign the browser with `secret` in on the answer of `passkey`, in that answer's unit; its new secret."""
    now, renewed = world.system_clock.now(), tokens.mint()
    for query in (sql.identity.spend_code, sql.identity.end_session):
        await tx.run(query, hash=tokens.digest(secret), session_hash=tokens.digest(secret))
    await _open(tx, tokens.digest(renewed), passkey.merchant_id, now, method=PASSKEY, passkey_id=passkey.id)
    await audit.note(tx, world, passkey.merchant_id, Action.signed_in, passkey.id, method=PASSKEY)
    return renewed


async def session(world: World, secret: str | None) -> PageSession | None:
    """The live session of a browser, signed in or on its way."""
    if secret is None:
        return None
    hashed = tokens.digest(secret)
    return await world.store.one(sql.identity.session, PageSession, hash=hashed, now_at=world.system_clock.now())


async def sign_out(world: World, secret: str) -> None:
    """End a browser's session."""
    await world.store.write(lambda tx: tx.run(sql.identity.end_session, hash=tokens.digest(secret)))


async def forget(world: World) -> None:
    """Drop what has run out."""
    now = world.system_clock.now()

    async def unit(tx: Tx) -> None:
        for query in _FORGET:
            await tx.run(query, now_at=now)

    await world.store.write(unit)


def form_token(secret: str) -> str:
    """What every form of this browser carries, so that no other site can post one in its name."""
    return _keyed(secret, "form")


def form_is_ours(secret: str | None, given: str) -> bool:
    """Whether a form was made by us for this browser; in constant time."""
    return secret is not None and hmac.compare_digest(form_token(secret).encode(), given.encode())


async def _open(
    tx: Tx, hashed: str, merchant_id: str, now: datetime, *, method: str | None = None, passkey_id: str | None = None
) -> None:
    """A browser's session; without a `method` it is only on its way."""
    await tx.run(
        sql.identity.open_session, hash=hashed, merchant_id=merchant_id, signed_in_at=now if method else None,
        method=method, passkey_id=passkey_id, created_at=now, expires_at=now + SESSION_LIFETIME,
    )  # fmt: skip


async def _locked(reader: Reader, key: str, most: int, now: datetime) -> bool:
    return await reader.one(sql.throttles.locked, key=key, most=most, now_at=now) is not None


async def _refuse_locked(reader: Reader, key: str, most: int, now: datetime) -> None:
    if await _locked(reader, key, most, now):
        raise _too_many()


def _too_many() -> TooManyTries:
    return TooManyTries("Wait a while before the next code", retry_after=int(LOCK.total_seconds()))


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
