"""Sources: where a merchant's records come from, how far each is trusted, and whose word counts on which day.

Two sources may tell of the same sales (a till and the export of its own bookkeeping), under ids that nobody can match.
So each business day counts the sales of one source alone, the one that leads it; the others' are kept and compared,
and never added. Who tells first leads, and goes on to lead while it speaks:

- days that nobody leads yet, before the first one, belong to whoever tells of them first;
- where a file led (an export, a form), a live source takes over on the first day of which the file says nothing;
- where the leading source has been silent for `PATIENCE`, another one takes over from the day it tells of.

So a shop that changes its till, or imports its past and then goes live, loses nothing, and a second source never
counts twice: at worst the days of a take-over within `PATIENCE` count too little until then.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTNER = "partner"
"""What a partner's own software pushes."""
HAND = "hand"
"""What a person typed in."""
BANK = "bank"
"""What the bank itself knows."""

FILED = frozenset({HAND, "csv", "saft", "ubl", "camt053"})
"""Sources that tell of the past when somebody hands them in; all others tell of what happens."""
TIERS = {
    "square": Tier.settled,
    "shopify": Tier.settled,
    "stripe": Tier.settled,
    "camt053": Tier.bank_matched,
    BANK: Tier.bank_matched,
}
"""What is known of a source whoever the partner is; platforms sign what they processed themselves."""
TRUST = (Tier.declared, Tier.settled, Tier.bank_matched)
"""From the least to the most."""
PATIENCE = timedelta(days=3)


class Lead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`source` leads from the business day `from_on` until the next one does."""

    source: str
    from_on: date


def kind(source: str) -> str:
    """`csv:meituan` → `csv`: what a source is, without which one of them."""
    return source.partition(":")[0]


def tier(source: str, partner: Tier) -> Tier:
    """How far a source is trusted, where what the partner itself pushes is trusted as far as `partner`."""
    return partner if source == PARTNER else TIERS.get(kind(source), Tier.declared)


def supports(source: str, partner: Tier, sales: Tier) -> bool:
    """Whether what a source tells beside sales may lower the risk of a shop whose sales are trusted as far as `sales`.

    Not what a person typed, and nothing that is trusted less than the sales, unless it settled: policy gives a tier its
    best grade, and a better one must not come in by the back door.
    """
    least = min(TRUST.index(sales), TRUST.index(Tier.settled))
    return kind(source) != HAND and TRUST.index(tier(source, partner)) >= least


def leads(spans: Sequence[Lead], source: str, on: date) -> bool:
    """Whether the sales of `source` are what counts on a business day."""
    at = _at(spans, on)
    return at >= 0 and spans[at].source == source


def claimed(
    spans: tuple[Lead, ...], source: str, on: date, told: Callable[[date, date | None], bool]
) -> tuple[Lead, ...]:
    """Who leads once `source` has told of a day; see the module.

    `told(first, end)` says whether sales count on any day from `first` on, before `end` where there is one.
    """
    at = _at(spans, on)
    if at >= 0 and spans[at].source == source:
        return spans
    later = spans[at + 1 :]
    if later and later[0].source == source:
        free = at < 0 or not told(on, later[0].from_on)
        return (*spans[: at + 1], Lead(source, on), *later[1:]) if free else spans
    if at < 0:
        return (Lead(source, on), *spans)
    patience = timedelta() if kind(spans[at].source) in FILED and kind(source) not in FILED else PATIENCE
    if not later and not told(on - min(patience, on - date.min), None):
        return (*spans, Lead(source, on))
    return spans


def _at(spans: Sequence[Lead], on: date) -> int:
    """The place of the one that leads on a day; -1 before the first."""
    return next((at for at in range(len(spans) - 1, -1, -1) if spans[at].from_on <= on), -1)


def trusted(spans: Sequence[Lead], partner: Tier, nets: Callable[[date, date | None], int], since_on: date) -> Tier:
    """The tier that most of the net sales since `since_on` came with, the lower one of two alike.

    `nets(first, end)` is what the days from `first` on, before `end`, are worth.
    """
    if len(spans) < 2:  # noqa: PLR2004 - one source: the same whatever was sold
        return tier(spans[0].source, partner) if spans else partner
    sums = dict.fromkeys(TRUST, 0)
    for at, one in enumerate(spans):
        end = spans[at + 1].from_on if at + 1 < len(spans) else None
        if end is None or end > since_on:
            sums[tier(one.source, partner)] += nets(max(one.from_on, since_on), end)
    most = max(sums.values())
    if most <= 0:
        return tier(spans[-1].source, partner)
    return next(found for found in TRUST if sums[found] == most)
