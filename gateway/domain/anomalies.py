"""What looks invented in a merchant's sales: eight numbers, each 0 or small where nothing is odd, larger where it is.

Each compares the merchant's last two weeks (a quarter, for outside evidence) with its own earlier ones, in units of
its own spread, so that an erratic shop is not odd for being erratic. NaN = cannot be told, and never counts against
anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.domain.features import Histories

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

ANOMALY_FEATURES = (
    "ticket_shift",
    "day_spike",
    "level_shift",
    "round_share_shift",
    "closed_day_share",
    "sales_to_purchases",
    "sales_to_tax",
    "sales_to_utility",
)
# Amounts in minor units, NaN = not known: a quarter (90 days) and the quarter before.
FACTS = (
    "purchases_90_amount",
    "purchases_before_90_amount",
    "taxed_90_amount",  # sales declared to the tax office
    "taxed_before_90_amount",
    "utility_90_amount",
    "utility_before_90_amount",
)

FORTNIGHTS = 13  # compared: the last one with those before
LEAST = 4  # known fortnights before it
CEILING = 50.0
TICKET_SPREAD, SPIKE_SPREAD, LEVEL_SPREAD, ROUND_SPREAD = 0.05, 0.15, 0.1, 0.02  # the least that counts as usual
CLOSED_WEEKS = 20
HALF_YEAR = 180
OFTEN = 0.6  # of the weeks: who trades more rarely on its open weekdays has no shut ones to speak of


class Witness(NamedTuple):
    """What else n merchants' rows and others say; aligned as `Histories` are."""

    round_tickets: Ints  # (n, days) tickets of a round amount
    rounds_known: Bools  # (n,)
    facts: Floats  # (n, len(FACTS))


def unheard(count: int, days: int) -> Witness:
    """Merchants of whom only daily sales and ticket counts are known."""
    unknown = np.full((count, len(FACTS)), np.nan)
    return Witness(np.zeros((count, days), np.int64), np.zeros(count, bool), unknown)


def anomaly_features(histories: Histories, witness: Witness) -> NDArray[np.float32]:
    """(n, 8) float32 in the order of ANOMALY_FEATURES."""
    net, tickets = np.maximum(histories.net, 0), np.maximum(histories.tickets, 0)
    sold, count = _fortnights(net).sum(axis=2), _fortnights(tickets).sum(axis=2)
    known = _known(histories.length)
    facts = dict(zip(FACTS, witness.facts.T, strict=True))
    columns = [
        _odd(_log_ratio(sold, count), known & (count > 0) & (sold > 0), TICKET_SPREAD, both=True),
        _odd(*_spikes(net, known), SPIKE_SPREAD),
        _odd(_log_ratio(sold, np.ones_like(sold)), known & (sold > 0), LEVEL_SPREAD),
        _rounds(witness, count, known),
        _on_closed_days(net, histories.length),
        *(_against(net, histories.length, facts, name) for name in ("purchases", "taxed", "utility")),
    ]
    return np.minimum(np.maximum(np.stack(columns, axis=1), 0.0), CEILING).astype(np.float32)


def _fortnights(days: Ints) -> Ints:
    return days[:, -14 * FORTNIGHTS :].reshape(len(days), FORTNIGHTS, 14)


def _known(length: Ints) -> Bools:
    return np.arange(FORTNIGHTS, 0, -1) * 14 <= length[:, None]


def _log_ratio(top: Ints, bottom: Ints) -> Floats:
    return np.log(np.maximum(top, 1) / np.maximum(bottom, 1))


def _median(values: Floats, known: Bools) -> Floats:
    """(n,) median over the known of each row; NaN with fewer than LEAST."""
    ranked = np.sort(np.where(known, values, np.inf), axis=1)
    count = known.sum(axis=1)
    low = np.take_along_axis(ranked, np.maximum((count - 1) // 2, 0)[:, None], 1)[:, 0]
    high = np.take_along_axis(ranked, np.minimum(count // 2, values.shape[1] - 1)[:, None], 1)[:, 0]
    enough = count >= LEAST
    return np.where(enough, (np.where(enough, low, 0) + np.where(enough, high, 0)) / 2, np.nan)


def _odd(values: Floats, known: Bools, least: float, *, both: bool = False) -> Floats:
    """How far the last value is above those before (or away, `both`): from their median, in robust deviations."""
    before, sure = values[:, :-1], known[:, :-1]
    middle = _median(before, sure)
    spread = 1.4826 * _median(np.abs(before - np.nan_to_num(middle)[:, None]), sure)
    away = (values[:, -1] - middle) / np.maximum(spread, least)
    return np.where(known[:, -1], np.abs(away) if both else away, np.nan)


def _spikes(net: Ints, known: Bools) -> tuple[Floats, Bools]:
    """The largest day of each fortnight against its median trading day."""
    days = _fortnights(net).astype(np.float64)
    trading = days > 0
    usual = _median(days.reshape(-1, 14), trading.reshape(-1, 14)).reshape(days.shape[:2])
    sure = known & ~np.isnan(usual)
    return np.log(np.maximum(days.max(axis=2), 1) / np.maximum(np.where(sure, usual, 1), 1)), sure


def _rounds(witness: Witness, count: Ints, known: Bools) -> Floats:
    """The share of round tickets in the last fortnight against the earlier share, in its own sampling error."""
    rounds = _fortnights(witness.round_tickets).sum(axis=2)
    earlier = np.where(known[:, :-1], count[:, :-1], 0).sum(axis=1)
    usual = (np.where(known[:, :-1], rounds[:, :-1], 0).sum(axis=1) + 1) / (earlier + 4)
    now = rounds[:, -1] / np.maximum(count[:, -1], 1)
    error = np.sqrt(usual * (1 - usual) / np.maximum(count[:, -1], 1) + ROUND_SPREAD**2)
    told = witness.rounds_known & (earlier > 0) & (count[:, -1] > 0)
    return np.where(told, (now - usual) / error, np.nan)


def _on_closed_days(net: Ints, length: Ints) -> Floats:
    """The share of the last fortnight's sales made on weekdays on which the shop is otherwise shut."""
    weeks = net[:, -7 * (CLOSED_WEEKS + 2) :].reshape(len(net), CLOSED_WEEKS + 2, 7)
    trades = (weeks[:, :-2] > 0).sum(axis=1)
    shut = trades <= 1
    steady = np.where(shut, 0, trades).sum(axis=1) >= OFTEN * CLOSED_WEEKS * np.maximum((~shut).sum(axis=1), 1)
    total = weeks[:, -2:].sum(axis=(1, 2))
    share = np.full(total.shape, np.nan)
    some = (length >= 7 * (CLOSED_WEEKS + 2)) & (total > 0) & steady
    np.divide((weeks[:, -2:].sum(axis=1) * shut).sum(axis=1), total, out=share, where=some)
    return share


def _against(net: Ints, length: Ints, facts: dict[str, Floats], name: str) -> Floats:
    """ln of how far sales grew beyond what an outside witness saw grow, a quarter against the one before."""
    now, before = facts[f"{name}_90_amount"], facts[f"{name}_before_90_amount"]
    sold, earlier = net[:, -90:].sum(axis=1), net[:, -180:-90].sum(axis=1)
    told = (length >= HALF_YEAR) & (sold > 0) & (earlier > 0) & (np.fmin(now, before) > 0)
    ratio = np.ones(len(net))
    np.divide(sold * before, earlier * now, out=ratio, where=told)
    return np.where(told, np.log(ratio), np.nan)
