"""Hold the banks' statements against what we did: a report a day, and an alert for every gap, older ones louder.

Two kinds of gap: what a statement shows and nothing of ours explains, and what we know of and no statement shows. A
statement that is missing, whose balances do not follow, or that never comes is found too.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import bank_statements as rules
from gateway.domain import calendars
from gateway.domain.alerts import Alert, Severity
from gateway.domain.bank_statements import BankStatement, Day, DayReport, Stated, StatementEntry
from gateway.store import sql
from gateway.usecases import alerts

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

NAME = "reconciliation"
LOOK_BACK = timedelta(days=35)
PAGE_COUNT = 500
Facts = dict[str, str | int | None]
"""What a gap rests on: ids, codes, dates and amounts in minor units."""


class Gap(msgspec.Struct, frozen=True):
    """Something that bank and books do not agree on: what kind, about what, since when, and the figures."""

    kind: str
    subject: str
    bank_id: str
    since_on: date
    evidence: Facts


KINDS = ("bank_silent", "entry_not_stated", "entry_unmatched", "statement_difference", "statement_missing")


async def report(reader: Reader, bank_id: str, on: date) -> list[DayReport]:
    """A bank's day, a report for each currency in which it stated or we instructed anything."""
    statements = await reader.all(sql.bank_statements.of_day, BankStatement, bank_id=bank_id, on=on)
    midnight = datetime.combine(on, time(), UTC)
    sent: defaultdict[str, dict[str, int]] = defaultdict(dict)
    until_at = midnight + timedelta(days=1)
    rows = await reader.all(sql.bank_statements.instructed, bank_id=bank_id, from_at=midnight, until_at=until_at)
    for currency, kind, amount in rows:
        sent[currency][kind] = amount
    reports = []
    for currency in sorted(sent.keys() | {one.currency for one in statements}):
        of_it = [one for one in statements if one.currency == currency]
        keys = [one.key for one in of_it]
        rows = await reader.all(sql.bank_statements.stated, bank_id=bank_id, keys_json=keys, currency=currency)
        stated = [Stated(*row) for row in rows]
        reports.append(rules.report(Day(bank_id, on, currency), of_it, stated, sent[currency]))
    return reports


async def banks(reader: Reader) -> list[str]:
    """Every bank that was instructed or that stated anything."""
    return [bank_id for (bank_id,) in await reader.all(sql.bank_statements.banks)]


async def gaps(reader: Reader, now: datetime) -> list[Gap]:
    """Everything that does not agree now, oldest first."""
    found = await _unmatched(reader)
    for bank_id in await banks(reader):
        statements = await reader.all(
            sql.bank_statements.since, BankStatement, bank_id=bank_id, from_on=(now - LOOK_BACK).date()
        )
        found += await _not_stated(reader, bank_id, statements)
        found += _missing(bank_id, statements)
        for on in sorted({one.through_on for one in statements}):
            found += [_difference(one) for one in await report(reader, bank_id, on) if one.difference_amount]
        found += await _silent(reader, bank_id, now)
    return sorted(found, key=lambda gap: (gap.since_on, gap.kind, gap.subject))


async def sweep(world: World) -> int:
    """Look for gaps once a night: open an alert for each, close those of gaps that are gone; 1 when it was done."""
    now = world.clock.now()
    on = calendars.night_on(now)
    done = await world.store.one(sql.cohorts.night, name=NAME)
    if done is not None and done[0] >= on.isoformat():
        return 0
    found = {(gap.kind, gap.subject): gap for gap in await gaps(world.store, now)}

    async def unit(tx: Tx) -> None:
        await tx.run(sql.cohorts.end_night, name=NAME, done_on=on)
        for kind in KINDS:
            for alert in await tx.all(sql.alerts.open_of, Alert, kind=kind, after="", limit=PAGE_COUNT):
                gap = found.get((kind, alert.subject))
                if gap is None or alert.severity is not _severity(gap, on):
                    await alerts.close(tx, world, kind, alert.subject)
        for gap in found.values():
            evidence = {"bank_id": gap.bank_id, "since_on": gap.since_on.isoformat(), **gap.evidence}
            await alerts.start(tx, world, gap.kind, gap.subject, severity=_severity(gap, on), evidence=evidence)

    await world.store.write(unit)
    return 1


def _severity(gap: Gap, on: date) -> Severity:
    return Severity.critical if on - gap.since_on >= rules.CRITICAL else Severity.warning


async def _unmatched(reader: Reader) -> list[Gap]:
    entries = await reader.all(sql.bank_statements.unmatched, StatementEntry, after="", limit=PAGE_COUNT)
    return [_of_entry("entry_unmatched", entry) for entry in entries]


async def _not_stated(reader: Reader, bank_id: str, statements: list[BankStatement]) -> list[Gap]:
    """Entries that only a notification told of, though the statement of their day is there."""
    if not statements:
        return []
    through_on = max(one.through_on for one in statements)
    entries = await reader.all(sql.bank_statements.not_stated, StatementEntry, bank_id=bank_id, through_on=through_on)
    first_on = min(one.from_on for one in statements)
    return [_of_entry("entry_not_stated", entry) for entry in entries if entry.booked_on >= first_on]


def _of_entry(kind: str, entry: StatementEntry) -> Gap:
    evidence: dict[str, str | int | None] = {
        "amount": entry.amount,
        "currency": entry.currency,
        "booked_on": entry.booked_on.isoformat(),
    }
    return Gap(kind, entry.id, entry.bank_id, entry.told_at.date(), evidence)


def _missing(bank_id: str, statements: list[BankStatement]) -> list[Gap]:
    by_currency: defaultdict[str, list[BankStatement]] = defaultdict(list)
    for one in statements:
        by_currency[one.currency].append(one)
    return [
        Gap(
            "statement_missing", f"{bank_id}:{currency}:{after.through_on}".lower(), bank_id, after.received_at.date(),
            {"closed_with": before.closing_amount, "opened_with": after.opening_amount, "currency": currency},
        )
        for currency, of_it in sorted(by_currency.items())
        for before, after in rules.gaps(of_it)
    ]  # fmt: skip


def _difference(day: DayReport) -> Gap:
    subject = f"{day.bank_id}:{day.currency}:{day.on}".lower()
    evidence = {"difference_amount": day.difference_amount, "currency": day.currency}
    return Gap("statement_difference", subject, day.bank_id, day.on, evidence)


async def _silent(reader: Reader, bank_id: str, now: datetime) -> list[Gap]:
    """Payments are on their way, and no statement came for longer than a long week-end."""
    row = await reader.one(sql.bank_statements.waiting, bank_id=bank_id)
    last = await reader.one(sql.bank_statements.last, bank_id=bank_id)
    if row is None or row[0] is None:
        return []
    since = max(_instant(row[0]), _instant(0 if last is None else last[1]))
    if now - since < rules.SILENT:
        return []
    return [Gap("bank_silent", bank_id, bank_id, since.date(), {"last_statement": None if last is None else last[0]})]


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
