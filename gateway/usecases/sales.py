"""Take in sales: the hot path. The rows of all waiting requests go in together and each is answered by itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import positions as rules
from gateway.domain import sales
from gateway.domain.errors import FieldError, NotFound
from gateway.domain.positions import Position
from gateway.domain.sales import BadSale, NewSale, SaleKind, StoredSale, Totals
from gateway.store import Lane, sql
from gateway.usecases import limits, positions, repayments, scoring
from gateway.usecases.limits import Judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store import Tx
    from gateway.usecases.world import World

SOURCE = "partner"
"""Where records pushed through the partner API come from."""


class RowResult(msgspec.Struct, frozen=True):
    """Why the row at `index` was not taken."""

    index: int
    code: str
    detail: str


class Received(msgspec.Struct, frozen=True):
    """What became of one request's rows, and where the merchant stands after them."""

    accepted: int
    duplicates: int
    rejected: tuple[RowResult, ...]
    judged: Judged


class Request(msgspec.Struct, frozen=True):
    """One request's rows for one merchant."""

    merchant_id: str
    partner_id: str
    rows: list[NewSale]
    at: datetime


class Row(msgspec.Struct):
    """One row on its way through the lane; `fault` set = not taken, `new` = inserted by us."""

    request: int
    index: int
    sale: NewSale
    business_on: date
    row_id: str
    net: int
    new: bool = True
    corrected: bool = False
    fault: tuple[str, str] | None = None


class _Intake:
    """One merged run over many requests."""

    def __init__(self, world: World, requests: Sequence[Request], known: dict[str, Position]) -> None:
        self.world, self.requests, self.known = world, requests, known
        self.rows: list[Row] = []
        self.rejected: dict[int, list[RowResult]] = defaultdict(list)
        self.changes: dict[str, dict[date, Totals]] = defaultdict(dict)
        self.strangers: set[int] = set()

    def place(self) -> None:
        """Give each row its day, its worth and an id; rows no shop could have sold are set aside."""
        now, batch = self.world.clock.now(), self.world.ids.new("request")
        for number, request in enumerate(self.requests):
            position = self.known.get(request.merchant_id)
            if position is None or position.partner_id != request.partner_id:
                self.strangers.add(number)
                continue
            for index, sale in enumerate(request.rows):
                try:
                    on = sales.place(sale, position.currency, position.timezone, position.day_cutoff, now)
                except BadSale as bad:
                    self.rejected[number].append(RowResult(index, bad.reason, bad.detail))
                else:
                    row_id = f"{batch}.{len(self.rows)}"
                    self.rows.append(Row(number, index, sale, on, row_id, sales.net_amount(sale)))

    async def insert(self, tx: Tx) -> None:
        """Insert all rows; what was there already is a duplicate or a newer version."""
        if not self.rows:
            return
        if await tx.many(sql.sales.insert, [self._stored(row) for row in self.rows]) == len(self.rows):
            return
        by_merchant: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            by_merchant[self._merchant(row)].append(row)
        for merchant_id, rows in by_merchant.items():
            await self._sort_out(tx, merchant_id, rows)

    async def _sort_out(self, tx: Tx, merchant_id: str, rows: list[Row]) -> None:
        ids = sorted({row.sale.sale_id for row in rows})
        found = await tx.all(sql.sales.held, StoredSale, merchant_id=merchant_id, source=SOURCE, sale_ids_json=ids)
        held = {sale.sale_id: sale for sale in found}
        for row in rows:
            there = held[row.sale.sale_id]
            row.new = there.row_id == row.row_id
            if not row.new and row.sale.version > there.version:
                held[row.sale.sale_id] = await self._correct(tx, merchant_id, row, there)

    async def _correct(self, tx: Tx, merchant_id: str, row: Row, there: StoredSale) -> StoredSale:
        if row.sale.kind is not there.kind or row.sale.refund_of != there.refund_of:
            row.fault = ("kind_changed", "a newer version cannot change what kind of record it is or what it refunds")
            return there
        if there.refund_of is not None and row.sale.amount != there.amount:
            row.fault = ("refund_changed", "a linked refund's amount is not corrected: void it and send another")
            return there
        if not await tx.run(sql.sales.correct, **self._stored(row)):
            row.fault = ("refunded_above_amount", "more than this amount was refunded already")
            return there
        row.corrected = True
        self._add(merchant_id, there.business_on, -sales.totals(there.kind, there.net_amount))
        self._add(merchant_id, row.business_on, sales.totals(row.sale.kind, row.net))
        return msgspec.structs.replace(
            there, version=row.sale.version, business_on=row.business_on, amount=row.sale.amount, net_amount=row.net
        )

    async def link(self, tx: Tx) -> None:
        """Count each new refund and void against the sale it names, where we hold that sale; too much is refused."""
        for row in self.rows:
            if not row.new or row.sale.refund_of is None:
                continue
            merchant_id = self._merchant(row)
            key = {"merchant_id": merchant_id, "source": SOURCE}
            if await tx.run(sql.sales.refund, **key, sale_id=row.sale.refund_of, amount=row.sale.amount):
                continue
            found = await tx.all(sql.sales.held, StoredSale, **key, sale_ids_json=[row.sale.refund_of])
            if not found:
                continue
            await tx.run(sql.sales.remove, **key, sale_id=row.sale.sale_id, row_id=row.row_id)
            row.fault = _refund_fault(found[0])

    def settle(self) -> None:
        """Add what was taken to its days."""
        for row in self.rows:
            if row.fault is not None:
                self.rejected[row.request].append(RowResult(row.index, *row.fault))
            elif row.new:
                self._add(self._merchant(row), row.business_on, sales.totals(row.sale.kind, row.net))

    def answer(self, judged: dict[str, Judged]) -> list[Received | Exception]:
        """One answer a request, in order."""
        counts: list[list[int]] = [[0, 0] for _ in self.requests]
        for row in self.rows:
            if row.fault is None:
                counts[row.request][0 if row.new or row.corrected else 1] += 1
        return [
            NotFound("There is no such merchant")
            if number in self.strangers
            else Received(*counts[number], tuple(self.rejected.get(number, ())), judged[request.merchant_id])
            for number, request in enumerate(self.requests)
        ]

    def _merchant(self, row: Row) -> str:
        return self.requests[row.request].merchant_id

    def _add(self, merchant_id: str, on: date, totals: Totals) -> None:
        days = self.changes[merchant_id]
        days[on] = days[on] + totals if on in days else totals

    def _stored(self, row: Row) -> dict[str, Any]:
        sale, request = row.sale, self.requests[row.request]
        return {
            "merchant_id": request.merchant_id,
            "source": SOURCE,
            "sale_id": sale.sale_id,
            "version": sale.version,
            "row_id": row.row_id,
            "kind": sale.kind.value,
            "business_on": row.business_on,
            "occurred_at": sale.occurred_at,
            "amount": sale.amount,
            "net_amount": row.net,
            "refund_of": sale.refund_of,
            "detail_json": sales.detail(sale),
            "received_at": request.at,
        }


def lane(world: World) -> Lane[Request, Received]:
    """The ingest lane of this world."""

    async def run(tx: Tx, requests: list[Request]) -> list[Received | Exception]:
        known = await positions.load(tx, world, {request.merchant_id for request in requests})
        intake = _Intake(world, requests, known)
        intake.place()
        await intake.insert(tx)
        await intake.link(tx)
        intake.settle()
        judged = await _take(tx, world, intake)
        return intake.answer(judged)

    return Lane("sales", run)


async def _take(tx: Tx, world: World, intake: _Intake) -> dict[str, Judged]:
    """Days, positions, limits: what the rows changed, and the standing of merchants whose rows changed nothing."""
    now = world.clock.now()
    if intake.changes:
        await tx.many(sql.days.add, [
            _day(merchant_id, on, totals)
            for merchant_id, days in sorted(intake.changes.items()) for on, totals in sorted(days.items())
        ])  # fmt: skip
    before = {m: intake.known[m] for m in sorted({r.merchant_id for r in intake.requests}) if m in intake.known}
    moved: list[Position] = []
    late: list[Position] = []
    for merchant_id, position in before.items():
        changes = intake.changes.get(merchant_id)
        if not changes:
            moved.append(position)
            continue
        position, rescore = rules.record(position, changes, now)  # noqa: PLW2901
        (late if rescore else moved).append(position)
        if rescore:
            await repayments.true_up(tx, intake.known[merchant_id], changes)
    judged = await limits.judge(tx, world, [*moved, *scoring.score(world, late)], closing=False)
    rescored = {position.merchant_id for position in late}
    touched, changed = [], []
    for one in judged:
        position = one.position
        old = before[position.merchant_id]
        if one.written or position.merchant_id in rescored or position.closes_at != old.closes_at:
            changed.append(position)
        elif position.merchant_id in intake.changes:
            touched.append(position)
    await positions.save(tx, world, touched, changed)
    return {one.position.merchant_id: one for one in judged}


def _day(merchant_id: str, on: date, totals: Totals) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id,
        "business_on": on,
        "sales_amount": totals.sales_amount,
        "refunds_amount": totals.refunds_amount,
        "voids_amount": totals.voids_amount,
        "net_amount": totals.net_amount,
        "tickets_count": totals.tickets_count,
    }


def _refund_fault(sale: StoredSale) -> tuple[str, str]:
    if sale.kind is not SaleKind.sale:
        return "not_a_sale", "refund_of names a record that is no sale"
    left = sale.amount - sale.refunded_amount
    return "refund_above_sale", f"the sale has {left} left that could be given back"


def refused(received: Received) -> tuple[FieldError, ...]:
    """Row results as faults of the body, for a request of which nothing was taken."""
    return tuple(FieldError(f"/{row.index}", row.code, row.detail) for row in received.rejected)
