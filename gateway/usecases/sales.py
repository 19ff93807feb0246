"""Take in sales: the hot path. The rows of all waiting requests go in together and each is answered by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import positions as rules
from gateway.domain import sales
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import Datatype
from gateway.domain.errors import NotFound
from gateway.domain.records import Records
from gateway.domain.rights import Caller
from gateway.domain.sales import BadSale, NewSale, SaleKind, Totals
from gateway.domain.sources import PARTNER
from gateway.store import Lane, Stale, sql
from gateway.usecases import limits, positions, repayments, sale_rows, scoring, tellings
from gateway.usecases.baskets import Baskets, Key
from gateway.usecases.leading import Leads
from gateway.usecases.limits import Judged
from gateway.usecases.sale_rows import HeldRecord, Row, Teller
from gateway.usecases.tellings import Aside, RowResult, Telling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gateway.domain.grants import Grant
    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.world import World


class Received(msgspec.Struct, frozen=True):
    """What became of one request's rows, and where the merchant stands after them."""

    accepted: int
    duplicates: int
    rejected: tuple[RowResult, ...]
    judged: Judged


class Request(msgspec.Struct, frozen=True):
    """One request's rows for one merchant; `caller` None = by the gateway itself, under any consent to it."""

    merchant_id: str
    caller: Caller | None
    rows: Sequence[NewSale]
    at: datetime
    source: str = PARTNER


class _Intake:
    """One merged run over many requests."""

    def __init__(self, world: World, requests: Sequence[Request], known: dict[str, Position]) -> None:
        self.world, self.requests, self.known = world, requests, known
        self.counts = [[0, 0] for _ in requests]
        self.rejected: dict[int, list[RowResult]] = defaultdict(list)
        self.refused: dict[int, Exception] = {}
        """Requests of which nothing is taken: no such merchant, or no consent to it."""
        self.changes: dict[str, dict[date, Totals]] = {}
        """What each merchant's days gained; a merchant whose records changed at all is in here."""
        self.baskets = Baskets()
        self.leads = Leads(known)
        self.aside = Aside()

    def _permitted(self, number: int, now: datetime) -> Grant | None:
        """The consent a request's rows come in under, asked of the very position they are added to."""
        request = self.requests[number]
        position = self.known.get(request.merchant_id)
        try:
            return positions.permit_push(position, request.caller, Datatype.sales, now)
        except (NotFound, ConsentRequired) as refusal:
            self.refused[number] = refusal
            return None

    def place(self) -> list[Row]:
        """Each row with its day and an id, merchants in order; rows no shop could have sold are set aside."""
        now, batch = self.world.clock.now(), self.world.ids.new("request")
        rows: list[Row] = []
        for number in sorted(range(len(self.requests)), key=lambda n: self.requests[n].merchant_id):
            request, grant = self.requests[number], self._permitted(number, now)
            if grant is None:
                continue
            position = self.known[request.merchant_id]
            oldest = position.today(now) - timedelta(days=grant.lookback_days(Datatype.sales, now.date()))
            too_old = BadSale("beyond_consent", f"The merchant's consent reaches back to {oldest}")
            first = len(rows)
            for index, sale in enumerate(request.rows):
                try:
                    on = sales.place(sale, position.currency, position.timezone, position.day_cutoff, now)
                except BadSale as bad:
                    self._reject(number, index, bad)
                    continue
                if on < oldest:
                    self._reject(number, index, too_old)
                else:
                    rows.append(
                        Row(number, index, request.merchant_id, request.source, sale, on, f"{batch}.{len(rows)}")
                    )
            self.leads.claim(request.merchant_id, request.source, [row.business_on for row in rows[first:]])
        return rows

    async def take(self, tx: Tx, rows: list[Row]) -> None:
        """Store the rows. All at once where each stands for itself; one after another where one bears on another."""
        alone, entangled = sale_rows.sorted_out(rows)
        if alone and await tx.many(sql.sales.insert, map(self._stored, alone)) == len(alone):
            self._count(alone)
        else:
            entangled += alone
        if entangled:
            await self._take_in_turn(tx, entangled)

    def _count(self, rows: list[Row]) -> None:
        """Rows that are new: sales are summed as plain numbers first, since a day of a batch holds hundreds."""
        sold: dict[tuple[str, date], list[int]] = {}
        for row in rows:
            self.counts[row.request][0] += 1
            net = sales.net_amount(row.sale)
            if not self._counts(row, row.business_on):
                self._add(row, row.business_on, sales.totals(row.sale.kind, net))
                continue
            if row.sale.lines is not None or row.sale.customer_ref is not None:
                self.baskets.add(row.merchant_id, row.business_on, row.sale)
            if row.sale.kind is SaleKind.sale:
                sums = sold.setdefault((row.merchant_id, row.business_on), [0, 0])
                sums[0] += net
                sums[1] += 1
            else:
                self._add(row, row.business_on, sales.totals(row.sale.kind, net))
        for (merchant_id, on), (net, count) in sold.items():
            self._gain(merchant_id, on, Totals(sales_amount=net, tickets_count=count))

    async def _take_in_turn(self, tx: Tx, rows: list[Row]) -> None:
        keys = {row.key for row in rows}
        keys |= {(row.merchant_id, row.source, row.sale.refund_of) for row in rows if row.sale.refund_of is not None}
        found = await tx.all(sql.sales.held, HeldRecord, keys_json=sorted(keys))
        stored: dict[Teller, list[HeldRecord]] = {(row.merchant_id, row.source): [] for row in rows}
        for record in found:
            stored[record.merchant_id, record.source].append(record)
        records = {teller: Records(held) for teller, held in stored.items()}
        sent = {row.row_id: row.sale for row in rows}
        await self.baskets.look_up(tx, sale_rows.corrected(rows, records, sent))
        for row in rows:
            held = records[row.merchant_id, row.source]
            before = held.by_id.get(row.sale.sale_id)
            try:
                change = held.take(row.sale, row.business_on, row.row_id)
            except BadSale as bad:
                self._reject(row.request, row.index, bad)
                continue
            self.counts[row.request][0 if change.taken else 1] += 1
            for on, totals in change.days:
                self._add(row, on, totals)
            if not change.taken:
                continue
            if before is not None and before.row_id != row.row_id and self._counts(row, before.business_on):
                self.baskets.take_back(row.key, before, sent.get(before.row_id))
            if self._counts(row, row.business_on):
                self.baskets.add(row.merchant_id, row.business_on, row.sale)
        for merchant_id in {row.merchant_id for row in rows} & self.changes.keys():  # counted in and out again
            days = self.changes[merchant_id]
            self.changes[merchant_id] = {on: totals for on, totals in days.items() if totals != Totals()}
        await self._write(tx, records, {record.key for record in found}, {row.row_id: row for row in rows})

    async def _write(self, tx: Tx, records: dict[Teller, Records], stored: set[Key], rows: dict[str, Row]) -> None:
        """What the rows made of the records. Raises Stale when others changed one meanwhile."""
        added: list[dict[str, Any]] = []
        corrected: list[dict[str, Any]] = []
        refunded: list[dict[str, Any]] = []
        for (merchant_id, source), held in records.items():
            for record in map(held.by_id.__getitem__, held.changed):
                row = rows.get(record.row_id)
                if row is not None:
                    known = (merchant_id, source, record.sale_id) in stored
                    (corrected if known else added).append(self._stored(row) | sale_rows.columns(record))
                if record.refunded_amount:
                    refunded.append({"merchant_id": merchant_id, "source": source} | sale_rows.columns(record))
        written = await tx.many(sql.sales.insert, added)
        written += await tx.many(sql.sales.refunded, refunded)
        written += await tx.many(sql.sales.correct, corrected)
        if written != len(added) + len(refunded) + len(corrected):
            raise Stale("a record changed underneath")

    def answer(self, judged: dict[str, Judged]) -> list[Received | Exception]:
        """One answer a request, in order."""
        return [
            self.refused.get(number)
            or Received(
                self.counts[number][0],
                self.counts[number][1],
                tuple(self.rejected.get(number, ())),
                judged[request.merchant_id],
            )
            for number, request in enumerate(self.requests)
        ]

    def tellings(self, late: Collection[str]) -> Iterator[Telling]:
        """What is worth keeping of how it went: nothing of a request whose rows are all new and count.

        `late` are the merchants whose closed days changed.
        """
        for number, request in enumerate(self.requests):
            _, duplicates = self.counts[number]
            rejects = tuple(self.rejected.get(number, ()))
            aside = self.aside.told(request.merchant_id, request.source)
            if number in self.refused or not (rejects or duplicates or aside or request.merchant_id in late):
                continue
            closed = self.known[request.merchant_id].history if request.merchant_id in late else None
            changed = self.changes.get(request.merchant_id, {}).items()
            yield Telling(
                request.merchant_id, request.source, Datatype.sales, request.at,
                duplicates_count=duplicates, rejects=rejects,
                late_count=sum(t.tickets_count for on, t in changed if closed and on <= closed.through_on),
                first_on=min(aside, default=None), last_on=max(aside, default=None),
            )  # fmt: skip

    def _counts(self, row: Row, on: date) -> bool:
        return self.leads.counts(row.merchant_id, row.source, on)

    def _reject(self, request: int, index: int, bad: BadSale) -> None:
        self.rejected[request].append(RowResult(index, bad.reason, bad.detail))

    def _add(self, row: Row, on: date, totals: Totals) -> None:
        if self._counts(row, on):
            self._gain(row.merchant_id, on, totals)
        else:
            self.aside.add(row.merchant_id, row.source, on, totals)

    def _gain(self, merchant_id: str, on: date, totals: Totals) -> None:
        days = self.changes.setdefault(merchant_id, {})
        days[on] = days[on] + totals if on in days else totals

    def _stored(self, row: Row) -> dict[str, Any]:
        sale = row.sale
        return {
            "merchant_id": row.merchant_id,
            "source": row.source,
            "sale_id": sale.sale_id,
            "version": sale.version,
            "row_id": row.row_id,
            "kind": sale.kind.value,
            "business_on": row.business_on,
            "occurred_at": sale.occurred_at,
            "amount": sale.amount,
            "net_amount": sales.net_amount(sale),
            "refund_of": sale.refund_of,
            "detail_json": sales.detail(sale),
            "received_at": self.requests[row.request].at,
        }


def lane(world: World) -> Lane[Request, Received]:
    """The ingest lane of this world."""

    async def run(tx: Tx, requests: list[Request]) -> list[Received | Exception]:
        known = await positions.load(tx, world, {request.merchant_id for request in requests}, held=True)
        intake = _Intake(world, requests, known)
        await intake.take(tx, intake.place())
        return intake.answer(await _look(tx, world, intake))

    return Lane("sales", run)


async def _look(tx: Tx, world: World, intake: _Intake) -> dict[str, Judged]:
    """Days, positions, limits: what the rows changed, and the standing of merchants whose records did not change."""
    moved, late, calm = await _record(tx, world, intake)
    judged = await limits.judge(tx, world, [*moved, *await scoring.score_day(tx, world, late)], closing=False)
    rescored = {position.merchant_id for position in late}
    touched: list[Position] = []
    changed: list[Position] = []
    for one in judged:
        position, before = one.position, intake.known[one.position.merchant_id]
        whole = (
            one.written
            or position.merchant_id in rescored
            or position.scores is not before.scores
            or position.closes_at != before.closes_at
            or position.leads is not before.leads
        )
        (changed if whole else touched).append(position)
    await positions.save(tx, world, touched, changed)
    judged += await limits.look(tx, world, calm)
    return {one.position.merchant_id: one for one in judged}


async def _record(tx: Tx, world: World, intake: _Intake) -> tuple[list[Position], list[Position], list[Position]]:
    """Positions that gained on open days, those whose closed days changed, and those that stay as they are."""
    now = world.clock.now()
    moved: list[Position] = []
    late: list[Position] = []
    calm: list[Position] = []
    taken = {request.merchant_id for number, request in enumerate(intake.requests) if number not in intake.refused}
    for merchant_id in sorted(taken):
        before, changes = intake.known[merchant_id], intake.changes.get(merchant_id)
        if changes is None:
            calm.append(before)
            continue
        after, rescore = rules.record(intake.leads.applied(before), changes, now)
        (late if rescore else moved).append(after)
        if rescore:
            await repayments.true_up(tx, before, changes)
    await tx.many(sql.days.add, [
        _day(merchant_id, on, totals)
        for merchant_id, days in sorted(intake.changes.items()) for on, totals in sorted(days.items())
    ])  # fmt: skip
    await intake.baskets.write(tx)
    await intake.aside.write(tx)
    await tellings.note(tx, intake.tellings({one.merchant_id for one in late}))
    return moved, late, calm


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
