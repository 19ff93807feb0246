"""Steers the mock bank: its clock, its accounts and how they behave, and its own view of what it was asked.

For the sandbox, the demo and the tests only; a real bank has nothing like it. Balances are integer minor units.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from gateway.bank_ports import Unreachable
from gateway.domain.errors import Conflict, Upstream

if TYPE_CHECKING:
    from gateway.domain.money import Money
    from gateway.outbound import Outbound

MAX_ADVANCE_DAYS = 3650
"""The mock bank's own bound on one move."""

_Answered = TypeVar("_Answered")


class SandboxRefused(Conflict):
    """The mock bank would not do what the sandbox asked of it."""

    code = "sandbox_bank_refused"
    title = "The sandbox bank refused"


class BankAccount(msgspec.Struct, frozen=True):
    """An account as the bank holds it; `balance` in minor units of `currency`, below zero when overdrawn."""

    id: str
    iban: str
    bic: str
    name: str
    currency: str
    balance: int
    behaviour: str


class BankPayment(msgspec.Struct, frozen=True):
    """A credit transfer as the bank keeps it; `status` is accepted, rejected or returned, `amount` minor units."""

    id: int
    msg_id: str
    end_to_end_id: str
    amount: int
    currency: str
    creditor_iban: str | None
    status: str
    reason: str | None
    settlement_date: date | None
    booked_at: datetime | None
    returned_at: datetime | None = None


class BankCollection(msgspec.Struct, frozen=True):
    """A direct debit as the bank keeps it; the same words as for a payment."""

    id: int
    msg_id: str
    end_to_end_id: str
    amount: int
    currency: str
    debtor_iban: str | None
    mandate_id: str | None
    status: str
    reason: str | None
    settlement_date: date | None
    booked_at: datetime | None
    returned_at: datetime | None = None


class _Time(msgspec.Struct):
    now: datetime


class _State(msgspec.Struct):
    clock: _Time


class MockBankControls:
    """Implements `gateway.bank_ports.TestClock`, and sets the scene at the mock bank behind `base_url`."""

    def __init__(self, base_url: str, outbound: Outbound) -> None:
        self._base_url = base_url
        self._outbound = outbound

    async def now(self) -> datetime:
        """The bank's own time, in its own zone."""
        return (await self._ask("GET", "/_mock/state", _State)).clock.now

    async def advance(self, to: datetime) -> None:
        """Move the bank's calendar to the date `to` has in the bank's zone, one day at a time; never backwards.

        Banks work by the day: what is due on a date comes with its first minute, so the bank is moved to midnight and
        never past `to`. Each day is its own step, so that what a day brings is booked on that day.
        """
        now = await self.now()
        day, last = now.date(), to.astimezone(now.tzinfo).date()
        if (last - day).days > MAX_ADVANCE_DAYS:
            raise SandboxRefused(f"the sandbox bank moves at most {MAX_ADVANCE_DAYS} days at once")
        while day < last:
            day += timedelta(days=1)
            await self._ask("POST", f"/_mock/advance?to={day}", dict[str, object])

    async def reset(self) -> None:
        """A new bank: the accounts and the time it started with, and nothing else."""
        await self._ask("POST", "/_mock/reset", dict[str, object])

    async def account(self, account_id: str) -> BankAccount:
        """One account the bank holds; raises SandboxRefused for an unknown one."""
        return await self._ask("GET", f"/_mock/accounts/{quote(account_id)}", BankAccount)

    async def ensure_account(self, account_id: str, *, name: str, iban: str, balance: Money) -> BankAccount:
        """The account as given: opened when the bank has none under this id, changed otherwise."""
        wanted = {"name": name, "iban": iban, "currency": balance.currency, "balance": balance.amount}
        held = await self._ask("GET", "/_mock/accounts", list[BankAccount])
        if account_id in {account.id for account in held}:
            return await self._ask("PATCH", f"/_mock/accounts/{quote(account_id)}", BankAccount, wanted)
        return await self._ask("POST", "/_mock/accounts", BankAccount, {"id": account_id, **wanted})

    async def set_balance(self, account_id: str, balance: Money) -> BankAccount:
        """Give an account a currency and a balance; the next statement opens with the jump, unexplained."""
        wanted = {"currency": balance.currency, "balance": balance.amount}
        return await self._ask("PATCH", f"/_mock/accounts/{quote(account_id)}", BankAccount, wanted)

    async def speak(self, account_id: str, form: str, balance: Money) -> BankAccount:
        """What the bank writes for an account: `iso20022`, or `nacha` (acknowledgements, return files, BAI2)."""
        wanted = {"format": form, "currency": balance.currency, "balance": balance.amount}
        return await self._ask("PATCH", f"/_mock/accounts/{quote(account_id)}", BankAccount, wanted)

    async def behave(self, account_id: str, behaviour: str, **parameters: int | str) -> BankAccount:
        """Set how the bank treats an account: `accept`, `silent`, `return-later` with `days` and `reason`."""
        wanted = {"behaviour": behaviour, "parameters": parameters}
        return await self._ask("PATCH", f"/_mock/accounts/{quote(account_id)}", BankAccount, wanted)

    async def payments(self) -> list[BankPayment]:
        """Every credit transfer the bank decided on, newest first."""
        return await self._ask("GET", "/_mock/payments", list[BankPayment])

    async def collections(self) -> list[BankCollection]:
        """Every direct debit the bank decided on, newest first."""
        return await self._ask("GET", "/_mock/collections", list[BankCollection])

    async def refuse_collection(self, end_to_end_id: str, reason: str) -> None:
        """The debtor's bank says no: before settlement it is rejected, after it the money goes back."""
        path = f"/_mock/collections/{quote(end_to_end_id, safe='')}/refuse"
        await self._ask("POST", path, dict[str, object], {"reason": reason})

    async def _ask(self, method: str, path: str, shape: type[_Answered], body: object = None) -> _Answered:
        """One exchange in JSON; raises Unreachable, or SandboxRefused with the bank's own words."""
        sent = b"" if body is None else msgspec.json.encode(body)
        try:
            answer = await self._outbound.send(
                method, self._base_url + path, body=sent, headers={"content-type": "application/json"}
            )
        except Upstream as error:
            raise Unreachable(error.detail) from error
        if answer.status >= 400:  # noqa: PLR2004 - HTTP: 4xx and 5xx are refusals
            raise SandboxRefused(f"{answer.status}: {answer.body[:300].decode(errors='replace')}")
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except msgspec.DecodeError as error:
            raise SandboxRefused(f"the sandbox bank's answer cannot be read: {error}") from error
