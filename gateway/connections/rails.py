"""Makes a bank's rails from their entries, by `kind`: those built in, and others' by the entry point `restock.banks`.

What every rail may have beside its adapter's own settings: a `name` (default: its kind), `poll_seconds`, and its bank's
`cutoff`, `timezone`, `calendar` and `lead_days`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import metadata
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.connections import entries
from gateway.settings import BadSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from adapters.banks.obie.settings import Taken
    from adapters.banks.sandbox.client import Desk
    from gateway.bank_ports import Rail, TestClock
    from gateway.connections.entries import BankEntry
    from gateway.domain.sandbox_banks import Decides
    from gateway.outbound import Outbound
    from gateway.ports import Clock
    from gateway.settings import Settings
    from gateway.usecases.world import Calendars

    Maker = Callable[[dict[str, Any], "Outbound", "Surroundings"], Rail]
    """Makes a rail of its entry's own keys; raises BadSettings, ValueError or Invalid for what it cannot use."""

GROUP = "restock.banks"
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Surroundings:
    """What rails need of the gateway: its clocks, its calendars, and what was collected already.

    `desk` is where the built-in bank's books lie, by its id, and `decides` what it answers a merchant.
    """

    def __init__(
        self,
        clock: Clock,
        system_clock: Clock,
        calendars: Calendars,
        taken: Taken | None = None,
        *,
        desk: Callable[[str], Desk] | None = None,
        decides: Callable[[str], Awaitable[Decides]] | None = None,
    ) -> None:
        self.clock, self.system_clock, self.calendars, self.taken = clock, system_clock, calendars, taken
        self.desk, self.decides = desk, decides


def connect(
    settings: Settings, bank: BankEntry, outbound: Outbound, around: Surroundings
) -> tuple[dict[str, Rail], dict[str, timedelta]]:
    """A bank's rails by name, and how far apart their mailboxes are read. Raises BadSettings."""
    made: dict[str, Rail] = {}
    polls = {}
    for entry in bank.rails:
        name = str(entry.get("name", entry.get("kind")))
        about = f"bank {bank.id}, rail {name}"
        if name in made:
            raise BadSettings(f"{about}: two rails have that name; give each a name of its own")
        if not settings.sandbox:
            entries.check_https(entry, about)
        own = {key: value for key, value in entry.items() if key not in {"kind", "name", "poll_seconds", "lead_days"}}
        with entries.naming(f"{bank.id}, rail {name}"):
            if entry.get("kind") == BUILT_IN_BANK:
                own["bank_id"] = _played(settings, bank)
            made[name] = _made(str(entry.get("kind")), own, outbound, around)
            polls[name] = timedelta(seconds=_whole(entry, "poll_seconds", 86_400))
            lead_days = _whole(entry, "lead_days", 20)
            made[name].capabilities = msgspec.structs.replace(made[name].capabilities, lead_days=lead_days)
            _check_times(made[name], around)
    _choose(bank, made)
    for name, entry in zip(made, bank.rails, strict=True):
        if made[name].capabilities.collects and entry["kind"] in NAMES_CREDITOR and not bank.creditor_scheme_id:
            raise BadSettings(f"bank {bank.id}: rail {name} debits under its creditor_scheme_id, which is not said")
    return made, polls


def clock(settings: Settings, bank: BankEntry, outbound: Outbound) -> TestClock | None:
    """A sandbox bank's own clock. Raises BadSettings in live mode."""
    if bank.clock_url is None:
        return None
    if not settings.sandbox:
        raise BadSettings("clock_url: live money keeps real time")
    from adapters.banks.iso20022.sandbox import MockBankControls  # noqa: PLC0415

    return MockBankControls(bank.clock_url, outbound)


def _made(kind: str, own: dict[str, Any], outbound: Outbound, around: Surroundings) -> Rail:
    maker = BUILT_IN[kind] if kind in BUILT_IN else _foreign(kind)
    if kind in OWN_TIMES:
        return maker(own, outbound, around)
    times = {key: str(own.pop(key)) for key in ("cutoff", "timezone", "calendar") if key in own}
    rail = maker(own, outbound, around)
    rail.capabilities = msgspec.structs.replace(rail.capabilities, **times)
    return rail


def _foreign(kind: str) -> Maker:
    """A third party's rail; its entry point is a function like those below."""
    found = next(iter(metadata.entry_points(group=GROUP, name=kind)), None)
    if found is None:
        others = sorted(point.name for point in metadata.entry_points(group=GROUP))
        raise BadSettings(f"kind {kind!r} is unknown; there are {', '.join([*BUILT_IN, *others])}")
    maker: Maker = found.load()
    return maker


def _whole(entry: dict[str, Any], key: str, most: int) -> int:
    """A whole number from 0 on, 0 where the key is not there."""
    number = entry.get(key, 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= most:
        raise BadSettings(f"{key} is a whole number from 0 to {most}")
    return number


def _check_times(rail: Rail, around: Surroundings) -> None:
    can = rail.capabilities
    if not _TIME.fullmatch(can.cutoff):
        raise BadSettings(f"cutoff {can.cutoff!r} is no local time like 16:30")
    try:
        ZoneInfo(can.timezone)
    except (KeyError, ValueError, TypeError, OSError):
        raise BadSettings(f"timezone {can.timezone!r} is unknown; one like Europe/Berlin") from None
    if can.calendar is not None and not around.calendars.knows(can.calendar):
        raise BadSettings(f"calendar {can.calendar!r} is unknown; one like TARGET, GB, US or CH")


def _choose(bank: BankEntry, rails: dict[str, Rail]) -> None:
    """Let exactly one rail pay out, at most one collect, and at least one tell what was booked."""
    about = f"bank {bank.id}"
    for what, chosen in (("pays_out", bank.pays_out), ("collects", bank.collects)):
        able = [name for name, rail in rails.items() if getattr(rail.capabilities, what)]
        if chosen is not None and chosen not in able:
            raise BadSettings(f"{about}: {what} = {chosen!r} is none of its rails that can: {', '.join(able)}")
        if chosen is None and len(able) > 1:
            raise BadSettings(f"{about}: {' and '.join(able)} could each do it: name one by {what}")
        for name in able:
            if chosen is not None and name != chosen:
                rail = rails[name]
                rail.capabilities = msgspec.structs.replace(rail.capabilities, **{what: False})
    if rails and not any(rail.capabilities.pays_out for rail in rails.values()):
        raise BadSettings(f"{about}: no rail of it pays out")
    if rails and not any(rail.capabilities.states for rail in rails.values()):
        raise BadSettings(f"{about}: no rail of it tells what was booked; add one that brings its statements")


def _iso20022(own: dict[str, Any], outbound: Outbound, _around: Surroundings) -> Rail:
    from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings  # noqa: PLC0415

    return Iso20022Bank(entries.converted(own, Iso20022Settings, "iso20022"), outbound)


def _nacha(own: dict[str, Any], outbound: Outbound, _around: Surroundings) -> Rail:
    # Banks like the mock bank notify bookings in XML beside their BAI2 statements: one adapter does not know another.
    from adapters.banks.iso20022 import wire as notices  # noqa: PLC0415
    from adapters.banks.nacha.client import NachaBank, NachaSettings  # noqa: PLC0415

    return NachaBank(entries.converted(own, NachaSettings, "nacha"), outbound, notices.read)


def _obie(own: dict[str, Any], outbound: Outbound, around: Surroundings) -> Rail:
    from adapters.banks.obie.access import ObieAccess  # noqa: PLC0415
    from adapters.banks.obie.client import ObieBank  # noqa: PLC0415
    from adapters.banks.obie.settings import ObieSettings  # noqa: PLC0415
    from adapters.banks.obie.wire.orders import VrpKind  # noqa: PLC0415
    from adapters.tokens import Tokens, TokenSettings  # noqa: PLC0415

    if own.get("vrp") in VrpKind.__members__:
        own["vrp"] = VrpKind[own["vrp"]].value
    tokens = Tokens(entries.converted(own.pop("tokens", {}), TokenSettings, "tokens"), outbound, around.system_clock)
    return ObieBank(
        entries.converted(own, ObieSettings, "obie"),
        outbound,
        ObieAccess(tokens),
        clock=around.clock,
        system_clock=around.system_clock,
        taken=around.taken,
    )


def _berlin(own: dict[str, Any], outbound: Outbound, around: Surroundings) -> Rail:
    from adapters.banks.berlin.client import BerlinBank, BerlinSettings  # noqa: PLC0415
    from adapters.tokens import Tokens, TokenSettings  # noqa: PLC0415

    told = own.pop("tokens", None)
    tokens = None
    if told is not None:
        tokens = Tokens(entries.converted(told, TokenSettings, "tokens"), outbound, around.system_clock)
    return BerlinBank(entries.converted(own, BerlinSettings, "berlin"), outbound, around.clock, tokens)


def _played(settings: Settings, bank: BankEntry) -> str:
    """The id under which the built-in bank keeps its books. Raises BadSettings in live mode."""
    if not settings.sandbox:
        raise BadSettings("a live bank is a bank, not the sandbox's own")
    return bank.id


def _sandbox(own: dict[str, Any], _outbound: Outbound, around: Surroundings) -> Rail:
    from adapters.banks.sandbox.client import SandboxBank  # noqa: PLC0415

    bank_id = own.pop("bank_id")
    if own:
        raise BadSettings(f"sandbox takes nothing but its kind and name, not {', '.join(own)}")
    if around.desk is None:
        raise BadSettings("sandbox has no database to keep its books in here")
    return SandboxBank(around.desk(bank_id), around.clock)


BUILT_IN_BANK = "sandbox"
"""The kind of the rail to the bank that is part of the sandbox."""
BUILT_IN: dict[str, Maker] = {
    "iso20022": _iso20022, "nacha": _nacha, "obie": _obie, "berlin": _berlin, BUILT_IN_BANK: _sandbox,
}  # fmt: skip
NAMES_CREDITOR = frozenset({"iso20022"})
"""Kinds whose debits carry the bank's id in the scheme."""
OWN_TIMES = frozenset({"iso20022", "nacha", "berlin"})
"""Kinds whose adapters have cut-off, time zone and calendar among their own settings."""
