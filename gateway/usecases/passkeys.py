"""Asking for a passkey's signature and judging the answer; letting passkeys in, and out.

    options = (await passkeys.ask(world.store, world, session_hash, merchant_id, intent)).options     # GET: the page
    async def unit(tx):                                                                             # POST: the form
        answered = await passkeys.answer(tx, world, session_hash, merchant_id, form["response"])
        if answered.intent != intent_of_what_the_database_says_now: raise …
    await passkeys.attempt(world, session_hash, remote_address, unit)       # instead of world.store.write(unit)

Nothing is stored when we ask: the browser carries the question, sealed for this browser and this merchant, and the
answer's own record makes each question good for one answer. On the system clock.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from gateway import passkeys
from gateway.domain.errors import GatewayError
from gateway.domain.intents import Intent
from gateway.domain.passkeys import (
    MOVES,
    NAME_LENGTH,
    LastPasskey,
    Passkey,
    PasskeyCopied,
    PasskeyKnown,
    PasskeyNeeded,
    PasskeyRefused,
    PasskeyState,
    UnknownPasskey,
    canonical,
    digest,
)
from gateway.domain.states import check
from gateway.store import sql
from gateway.usecases import audit, messages, throttles
from gateway.usecases.audit import Action
from gateway.usecases.throttles import Door

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

T = TypeVar("T")
PAGE = "/connect/passkeys"
LIFETIME = timedelta(minutes=5)
FAILURES_COUNT = 5
"""Refused answers of one browser before it must wait."""
_OURS = ("merchant_id", "nonce", "expires_at")
MAKE = "make_passkey"


class Challenge(msgspec.Struct, frozen=True):
    """What a page asks of a passkey: JSON for its script, the hex SHA-256 of what will be signed, until when."""

    options: str
    intent_hash: str
    expires_at: datetime


class Answered(msgspec.Struct, frozen=True):
    """A signed intent, without what `ask` added to it; the hash stands for the whole."""

    intent: Intent
    intent_hash: str
    passkey: Passkey


class _Question(msgspec.Struct, frozen=True):
    text: bytes
    facts: Intent
    expires_at: datetime

    @property
    def intent(self) -> Intent:
        return {name: value for name, value in self.facts.items() if name not in _OURS}


class _Sealed(msgspec.Struct, frozen=True):
    asked: str = ""


async def held(reader: Reader, merchant_id: str) -> list[Passkey]:
    """A merchant's passkeys that prove something, oldest first."""
    return [one for one in await kept(reader, merchant_id) if one.state is PasskeyState.active]


async def kept(reader: Reader, merchant_id: str) -> list[Passkey]:
    """The same with the locked ones: who has any of these cannot start again with a one-time code."""
    return await reader.all(sql.passkeys.held, Passkey, merchant_id=merchant_id)


async def ask(
    reader: Reader, world: World, session_hash: str, merchant_id: str, intent: Mapping[str, str | int]
) -> Challenge:
    """A question for a passkey of the merchant's in the browser whose secret has this hash; `intent` has a `do`."""
    known = [one.credential_id for one in await held(reader, merchant_id)]
    question = _asked(world, merchant_id, intent)
    public = passkeys.request_options(passkeys.site(world.settings.issuer), digest(question.text), known)
    return _challenge(world, _place(session_hash, merchant_id), question, public)


async def answer(tx: Tx, world: World, session_hash: str, merchant_id: str, response: str) -> Answered:
    """What the holder signed, in the caller's unit, once. Raises PasskeyRefused; then the unit must not stand."""
    question = _question(world, session_hash, merchant_id, response)
    claimed = passkeys.credential_id(response)
    known = {one.credential_id: one for one in await held(tx, merchant_id)}
    if claimed not in known:
        raise PasskeyRefused("This passkey is not one of the shop's")
    passkey, at = known[claimed], passkeys.site(world.settings.issuer)
    count = passkeys.proven(at, digest(question.text), response, passkey.public_key)
    await _spend(tx, world, question, passkey, response)
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        raise PasskeyCopied(passkey)
    now = world.system_clock.now()
    used = await tx.run(sql.passkeys.use, id=passkey.id, sign_count=count, used_at=now, before_count=passkey.sign_count)
    if not used:
        raise PasskeyRefused("The passkey was used elsewhere at this very moment")
    fresh = msgspec.structs.replace(passkey, sign_count=count, last_used_at=now)
    return Answered(question.intent, digest(question.text).hex(), fresh)


async def ask_new(
    reader: Reader, world: World, session_hash: str, merchant_id: str, *, shop: str, proved_by: Passkey | None = None
) -> Challenge:
    """A question that makes a passkey; `proved_by` answered {"do": "add_passkey"} a moment ago, where there is one."""
    known = [one.credential_id for one in await kept(reader, merchant_id)]
    intent: Intent = {"do": MAKE, "proved_by": "" if proved_by is None else proved_by.id}
    question, at = _asked(world, merchant_id, intent), passkeys.site(world.settings.issuer)
    public = passkeys.creation_options(at, digest(question.text), (merchant_id, shop), known)
    return _challenge(world, _place(session_hash, merchant_id), question, public)


async def add(tx: Tx, world: World, session_hash: str, merchant_id: str, response: str, *, name: str) -> Passkey:
    """Let a new passkey in: the first after a one-time code, every other on the word of one that is in already.

    Raises PasskeyRefused, PasskeyNeeded or PasskeyKnown.
    """
    question = _question(world, session_hash, merchant_id, response)
    if question.intent.get("do") != MAKE:
        raise PasskeyRefused("This was not asked to make a passkey")
    at = passkeys.site(world.settings.issuer)
    new = passkeys.made(at, digest(question.text), response)
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    before = await kept(tx, merchant_id)
    active = {one.id for one in before if one.state is PasskeyState.active}
    if before and question.intent.get("proved_by") not in active:
        raise PasskeyNeeded("This shop has a passkey: use it to add another")
    passkey = Passkey(
        id=world.ids.new("passkey"),
        merchant_id=merchant_id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        name=_unlike(name.strip()[:NAME_LENGTH], {one.name for one in before}),
        state=PasskeyState.active,
        created_at=world.system_clock.now(),
    )
    await _spend(tx, world, question, passkey, response)
    if not await tx.run(sql.passkeys.add, **_columns(passkey)):
        raise PasskeyKnown("This passkey is known already")
    await messages.send(tx, world, merchant_id, "passkey_added", **_told(world, passkey))
    await audit.note(tx, world, merchant_id, Action.passkey_added, passkey.id)
    return passkey


async def remove(tx: Tx, world: World, merchant_id: str, passkey_id: str) -> Passkey:
    """Let a passkey out; whoever signed in with it is signed out. Raises UnknownPasskey or LastPasskey.

    The caller has the answer of one of the merchant's passkeys in the same unit.
    """
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    before = await kept(tx, merchant_id)
    found = next((one for one in before if one.id == passkey_id), None)
    if found is None:
        raise UnknownPasskey("There is no such passkey")
    if not any(one.state is PasskeyState.active for one in before if one.id != passkey_id):
        raise LastPasskey("Add another one first")
    await _end(tx, found, PasskeyState.removed, world.system_clock.now())
    await messages.send(tx, world, merchant_id, "passkey_removed", **_told(world, found))
    await audit.note(tx, world, merchant_id, Action.passkey_removed, found.id)
    return found


async def attempt(world: World, session_hash: str, remote_address: str, unit: Callable[[Tx], Awaitable[T]]) -> T:
    """`world.store.write(unit)` for a unit that calls `answer` or `add`.

    A refusal takes the unit's own writes back, so it is counted here, by browser and by address, and a passkey that
    may have been copied is locked here. Raises LockedOut, and what the unit raised.
    """
    door = Door("passkey", session_hash, remote_address, FAILURES_COUNT)
    async with throttles.guarding(world, door, lambda error: isinstance(error, PasskeyRefused)):
        try:
            return await world.store.write(unit)
        except PasskeyCopied as copied:
            await world.store.write(partial(_lock, world=world, passkey=copied.passkey))
            raise


async def _lock(tx: Tx, *, world: World, passkey: Passkey) -> None:
    if await _end(tx, passkey, PasskeyState.locked, world.system_clock.now()):
        await messages.send(tx, world, passkey.merchant_id, "passkey_locked", **_told(world, passkey))
        await audit.note(tx, world, passkey.merchant_id, Action.passkey_locked, passkey.id)


async def _end(tx: Tx, passkey: Passkey, state: PasskeyState, at: datetime) -> bool:
    check(MOVES, passkey.state, state)
    ended = await tx.run(sql.passkeys.end, id=passkey.id, before=passkey.state, state=state, state_at=at)
    await tx.run(sql.passkeys.end_sessions, passkey_id=passkey.id)
    return bool(ended)


async def _spend(tx: Tx, world: World, question: _Question, passkey: Passkey, response: str) -> None:
    """Keep what was signed; the same question a second time is refused, also in a race."""
    signed = msgspec.json.decode(response, type=dict[str, msgspec.Raw])
    signed.pop("asked", None)
    kept_ = await tx.run(
        sql.passkeys.answer,
        intent_hash=digest(question.text).hex(),
        passkey_id=passkey.id,
        merchant_id=passkey.merchant_id,
        deed=str(question.intent["do"]),
        intent=question.text.decode(),
        response=msgspec.json.encode(signed).decode(),
        answered_at=world.system_clock.now(),
        expires_at=question.expires_at,
    )
    if not kept_:
        raise PasskeyRefused("This was answered already")


def _asked(world: World, merchant_id: str, intent: Mapping[str, str | int]) -> _Question:
    expires_at = world.system_clock.now().replace(microsecond=0) + LIFETIME
    ours = {"merchant_id": merchant_id, "nonce": secrets.token_urlsafe(16), "expires_at": expires_at.isoformat()}
    facts = {**intent, **ours}
    return _Question(canonical(facts), facts, expires_at)


def _challenge(world: World, place: str, question: _Question, public: dict[str, Any]) -> Challenge:
    passkeys.load_soon()
    sealed = urlsafe_b64encode(world.vault.seal(question.text, place)).decode()
    options = msgspec.json.encode({"publicKey": public, "asked": sealed}).decode()
    return Challenge(options, digest(question.text).hex(), question.expires_at)


def _question(world: World, session_hash: str, merchant_id: str, response: str) -> _Question:
    """What was asked, as the browser brought it back sealed. Raises PasskeyRefused: not for it, or out of time."""
    try:
        sealed = urlsafe_b64decode(msgspec.json.decode(response, type=_Sealed).asked)
        text = world.vault.unseal(sealed, _place(session_hash, merchant_id))
    except (ValueError, msgspec.DecodeError, GatewayError):
        raise PasskeyRefused("This was not asked in this browser, for this shop") from None
    facts = msgspec.json.decode(text, type=Intent)
    expires_at = datetime.fromisoformat(str(facts["expires_at"]))
    if expires_at <= world.system_clock.now():
        raise PasskeyRefused("The time to answer is over")
    return _Question(text, facts, expires_at)


def _place(session_hash: str, merchant_id: str) -> str:
    """Where a sealed question belongs: it opens nowhere else."""
    return f"{merchant_id}:{session_hash}:passkey"


def _told(world: World, passkey: Passkey) -> dict[str, str]:
    """What notices say about a passkey."""
    page = f"{world.settings.address}{PAGE}?merchant_id={passkey.merchant_id}"
    return {"name": passkey.name, "page": page}


def _unlike(name: str, taken: Collection[str]) -> str:
    """`name`, numbered where the shop has one of that name already: `iPhone`, `iPhone 2`."""
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def _columns(passkey: Passkey) -> dict[str, Any]:
    names = ("id", "merchant_id", "credential_id", "public_key", "sign_count", "name", "created_at")
    return {name: getattr(passkey, name) for name in names}
