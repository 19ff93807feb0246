"""One line of a consent in words: what, why, and for data how far back, how long and who sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.consents import Topic
from gateway.domain.details import Drawdown, MerchantData, Purpose, RepaymentCollection

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.api.connect.words import Words
    from gateway.domain.consents import Line


class Told(msgspec.Struct, frozen=True):
    """A line as a merchant reads it."""

    key: str
    what: str
    why: str
    facts: tuple[tuple[str, str], ...]
    needed: bool


def tell(words: Words, line: Line, client: str, bank_name: Callable[[str], str]) -> Told:
    """`line` in words; `bank_name` knows what a bank is called."""
    values = _values(words, line, client, bank_name)
    serving = isinstance(line.detail, MerchantData) and line.detail.purpose is Purpose.repayment_servicing
    name = line.topic.value
    if serving and line.topic in {Topic.sales, Topic.bank}:
        name += ".servicing"
    why = f"{name}.why"
    if name == "bank" and isinstance(line.detail, MerchantData) and len(line.detail.recipients) > 1:
        why = "bank.why_many"
    facts = _facts(words, line, bank_name)
    return Told(line.key, words.raw(name).format(**values), words.raw(why).format(**values), facts, line.needed)


def _values(words: Words, line: Line, client: str, bank_name: Callable[[str], str]) -> dict[str, str]:
    values = {"client": client}
    if line.recipient is not None:
        values["bank"] = bank_name(line.recipient.bank)
    if isinstance(line.detail, Drawdown):
        limits = line.detail.limits
        values["each"] = words.money(limits.per_draw_amount, limits.currency)
        values["all"] = words.money(limits.outstanding_amount, limits.currency)
    if isinstance(line.detail, RepaymentCollection):
        values["share"] = words.percent(line.detail.max_withhold_bps)
    return values


def _facts(words: Words, line: Line, bank_name: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    detail = line.detail
    if not isinstance(detail, MerchantData):
        return ()
    kept = (words("kept"), words.span(detail.retention_days))
    if line.recipient is not None:
        via = line.recipient.via
        return (kept, (words("via"), bank_name(via))) if via else (kept,)
    back = (words("back"), words("back.value", span=words.months(detail.lookback_days)))
    return (back, kept, (words("to"), words("to.us")))
