"""Read what merchants let us see beside their sales, as far as their consents in force cover it for credit assessment.

It is read when the models look at a closed day anew, never for a single sale: a correction of such data counts from the
next close on. Merchants whose consents name no such data, and who never borrowed, cost a look into memory and a share
of one query.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gateway.domain import calendars, observations, sectors, sources
from gateway.domain.bills import Document, Due
from gateway.domain.borrowed import Moved
from gateway.domain.details import Datatype, Purpose
from gateway.domain.flows import CashDay
from gateway.domain.observations import Bill, Loans, Records, Seen
from gateway.domain.purchases import PurchaseKind
from gateway.domain.repayments import Channel
from gateway.domain.sales import Line
from gateway.domain.shelves import COUNT_DAYS, Item
from gateway.domain.signals import Utility
from gateway.store import sql
from gateway.usecases import baskets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.domain.histories import History
    from gateway.domain.positions import Position
    from gateway.store import Reader
    from gateway.usecases.world import World

READ = (Datatype.cash, Datatype.tax, Datatype.utility, Datatype.purchases, Datatype.stock)
"""The kinds that the models look at."""
DAYS = 400
"""How far back anything is read; a consent may allow less."""
MOST_COUNT = 4_000
"""The newest rows of a kind that are read of a merchant."""
PAGE_COUNT = 32
LATE_DAYS = 365
STRAY_DAYS = 60
"""How far apart the last closed days of a page's merchants may lie, for one look at all their shelves."""
MOST_MOVED = PAGE_COUNT * DAYS * len(Channel)


class Told(NamedTuple):
    """What is seen of one merchant: of all sources, and of those alone that may lower a risk (`sources.supports`)."""

    everything: Seen
    sure: Seen
    sold: dict[str, int]
    """What each category took lately; only of those whose shelves are known."""


class _Tax(msgspec.Struct, frozen=True):
    currency: str
    declared_amount: int
    due_amount: int
    due_on: date
    paid_amount: int = 0
    paid_on: date | None = None


class _Bill(msgspec.Struct, frozen=True):
    currency: str
    utility: Utility
    due_amount: int
    due_on: date
    paid_amount: int = 0
    paid_on: date | None = None


class _Cash(msgspec.Struct, frozen=True):
    currency: str
    account_ref: str
    in_amount: int
    out_amount: int
    balance_amount: int | None = None


class Count(msgspec.Struct, frozen=True):
    """A count of one item at one place by one source, the newest there is."""

    merchant_id: str
    source: str
    item_id: str
    location_id: str
    counted_at: datetime
    quantity: str
    on_order_quantity: str
    unit_cost_amount: int | None
    category: str | None

    @property
    def item(self) -> Item:
        """What was counted."""
        return Item(self.item_id, self.quantity, self.on_order_quantity, self.unit_cost_amount, self.category)


_TAX, _BILL, _CASH = msgspec.json.Decoder(_Tax), msgspec.json.Decoder(_Bill), msgspec.json.Decoder(_Cash)
_LINES = msgspec.json.Decoder(list[Line] | None)


class _Shop:
    """A merchant to read: since which day (an ordinal) each kind may be used, and its records so far."""

    __slots__ = ("everything", "history", "position", "since", "sure")

    def __init__(self, position: Position, history: History, since: dict[Datatype, int]) -> None:
        self.position, self.history, self.since = position, history, since
        self.everything: Records | None = None
        self.sure: Records | None = None

    @property
    def through(self) -> int:
        return self.history.through_on.toordinal()

    def sides(self, source: str) -> tuple[Records, ...]:
        """What a record of this source belongs to."""
        if self.everything is None:
            self.everything = observations.no_records()
        if not self.trusts(source):
            return (self.everything,)
        if self.sure is None:
            self.sure = observations.no_records()
        return self.everything, self.sure

    def trusts(self, source: str) -> bool:
        return sources.supports(source, self.position.partner_tier, self.position.profile.tier)

    def may(self, datatype: Datatype, on: int) -> bool:
        return datatype in self.since and self.since[datatype] <= on <= self.through


async def of(reader: Reader, world: World, positions: Sequence[Position]) -> dict[str, Told]:
    """What is seen of those merchants of whom anything is; the others are absent."""
    shops = _shops(positions, world.clock.now())
    if not shops:
        return {}
    late = await _late(reader, world, sorted(shops))
    worth = [m for m, shop in shops.items() if shop.since or m in late]
    found: dict[str, Told] = {}
    for start in range(0, len(worth), PAGE_COUNT):
        page = {m: shops[m] for m in worth[start : start + PAGE_COUNT]}
        await _read(reader, {m: shop for m, shop in page.items() if shop.since})
        found |= await _seen(reader, {m: shop for m, shop in page.items() if shop.everything or m in late}, late)
    return found


def may_be_seen(position: Position, now: datetime) -> bool:
    """Whether a consent in force lets us use anything beside sales."""
    return any(kind in READ for grant in position.grants for kind in grant.reaches(Purpose.credit_assessment, now))


def _shops(positions: Sequence[Position], now: datetime) -> dict[str, _Shop]:
    """Those that may be assessed, and from which day on each kind may be used."""
    found: dict[str, _Shop] = {}
    for one in positions:
        if one.history is not None and (reach := _reach(one, now)):
            as_of = one.history.through_on.toordinal() + 1
            since = {kind: as_of - min(days, DAYS) for kind, days in reach.items() if kind in READ}
            found[one.merchant_id] = _Shop(one, one.history, since)
    return found


def _reach(position: Position, now: datetime) -> dict[Datatype, int]:
    """How many days back each kind may be used to assess the merchant; empty where it may not be assessed at all."""
    found: dict[Datatype, int] = {}
    for grant in position.grants:
        for kind, days in grant.reaches(Purpose.credit_assessment, now).items():
            found[kind] = max(days, found.get(kind, 0))
    return found if Datatype.sales in found else {}


async def _late(reader: Reader, world: World, merchant_ids: list[str]) -> dict[str, int]:
    """How often a loan of ours became late within a year, of those it happened to."""
    after_at = world.clock.now() - timedelta(days=LATE_DAYS)
    values = {"merchant_ids_json": merchant_ids, "after_at": after_at, "limit": len(merchant_ids)}
    return dict(await reader.all(sql.evidence.late, **values))


async def _seen(reader: Reader, shops: dict[str, _Shop], late: dict[str, int]) -> dict[str, Told]:
    moved = await _moved(reader, {m: shop for m, shop in shops.items() if shop.everything})
    told = {m: _told(shop, Loans(moved.get(m, ()), late.get(m, 0))) for m, shop in shops.items()}
    for merchant_id, one in told.items():
        if one.everything.shelves is not None:
            one.sold.update(await baskets.sold(reader, merchant_id, shops[merchant_id].history.through_on))
    return told


def _told(shop: _Shop, loans: Loans) -> Told:
    usual = sectors.usual_stock_days(shop.position.profile.mcc)
    none = observations.no_records()
    everything = observations.look(shop.everything or none, shop.history, loans, usual)
    if (shop.sure or none) == (shop.everything or none):
        return Told(everything, everything, {})
    return Told(everything, observations.look(shop.sure or none, shop.history, loans, usual), {})


async def _read(reader: Reader, shops: dict[str, _Shop]) -> None:
    """Fill the records of a page of merchants; kinds that nobody there consents to are not asked for."""
    wanted = {kind for shop in shops.values() for kind in shop.since}
    if not wanted:
        return
    after_on = date.fromordinal(min(since for shop in shops.values() for since in shop.since.values()) - 1)
    page = {"merchant_ids_json": sorted(shops), "most_count": MOST_COUNT}
    limit = PAGE_COUNT * MOST_COUNT
    if wanted & {Datatype.cash, Datatype.tax, Datatype.utility}:
        for row in await reader.all(sql.evidence.signals, **page, after_on=after_on, limit=3 * limit):
            _signal(shops[row[0]], row)
    if Datatype.purchases in wanted:
        for row in await reader.all(sql.evidence.purchases, **page, after_on=after_on, limit=limit):
            _purchase(shops[row[0]], row)
    if Datatype.stock in wanted:
        through = max(shop.history.through_on for shop in shops.values()) + timedelta(days=2)
        before_at = datetime(through.year, through.month, through.day, tzinfo=UTC)
        window = {"after_at": before_at - timedelta(days=COUNT_DAYS + STRAY_DAYS), "before_at": before_at}
        _stock(shops, await reader.all(sql.evidence.stock, Count, **page, **window, limit=limit))


def _signal(shop: _Shop, row: tuple[Any, ...]) -> None:
    _, source, kind, from_on, to_on, detail = row
    start, end = _day(from_on), _day(to_on)
    if not shop.may(Datatype(f"signals.{kind}"), min(end, shop.through)):  # a bill may be for days to come
        return
    if kind == "cash":
        _cash(shop, source, end, _CASH.decode(detail))
        return
    one: _Tax | _Bill = _TAX.decode(detail) if kind == "tax" else _BILL.decode(detail)
    if one.currency != shop.position.currency:
        return
    paid = None if one.paid_on is None else one.paid_on.toordinal()
    due = Due(start, end, one.due_on.toordinal(), one.due_amount, one.paid_amount, paid)
    for side in shop.sides(source):
        if isinstance(one, _Bill):
            side.bills.append(Bill(one.utility, due))
        else:
            side.returns.append(due)
            side.declared.append((start, end, one.declared_amount))


def _cash(shop: _Shop, source: str, on: int, one: _Cash) -> None:
    if one.currency == shop.position.currency and on <= shop.through:
        for side in shop.sides(source):
            side.cash.append(CashDay(one.account_ref, on, one.in_amount, one.out_amount, one.balance_amount))


def _purchase(shop: _Shop, row: tuple[Any, ...]) -> None:
    _, source, purchase_id, kind, issued_on, due_on, amount, tax_amount, supplier, refers_to, lines = row
    issued = _day(issued_on)
    if not shop.may(Datatype.purchases, issued):
        return
    due = None if due_on is None else _day(due_on)
    name = PurchaseKind(kind)
    document = Document(source, purchase_id, name, issued, due, amount, tax_amount, supplier, refers_to)
    for side in shop.sides(source):
        side.documents.append(document)
        if lines is not None:
            side.orders[source, purchase_id] = _LINES.decode(lines) or ()


def _stock(shops: dict[str, _Shop], counts: Iterable[Count]) -> None:
    """The newest count of each item and place, of all sources and of those that are trusted."""
    newest: dict[tuple[str, int, str, str], Item] = {}
    for one in counts:
        shop = shops[one.merchant_id]
        place = shop.position
        on = calendars.business_date(one.counted_at, place.timezone, place.day_cutoff).toordinal()
        if shop.may(Datatype.stock, on) and on > shop.through - COUNT_DAYS:
            for sure in range(len(shop.sides(one.source))):
                newest[one.merchant_id, sure, one.item_id, one.location_id] = one.item
    for (merchant_id, sure, _, _), item in newest.items():
        shop = shops[merchant_id]
        side = shop.sure if sure else shop.everything
        if side is not None:
            side.items.append(item)


async def _moved(reader: Reader, shops: dict[str, _Shop]) -> dict[str, list[Moved]]:
    """Every movement between us and those merchants."""
    found: dict[str, list[Moved]] = defaultdict(list)
    if not shops:
        return found
    after_on = date.fromordinal(min(shop.through for shop in shops.values()) - DAYS)
    page = {"merchant_ids_json": sorted(shops), "after_on": after_on, "limit": MOST_MOVED}
    for merchant_id, active_on, amount in await reader.all(sql.evidence.lent, **page):
        found[merchant_id].append(Moved(_day(active_on), amount))
    for merchant_id, settled_on, channel, amount in await reader.all(sql.evidence.repaid, **page):
        given_back, upstream = channel == Channel.payout, channel == Channel.withheld
        found[merchant_id].append(Moved(_day(settled_on), amount, repaid=not given_back, upstream=upstream))
    return found


def _day(on: str) -> int:
    return date.fromisoformat(on).toordinal()
