"""Take in what a source tells: the one way for the API, for platforms' webhooks, for files and for what we know.

Sales go through their lane, everything else by a unit of its own. Every row is judged by itself: a bad one never costs
its neighbours, and what is known already is counted and left alone. A newer version of a record corrects it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from contextlib import suppress
from functools import partial
from itertools import chain
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
from gateway.usecases import positions, sales, tellings
from gateway.usecases.tellings import RowResult, Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

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
    datatypes: tuple[Datatype, ...]
    datatype: Callable[[Any], Datatype]
    id: Callable[[Any], str]
    on: Callable[[Any], date]
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
            outcomes[name] = await _allowed(take_records(world, teller, name, records), records)
    if converted.sales:
        outcomes["sales"] = await _allowed(_take_sales(world, teller, converted.sales), converted.sales)
    return Taken(**outcomes)


async def take_within(tx: Tx, world: World, teller: Teller, converted: Converted) -> Taken:
    """The same as part of a unit, at most CHUNK_COUNT rows. Raises ConsentRequired where a kind is not covered."""
    outcomes = {}
    for name, kind in _KINDS.items():
        if records := getattr(converted, name):
            outcomes[name] = await _take(world, teller, kind, records, tx)
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


async def take_records(world: World, teller: Teller, kind: str, records: Sequence[Record]) -> Outcome:
    """Take in records of one kind: `stock`, `purchases` or `signals`.

    Raises ConsentRequired when the consent covers none of the rows, or nothing of the kind; NotFound, Busy.
    """
    outcome = Outcome()
    for first in range(0, len(records) or 1, CHUNK_COUNT):
        some = records[first : first + CHUNK_COUNT]
        taken = await world.store.write(partial(_take, world, teller, _KINDS[kind], some))
        outcome += _placed(taken, first)
    return outcome


async def note_rejects(world: World, teller: Teller, kind: str, rejects: tuple[RowResult, ...]) -> None:
    """Keep refusals that no use case saw, because the rows had the wrong shape; `kind` names what they should be."""
    telling = Telling(teller.merchant_id, teller.source, kind, world.clock.now(), rejects=rejects)
    await world.store.write(lambda tx: tellings.note(tx, [telling]))


def _placed(outcome: Outcome, first: int) -> Outcome:
    if not first or not outcome.rejected:
        return outcome
    moved = tuple(msgspec.structs.replace(row, index=row.index + first) for row in outcome.rejected)
    return msgspec.structs.replace(outcome, rejected=moved)


async def _take(world: World, teller: Teller, kind: _Kind, records: Sequence[Record], tx: Tx) -> Outcome:
    position = (await positions.load(tx, world, [teller.merchant_id], held=True)).get(teller.merchant_id)
    now = world.clock.now()
    tally = _Tally(kind)
    shops = _Shops(position, teller.caller, now)
    if not records:
        shops.any_of(kind.datatypes)
    good = _checked(kind, records, shops, tally)
    keys: dict[str, Any] = {"merchant_id": teller.merchant_id, "source": teller.source}
    found = await tx.all(kind.held, _Held, **keys, ids_json=sorted({kind.id(record) for _, record in good}))
    newest = _newest(kind, good, {one.id: one for one in found}, tally)
    rows = [keys | {"received_at": now} | _columns(kind, record) for record in newest]
    if await tx.many(kind.put, rows) != len(rows):
        raise Stale("a record changed underneath")
    await tellings.note(tx, tally.tellings(teller, now))
    return tally.outcome


def _newest(kind: _Kind, good: list[tuple[int, Record]], held: dict[str, _Held], tally: _Tally) -> list[Record]:
    """What the rows make of the records `held`, each id once: rows count in the order they came."""
    newest: dict[str, Record] = {}
    for index, record in good:
        record_id, name = kind.id(record), _name(record)
        before = held.get(record_id)
        if before is not None and record.version <= before.version:
            tally.duplicates[kind.datatype(record)] += 1
        elif before is not None and before.kind != name:
            tally.reject(index, record, "kind_changed", "a newer version cannot change what kind of record it is")
        else:
            held[record_id] = _Held(record_id, record.version, name)
            newest[record_id] = record
            tally.accepted[kind.datatype(record)].append(kind.on(record))
    return [newest[record_id] for record_id in sorted(newest)]


def _checked(kind: _Kind, records: Sequence[Record], shops: _Shops, tally: _Tally) -> list[tuple[int, Record]]:
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
            tally.reject(index, record, refused.code, refused.detail)
        except BadRecord as bad:
            tally.reject(index, record, bad.reason, bad.detail)
        else:
            good.append((index, record))
    if refusal is not None and not covered:
        raise refusal
    return good


class _Tally:
    """What becomes of one unit's rows, by datatype: the days of those taken, how many were known, why not."""

    def __init__(self, kind: _Kind) -> None:
        self._kind = kind
        self.accepted: dict[Datatype, list[date]] = defaultdict(list)
        self.duplicates: Counter[Datatype] = Counter()
        self._rejects: dict[Datatype, list[RowResult]] = defaultdict(list)

    def reject(self, index: int, record: Record, code: str, detail: str) -> None:
        """A row that is not taken."""
        self._rejects[self._kind.datatype(record)].append(RowResult(index, code, detail))

    @property
    def outcome(self) -> Outcome:
        """All datatypes together."""
        rejected = sorted(chain.from_iterable(self._rejects.values()), key=lambda row: row.index)
        accepted = sum(map(len, self.accepted.values()))
        return Outcome(accepted, self.duplicates.total(), tuple(rejected))

    def tellings(self, teller: Teller, now: datetime) -> Iterator[Telling]:
        """What is kept of it."""
        for datatype in sorted({*self.accepted, *self.duplicates, *self._rejects}):
            days = self.accepted.get(datatype, [])
            yield Telling(
                teller.merchant_id, teller.source, datatype, now, len(days), self.duplicates[datatype],
                first_on=min(days, default=None), last_on=max(days, default=None),
                rejects=tuple(self._rejects.get(datatype, ())),
            )  # fmt: skip


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

    def any_of(self, datatypes: Sequence[Datatype]) -> None:
        """Raises ConsentRequired when none of them is covered, or NotFound."""
        *others, last = datatypes
        for datatype in others:
            with suppress(ConsentRequired):
                self.of(datatype)
                return
        self.of(last)

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


_KINDS = {
    "stock": _Kind(
        sql.stock.held, sql.stock.put, (Datatype.stock,), lambda _: Datatype.stock, lambda one: one.stock_id,
        lambda one: one.counted_at.date(), stock.check, _stock,
    ),
    "purchases": _Kind(
        sql.purchases.held, sql.purchases.put, (Datatype.purchases,), lambda _: Datatype.purchases,
        lambda one: one.purchase_id, lambda one: one.issued_on, purchases.check, _purchase,
    ),
    "signals": _Kind(
        sql.signals.held, sql.signals.put, signals.DATATYPES, signals.datatype, lambda one: one.signal_id,
        lambda one: signals.days(one)[1], signals.check, _signal,
    ),
}  # fmt: skip
