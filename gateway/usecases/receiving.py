"""Take in what a source tells: the one way for the API, for platforms' webhooks, for files and for what we know.

Sales go through their lane, everything else by a unit of its own. Every row is judged by itself: a bad one never costs
its neighbours, and what is known already is counted and left alone. A newer version of a record corrects it.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gateway.domain import incoming, purchases, signals, stock
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import Datatype
from gateway.domain.incoming import BadRecord
from gateway.domain.purchases import NewPurchase
from gateway.domain.rights import Caller
from gateway.domain.stock import NewStock
from gateway.store import Stale, sql
from gateway.usecases import positions, sales
from gateway.usecases.sales import RowResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gateway.domain.incoming import Shop
    from gateway.domain.positions import Position
    from gateway.domain.sales import NewSale
    from gateway.domain.signals import NewSignal
    from gateway.source_ports import Converted
    from gateway.store import Tx
    from gateway.store.queries import Query
    from gateway.usecases.world import World

    Record = NewStock | NewPurchase | NewSignal

CHUNK_COUNT = 2_000
"""The most rows one unit takes in: a few tens of milliseconds during which nobody else can write."""


class Teller(msgspec.Struct, frozen=True):
    """Who tells of which merchant; `caller` None = nobody with a token: then any consent in force will do."""

    merchant_id: str
    source: str
    caller: Caller | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What became of rows of one kind; `index` of a rejected one is its place among them."""

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[RowResult, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.accepted + other.accepted, self.duplicates + other.duplicates, self.rejected + other.rejected
        )


class Taken(msgspec.Struct, frozen=True):
    """What became of everything a source told, kind by kind."""

    sales: Outcome = Outcome()
    stock: Outcome = Outcome()
    purchases: Outcome = Outcome()
    signals: Outcome = Outcome()

    @property
    def total(self) -> Outcome:
        """The kinds together; the places of rejected rows are those within their kind."""
        return self.sales + self.stock + self.purchases + self.signals


class _Held(msgspec.Struct, frozen=True):
    """A record as stored, as far as a newer version of it must agree."""

    id: str
    version: int
    kind: str


class _Kind(NamedTuple):
    """How records of one table are checked, told apart and kept."""

    held: Query
    put: Query
    datatype: Callable[[Any], Datatype]
    id: Callable[[Any], str]
    check: Callable[[Any, Shop], None]
    columns: Callable[[Any], dict[str, Any]]


async def take(world: World, teller: Teller, converted: Converted) -> Taken:
    """Take in what a source told of a merchant.

    Rows of a kind that the consent does not cover are rejected one by one, and the others taken. Raises NotFound for a
    merchant that does not exist, Busy.
    """
    outcomes = {}
    for name in _KINDS:
        if records := getattr(converted, name):
            outcomes[name] = await _allowed(take_records(world, teller, records), records)
    if converted.sales:
        outcomes["sales"] = await _allowed(_take_sales(world, teller, converted.sales), converted.sales)
    return Taken(**outcomes)


async def take_within(tx: Tx, world: World, teller: Teller, converted: Converted) -> Taken:
    """The same as part of a unit, at most CHUNK_COUNT rows. Raises ConsentRequired where a kind is not covered."""
    outcomes = {}
    for name in _KINDS:
        if records := getattr(converted, name):
            outcomes[name] = await _take(world, teller, records, tx)
    if converted.sales:
        request = sales.Request(teller.merchant_id, teller.caller, converted.sales, world.clock.now(), teller.source)
        (received,) = await world.intake.answers(tx, [request])
        if isinstance(received, Exception):
            raise received
        outcomes["sales"] = Outcome(received.accepted, received.duplicates, received.rejected)
    return Taken(**outcomes)


async def _allowed(taking: Any, rows: Sequence[Any]) -> Outcome:
    try:
        outcome: Outcome = await taking
    except ConsentRequired as refused:
        return Outcome(rejected=tuple(RowResult(n, refused.code, refused.detail) for n in range(len(rows))))
    return outcome


async def _take_sales(world: World, teller: Teller, rows: Sequence[NewSale]) -> Outcome:
    outcome = Outcome()
    for first in range(0, len(rows), CHUNK_COUNT):
        some, now = rows[first : first + CHUNK_COUNT], world.clock.now()
        request = sales.Request(teller.merchant_id, teller.caller, some, now, teller.source)
        received = await world.store.merge(world.intake, request)
        outcome += _placed(Outcome(received.accepted, received.duplicates, received.rejected), first)
    return outcome


async def take_records(world: World, teller: Teller, records: Sequence[Record]) -> Outcome:
    """Take in stock, purchases or signals, all of one of these.

    Raises ConsentRequired when the consent covers none of the rows, NotFound, Busy.
    """
    outcome = Outcome()
    for first in range(0, len(records), CHUNK_COUNT):
        some = records[first : first + CHUNK_COUNT]
        taken = await world.store.write(partial(_take, world, teller, some))
        outcome += _placed(taken, first)
    return outcome


def _placed(outcome: Outcome, first: int) -> Outcome:
    if not first or not outcome.rejected:
        return outcome
    moved = tuple(msgspec.structs.replace(row, index=row.index + first) for row in outcome.rejected)
    return msgspec.structs.replace(outcome, rejected=moved)


async def _take(world: World, teller: Teller, records: Sequence[Record], tx: Tx) -> Outcome:
    position = (await positions.load(tx, world, [teller.merchant_id], held=True)).get(teller.merchant_id)
    now, kind = world.clock.now(), _kind(records[0])
    rejected: list[RowResult] = []
    good = _checked(kind, records, _Shops(position, teller.caller, now), rejected)
    keys: dict[str, Any] = {"merchant_id": teller.merchant_id, "source": teller.source}
    found = await tx.all(kind.held, _Held, **keys, ids_json=sorted({kind.id(record) for _, record in good}))
    newest, accepted = _newest(kind, good, {one.id: one for one in found}, rejected)
    rows = [keys | {"received_at": now} | _columns(kind, record) for record in newest]
    if await tx.many(kind.put, rows) != len(rows):
        raise Stale("a record changed underneath")
    duplicates = len(records) - accepted - len(rejected)
    return Outcome(accepted, duplicates, tuple(sorted(rejected, key=lambda row: row.index)))


def _newest(
    kind: _Kind, good: list[tuple[int, Record]], held: dict[str, _Held], rejected: list[RowResult]
) -> tuple[list[Record], int]:
    """What the rows make of the records `held`, by id, and how many rows were news in the order they came."""
    newest: dict[str, Record] = {}
    accepted = 0
    for index, record in good:
        record_id, name = kind.id(record), _name(record)
        before = held.get(record_id)
        if before is not None and record.version <= before.version:
            continue
        if before is not None and before.kind != name:
            rejected.append(RowResult(index, "kind_changed", "a newer version cannot change what kind of record it is"))
            continue
        held[record_id] = _Held(record_id, record.version, name)
        newest[record_id] = record
        accepted += 1
    return [newest[record_id] for record_id in sorted(newest)], accepted


def _checked(
    kind: _Kind, records: Sequence[Record], shops: _Shops, rejected: list[RowResult]
) -> list[tuple[int, Record]]:
    """Those that can be taken, with their places. Raises ConsentRequired when the consent covers none of them."""
    good: list[tuple[int, Record]] = []
    refusal: ConsentRequired | None = None
    covered = False
    for index, record in enumerate(records):
        try:
            shop = shops.of(kind.datatype(record))
            covered = True
            kind.check(record, shop)
        except ConsentRequired as refused:
            refusal = refused
            rejected.append(RowResult(index, refused.code, refused.detail))
        except BadRecord as bad:
            rejected.append(RowResult(index, bad.reason, bad.detail))
        else:
            good.append((index, record))
    if refusal is not None and not covered:
        raise refusal
    return good


class _Shops:
    """What records are held against, by what the consent says of their datatype; asked once each."""

    def __init__(self, position: Position | None, caller: Caller | None, now: datetime) -> None:
        self._position, self._caller, self._now = position, caller, now
        self._known: dict[Datatype, Shop | ConsentRequired] = {}

    def of(self, datatype: Datatype) -> Shop:
        """Raises ConsentRequired or NotFound."""
        if datatype not in self._known:
            self._known[datatype] = self._ask(datatype)
        known = self._known[datatype]
        if isinstance(known, ConsentRequired):
            raise known
        return known

    def _ask(self, datatype: Datatype) -> Shop | ConsentRequired:
        try:
            grant = positions.permit_push(self._position, self._caller, datatype, self._now)
        except ConsentRequired as refused:
            return refused
        assert self._position is not None  # noqa: S101 - permitted, so it is there
        return incoming.shop(self._position, self._now, grant.lookback_days(datatype, self._now.date()))


def _columns(kind: _Kind, record: Record) -> dict[str, Any]:
    raw = msgspec.json.encode(record)
    own = {"id": kind.id(record), "version": record.version, "raw_hash": hashlib.sha256(raw).hexdigest()}
    return own | kind.columns(record)


def _stock(record: NewStock) -> dict[str, Any]:
    columns = msgspec.structs.asdict(record)
    return columns | {"location_id": record.location_id or ""}


def _purchase(record: NewPurchase) -> dict[str, Any]:
    columns = msgspec.structs.asdict(record)
    return columns | {"kind": record.kind.value, "lines_json": record.lines or []}


def _signal(record: NewSignal) -> dict[str, Any]:
    from_on, to_on = signals.days(record)
    return {"kind": signals.kind(record), "from_on": from_on, "to_on": to_on, "detail_json": record}


def _name(record: Record) -> str:
    if isinstance(record, NewPurchase):
        return record.kind.value
    return "stock" if isinstance(record, NewStock) else signals.kind(record)


def _kind(record: Record) -> _Kind:
    if isinstance(record, NewStock):
        return _KINDS["stock"]
    return _KINDS["purchases" if isinstance(record, NewPurchase) else "signals"]


_KINDS = {
    "stock": _Kind(
        sql.stock.held, sql.stock.put, lambda _: Datatype.stock, lambda one: one.stock_id, stock.check, _stock
    ),
    "purchases": _Kind(
        sql.purchases.held, sql.purchases.put, lambda _: Datatype.purchases, lambda one: one.purchase_id,
        purchases.check, _purchase,
    ),
    "signals": _Kind(
        sql.signals.held, sql.signals.put, signals.datatype, lambda one: one.signal_id,
        signals.check, _signal,
    ),
}  # fmt: skip
