"""The banks we are connected to: which one lends, and over which rail its money goes out and comes back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gateway.bank_ports import Party
from gateway.domain import banking_days
from gateway.domain import banks as rules
from gateway.domain.banks import BankClosed, Health, Stopped
from gateway.domain.drawdowns import BankUnavailable
from gateway.domain.eligibility import CURRENCY_NOT_SERVED
from gateway.domain.underwriting import BANK_STOPPED

if TYPE_CHECKING:
    from datetime import date, datetime

    from gateway.bank_ports import LoanDecision, Rail
    from gateway.domain.drawdowns import Drawdown
    from gateway.usecases.world import Bank, World


def find(world: World, bank_id: str) -> Bank:
    """One bank. Raises BankUnavailable when it is not connected here."""
    bank = world.banks.get(bank_id)
    if bank is None:
        raise BankUnavailable("That bank is not connected to this gateway", bank_id=bank_id)
    return bank


def is_open(world: World, bank_id: str) -> bool:
    """Whether it takes new business: it decides loans and pays out, nobody stopped it, and it answers."""
    bank = world.banks.get(bank_id)
    return bank is not None and _lends(bank) and health(world, bank) is Health.open


def stop(world: World, bank_id: str, currency: str) -> str | None:
    """Why no offer is made on it in a currency, as a reason's code; None = one is, though it may be silent a while."""
    bank = world.banks.get(bank_id)
    if bank is None or not rules.may_offer(bank.standing):
        return BANK_STOPPED
    paying = _paying(bank)
    return None if paying is None or currency in paying[1].capabilities.currencies else CURRENCY_NOT_SERVED


def check_open(world: World, bank_id: str) -> None:
    """Raise BankUnavailable unless it takes new business; nothing was borrowed then."""
    bank = world.banks.get(bank_id)
    if bank is None or not _lends(bank):
        raise BankUnavailable("No bank that could lend is connected to this gateway", bank_id=bank_id)
    if (found := health(world, bank)) is not Health.open:
        said = "The bank lends nothing for now" if found is Health.stopped else "The bank does not answer for now"
        raise BankUnavailable(said, bank_id=bank_id, health=found)


def health(world: World, bank: Bank) -> Health:
    """What a person and the bank's own answers have made of it."""
    return rules.health(bank.standing, world.clock.now())


def name(world: World, bank_id: str) -> str:
    """What merchants know it by; its id when it is not connected any more."""
    bank = world.banks.get(bank_id)
    return bank_id if bank is None else bank.name


def decision(world: World, bank_id: str) -> LoanDecision:
    """Who decides its loans. Raises BankUnavailable, or BankClosed while a person has stopped its lending."""
    bank = find(world, bank_id)
    if bank.decision is None:
        raise BankUnavailable("No bank that decides loans is connected to this gateway", bank_id=bank_id)
    if bank.standing.stopped is not Stopped.nothing:
        raise BankClosed("A person stopped that bank's lending", bank_id=bank_id)
    return bank.decision


def party(world: World, bank_id: str) -> Party:
    """The bank as payer and creditor: its name and the account drawdowns are paid from and collected to."""
    bank = find(world, bank_id)
    return Party(bank.name, bank.account)


def paying(world: World, bank_id: str) -> tuple[str, Rail]:
    """The rail drawdowns go out by, and its name. Raises BankUnavailable."""
    found = _paying(find(world, bank_id))
    if found is None:
        raise BankUnavailable("No rail of that bank pays out", bank_id=bank_id)
    return found


def collecting(world: World, bank_id: str) -> tuple[str, Rail]:
    """The rail repayments are debited by, and its name. Raises BankUnavailable."""
    found = _collecting(find(world, bank_id))
    if found is None:
        raise BankUnavailable("No rail of that bank collects", bank_id=bank_id)
    return found


def pays_on(world: World, rail: Rail, at: datetime | None = None) -> date:
    """The bank's own day on which a payout handed over now goes out, or one that was `at` an instant."""
    can = rail.capabilities
    return banking_days.execute_on(at or world.clock.now(), can.cutoff, can.timezone, _closed(world, rail))


def pays_out_on(world: World, bank_id: str, at: datetime | None = None) -> date | None:
    """The same of whatever rail the bank pays out by; None = it is not connected, or by none."""
    bank = world.banks.get(bank_id)
    found = None if bank is None else _paying(bank)
    return None if found is None else pays_on(world, found[1], at)


def collects_on(world: World, rail: Rail, wanted_on: date | None) -> date:
    """The banking day on which a debit handed over now is collected: `wanted_on`, or the first day that can be."""
    closed = _closed(world, rail)
    first_on = banking_days.after(pays_on(world, rail), rail.capabilities.lead_days, closed)
    return banking_days.next_open(max(first_on, wanted_on or first_on), closed)


def is_due(world: World, bank: Bank, rail: str) -> bool:
    """Whether a rail's mailbox is to be read now, no more often than its bank wants; then its next turn is set."""
    now, every = world.system_clock.now(), bank.polls.get(rail)
    last_at = bank.polled_at.get(rail)
    if every and last_at is not None and now < last_at + every:
        return False
    bank.polled_at[rail] = now
    return True


def _closed(world: World, rail: Rail) -> banking_days.Closed:
    calendar = rail.capabilities.calendar
    return banking_days.never if calendar is None else partial(world.calendars.is_closed, calendar)


def most_debit(world: World, drawdown: Drawdown) -> int | None:
    """The most that one debit of a drawdown may take, in minor units; None = any amount, or no rail says so now."""
    bank = world.banks.get(drawdown.bank_id)
    found = None if bank is None else _collecting(bank)
    return None if found is None else found[1].capabilities.most_amounts.get(drawdown.currency)


def _collecting(bank: Bank) -> tuple[str, Rail] | None:
    return next(((rail, one) for rail, one in bank.rails.items() if one.capabilities.collects), None)


def _lends(bank: Bank) -> bool:
    return bank.decision is not None and _paying(bank) is not None


def _paying(bank: Bank) -> tuple[str, Rail] | None:
    return next(((rail, one) for rail, one in bank.rails.items() if one.capabilities.pays_out), None)
