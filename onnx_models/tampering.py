"""Honest and tampered till records of simulated merchants, for the anomaly model: what each kind of lie leaves behind.

Outside witnesses (purchases, tax returns, electricity) follow what was really sold, with noise and lags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import anomalies as a
from gateway.domain import features as f
from onnx_models import metrics, samples
from onnx_models import parameters as p

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

KINDS = ("ticket", "rounding", "spikes", "closed_days", "inflation")


class Till(NamedTuple):
    """n merchants at their own day: what their till says, and what witnesses do."""

    past: f.Histories
    witness: a.Witness


def honest(one: samples.Chunk, rng: Generator) -> Till:
    """One random day of each merchant who has traded lately and for more than half a year."""
    count = len(one.shops.ticket)
    day = rng.integers(260, p.DAYS, count)
    length = day - one.shops.known
    past = samples._histories(one, day, np.maximum(length, 1))  # noqa: SLF001 - the same window as every sample's
    lately = (past.net[:, -28:] > 0).sum(axis=1) >= samples.LEAST_ACTIVE
    which = np.flatnonzero((length >= 190) & lately & (one.lives.closed >= day))
    some = f.Histories(*(item[which] for item in past))
    habit = rng.beta(1.2, 8, len(which))
    rounds = rng.binomial(np.maximum(some.tickets, 0), habit[:, None])
    witness = a.Witness(rounds, np.ones(len(which), bool), _witnesses(one, rng, day, which, some))
    return Till(some, witness)


def tampered(till: Till, kind: str, rng: Generator) -> Till:
    """The same merchants, each of whom has done `kind` for some time before their day."""
    past, witness = till
    count, days = past.net.shape
    lasts = np.arange(days, 0, -1) <= rng.integers(10, 22, (count, 1))
    if kind == "ticket":
        factor = np.where(lasts, rng.uniform(*p.TICKET_LIE, (count, 1)), 1.0)
        return Till(past._replace(net=_whole(past.net * factor)), witness)
    if kind == "rounding":
        share = rng.uniform(*p.ROUND_LIE, (count, 1))
        more = rng.binomial(np.maximum(past.tickets - witness.round_tickets, 0), np.broadcast_to(share, lasts.shape))
        return Till(past, witness._replace(round_tickets=witness.round_tickets + more * lasts))
    if kind == "spikes":
        big = (np.arange(days, 0, -1) <= 12) & (rng.random((count, days)) < 0.2)
        big[:, -3] |= ~big.any(axis=1)
        usual = _usual_day(past)[:, None] * rng.uniform(*p.SPIKE_LIE, (count, 1))
        added = np.where(big, usual * rng.uniform(0.8, 1.25, (count, days)), 0)
        return Till(_sold_more(past, added), witness)
    if kind == "closed_days":
        shut = (past.net[:, -154:-14].reshape(count, 20, 7) > 0).sum(axis=1) <= 1
        quiet = np.tile(shut, (1, 2)) * _usual_day(past)[:, None] * rng.uniform(0.5, 1.2, (count, 14))
        return Till(_sold_more(past, np.concatenate([np.zeros((count, days - 14)), quiet], axis=1)), witness)
    grown = np.where(np.arange(days, 0, -1) <= 90, rng.uniform(*p.INFLATION, (count, 1)), 1.0)
    return Till(past._replace(net=_whole(past.net * grown), tickets=_whole(past.tickets * grown)), witness)


def features(till: Till) -> NDArray[np.float32]:
    """What the anomaly model sees of them."""
    return a.anomaly_features(till.past, till.witness)


def silenced(till: Till, keep: tuple[str, ...]) -> Till:
    """The same with only those outside witnesses whose name begins with one of `keep`."""
    facts = till.witness.facts.copy()
    for column, name in enumerate(a.FACTS):
        if not name.startswith(keep):
            facts[:, column] = np.nan
    return Till(till.past, till.witness._replace(facts=facts))


def figures(score: Callable[[NDArray[np.float32]], Floats], till: Till, rng: Generator) -> dict[str, float]:
    """By `score` (features → scores): alerts on the honest; for each lie the AUC against them and the share caught."""
    count = len(till.past.net)
    clean = score(features(till))
    found = {"merchants": count, "alert_rate_clean": round(float((clean >= 1).mean()), 4)}
    witnesses = {"": ("purchases", "taxed", "utility")}
    for kind in KINDS:
        lied = tampered(till, kind, rng)
        # A lie that changed nothing is none: a shop that never closes cannot trade on closed days.
        changed = (lied.past.net != till.past.net).any(axis=1) | (kind == "rounding")
        sources = {f" ({name})": (name,) for name in witnesses[""]} if kind == "inflation" else witnesses
        for label, keep in sources.items():
            bad = score(features(silenced(lied, keep))[changed])
            good = score(features(silenced(till, keep)))
            happened = np.arange(len(good) + len(bad)) >= len(good)
            found[f"auc {kind}{label}"] = round(metrics.auc(happened, np.concatenate([good, bad])), 4)
            found[f"caught {kind}{label}"] = round(float((bad >= 1).mean()), 4)
    return found


def _witnesses(one: samples.Chunk, rng: Generator, day: Ints, which: Ints, past: f.Histories) -> Floats:
    """(n, len(FACTS)) purchases as delivered, sales as declared, electricity that follows sales only in part."""
    at = day[which]
    goods = one.records.goods
    bought = [goods[at - 1 - skip, which] - goods[at - 91 - skip, which] for skip in (0, 90)]
    sold = [past.net[:, -90:].sum(axis=1), past.net[:, -180:-90].sum(axis=1)]
    mean = np.maximum(past.net[:, -180:].sum(axis=1) / 2, 1)
    power = [0.02 * mean * (0.7 + 0.3 * item / mean) for item in sold]
    exact = np.stack([*bought, *sold, *power], axis=1)
    noise = np.array([0.1, 0.1, 0.03, 0.03, 0.1, 0.1])
    return np.asarray(np.rint(exact * np.exp(noise * rng.standard_normal(exact.shape))))


def _usual_day(past: f.Histories) -> Floats:
    """Mean sales of a trading day within 180."""
    recent = np.maximum(past.net[:, -180:], 0)
    return np.asarray(recent.sum(axis=1) / np.maximum((recent > 0).sum(axis=1), 1))


def _sold_more(past: f.Histories, added: Floats) -> f.Histories:
    """Invented sales of ordinary tickets."""
    ticket = np.maximum(past.net[:, -180:].sum(axis=1), 1) / np.maximum(past.tickets[:, -180:].sum(axis=1), 1)
    tickets = np.where(added > 0, np.maximum(np.rint(added / ticket[:, None]), 1), 0)
    return past._replace(net=past.net + _whole(added), tickets=past.tickets + _whole(tickets))


def _whole(values: Floats | Ints) -> Ints:
    whole: Ints = np.rint(values).astype(np.int64)
    return whole
