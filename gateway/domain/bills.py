"""What a shop owes and pays: suppliers' documents, tax returns, and the bills of utilities and the landlord.

Days are ordinals and amounts minor units. Supplier amounts come without tax where they meet net sales. What covers too
little time is None: a part is never taken for the whole.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gateway.domain.purchases import PurchaseKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MONTH, QUARTER, HALF_YEAR = 28, 90, 180
TERMS_DAYS = 30
"""When an invoice that names no due date is due."""
SILENT_DAYS = 45
"""After so long without any document, what a shop buys is not known any more."""
RETURN_DAYS = 200
"""A tax office that was last told something of longer ago tells us nothing."""
SLOT_DAYS = 30
"""Bills of several utilities that fall due within so many days count as one."""


class Document(NamedTuple):
    """A supplier's document or a payment to one; `source` and `id` together name it."""

    source: str
    id: str
    kind: PurchaseKind
    issued: int
    due: int | None
    amount: int
    tax_amount: int
    supplier: str | None
    refers_to: str | None


class Due(NamedTuple):
    """What fell due once: a tax return's tax, or a bill; `paid` is the day it was paid, None = not or not told."""

    start: int
    end: int
    due: int
    due_amount: int
    paid_amount: int
    paid: int | None


class Supplies(NamedTuple):
    """A shop's purchases: paid (with tax) and delivered (without) by day, and what is past due (without)."""

    paid: dict[int, int]
    delivered: dict[int, int]
    overdue_amount: int | None
    net_ratio: int
    """What is left of a document's amount without tax, in millionths."""
    first: int
    last: int

    def net(self, amount: int) -> int:
        """An amount with tax → without."""
        return amount * self.net_ratio // MILLION


MILLION = 1_000_000


def supplies(documents: Sequence[Document], as_of: int) -> Supplies | None:
    """What documents before `as_of` say; None where there are none."""
    known = [one for one in documents if one.issued < as_of]
    if not known:
        return None
    paid, delivered = defaultdict[int, int](int), defaultdict[int, int](int)
    gross = tax = 0
    for one in known:
        if one.kind is PurchaseKind.payment:
            paid[one.issued] += one.amount
        elif one.kind is not PurchaseKind.order:
            sign = 1 if one.kind is PurchaseKind.invoice else -1
            delivered[one.issued] += sign * (one.amount - one.tax_amount)
            gross, tax = gross + one.amount, tax + one.tax_amount
    share = MILLION if gross <= 0 else max(0, gross - tax) * MILLION // gross
    overdue = _overdue(known, as_of) * share // MILLION if paid else None
    days = [one.issued for one in known]
    return Supplies(dict(paid), dict(delivered), overdue, share, min(days), max(days))


def _overdue(known: Sequence[Document], as_of: int) -> int:
    """What invoices past due still ask for: less credit notes and payments, those that name one first."""
    invoices = {(one.source, one.id): one for one in known if one.kind is PurchaseKind.invoice}
    left = {key: one.amount for key, one in invoices.items()}
    billed: dict[tuple[str, str], tuple[str, str]] = {
        (one.source, one.refers_to): key for key, one in invoices.items() if one.refers_to is not None
    }
    free = defaultdict[str | None, int](int)
    for one in known:
        if one.kind is PurchaseKind.invoice or one.kind is PurchaseKind.order:
            continue
        if one.refers_to is None:
            free[one.supplier] += one.amount
            continue
        key = (one.source, one.refers_to)
        key = billed.get(key, key) if key not in left else key
        if key in left:
            left[key] -= one.amount
    due = sorted((_due(one), key) for key, one in invoices.items() if left[key] > 0)
    for _, key in (
        due if free else ()
    ):  # what names no invoice pays its supplier's oldest; no supplier either: anybody's
        for pool in dict.fromkeys((invoices[key].supplier, None)):
            spent = min(left[key], free[pool])
            left[key] -= spent
            free[pool] -= spent
    return sum(left[key] for on, key in due if on < as_of)


def _due(invoice: Document) -> int:
    return invoice.issued + TERMS_DAYS if invoice.due is None else invoice.due


def paid_90(made: Supplies, as_of: int, length: int) -> int | None:
    """Paid to suppliers in a quarter, or as much of it as the shop is known, without tax."""
    span = min(QUARTER, length)
    known = min(span, as_of - made.first)
    if not made.paid or known < MONTH or made.last < as_of - SILENT_DAYS:
        return None
    return made.net(within(made.paid, as_of - known, as_of)) * span // known


def delivered(made: Supplies, start: int, end: int, as_of: int) -> int | None:
    """What was delivered on the days from `start` to before `end`; None where they are not all known."""
    if not made.delivered or made.first > start or made.last < as_of - SILENT_DAYS:
        return None
    return within(made.delivered, start, end)


def within(days: Mapping[int, int], start: int, end: int) -> int:
    """The sum of the days from `start` to before `end`."""
    return sum(amount for on, amount in days.items() if start <= on < end)


def arrears_days(returns: Sequence[Due], as_of: int) -> int | None:
    """For how many days in a row some tax has been past due; None where no return is recent."""
    owed = sorted(
        (one.due + 1, as_of if one.paid is None or one.paid_amount < one.due_amount else min(one.paid, as_of))
        for one in returns
        if one.due + 1 < as_of and one.due_amount > 0 and not _settled(one)
    )
    since = None
    for start, end in reversed(owed):
        if end >= as_of or (since is not None and end >= since):
            since = start if since is None else min(since, start)
    if since is not None:
        return as_of - since
    return 0 if any(one.end >= as_of - RETURN_DAYS for one in returns) else None


def _settled(one: Due) -> bool:
    """Paid in time, or paid and nobody said when."""
    return one.paid_amount >= one.due_amount and (one.paid is None or one.paid <= one.due)


def late_count(bills: Iterable[Due], as_of: int) -> int | None:
    """In how many months of the last half-year a bill was paid late, or is; None where none fell due."""
    recent = [one for one in bills if as_of - HALF_YEAR <= one.due < as_of]
    if not recent:
        return None
    return len({(as_of - 1 - one.due) // SLOT_DAYS for one in recent if one.due_amount > 0 and not _settled(one)})


def daily(periods: Iterable[tuple[int, int, int]], start: int, end: int) -> dict[int, int]:
    """(first day, last day, amount) → amount a day, exactly, from `start` to before `end`.

    Of periods that overlap the shorter one counts.
    """
    days: dict[int, int] = {}
    for first, last, amount in sorted(periods, key=lambda one: (one[0] - one[1], one)):
        count = last - first + 1
        for on in range(max(first, start), min(last + 1, end)):
            number = on - first
            days[on] = amount * (number + 1) // count - amount * number // count
    return days


def joined(parts: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Several sums by day added up, on the days that all of them know."""
    if not parts:
        return {}
    common = set(parts[0]).intersection(*parts[1:])
    return {on: sum(part[on] for part in parts) for on in common}


def fixed_90(days: Mapping[int, int], as_of: int, length: int) -> int | None:
    """What a quarter costs, or as much of it as the shop is known, at the rate of the days that bills have come for."""
    span = min(QUARTER, length)
    for back in (QUARTER, HALF_YEAR):
        known = sum(1 for on in days if as_of - back <= on < as_of)
        if known >= MONTH:
            return within(days, as_of - back, as_of) * span // known
    return None


def beside(days: Mapping[int, int], sold: Mapping[int, int], start: int, end: int) -> int | None:
    """What a witness says of a window of sales; days it has not come to yet are like those it knows, for their sales.

    Tax returns and bills lag: so growth is compared on the days that both know.
    """
    known = [on for on in range(start, end) if on in days]
    beheld = sum(sold.get(on, 0) for on in known)
    if len(known) < MONTH or beheld <= 0:
        return None
    return sum(days[on] for on in known) * within(sold, start, end) // beheld
