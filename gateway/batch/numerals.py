"""How numbers and names are written in a report: whole major units, per cent with one decimal, a dash for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.money import minor_units

if TYPE_CHECKING:
    from gateway.batch.vintages import Rate

DASH = "–"


class Writer:
    """Writes amounts of one currency in whole major units."""

    def __init__(self, currency: str) -> None:
        self.currency, self.units = currency, minor_units(currency)

    def amount(self, amount: int | None) -> str:
        """Minor units → `12,345`; a dash where there is none."""
        if amount is None:
            return DASH
        return f"{'−' if amount < 0 else ''}{abs(amount) // self.units:,}"

    def short(self, amount: int) -> str:
        """For axes: thousands and millions."""
        whole = amount // self.units
        for size, sign in ((10**9, "bn"), (10**6, "m"), (10**3, "k")):
            if whole >= 10 * size:
                return f"{whole // size}{sign}"
            if whole >= size:
                return f"{whole // size}.{whole % size * 10 // size}{sign}"
        return str(whole)


def plain(text: str) -> str:
    """What cannot be written in markup, or not be seen, is replaced."""
    return "".join(one if one.isprintable() else "�" for one in text)


def bps(bps: int | None) -> str:
    """3,210 → `32.1 %`."""
    return DASH if bps is None else f"{bps / 100:.1f} %"


def millionths(chance: int | None) -> str:
    """A chance in 1e-6 → `4.5 %`."""
    return DASH if chance is None else f"{chance / 10_000:.1f} %"


def auc(auc: int | None) -> str:
    """656,659 → `0.66`."""
    return DASH if auc is None else f"{auc / 1_000_000:.2f}"


def days(days: int | None) -> str:
    """`98 days`."""
    return DASH if days is None else f"{days} days"


def share(part: int, whole: int) -> str:
    """`part` of `whole`, in per cent."""
    return bps(part * 10_000 // whole) if whole else DASH


def between(rate: Rate) -> str:
    """The 95 % interval of what was observed."""
    return DASH if rate.low is None else f"{millionths(rate.low)} – {millionths(rate.high)}"
