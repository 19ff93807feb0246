"""What every use case is given: the ports, the store and the settings, in one value made by the composition root."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from gateway.domain import ids
from gateway.domain.banks import Standing
from gateway.domain.governance import Governance
from gateway.domain.programmes import UnknownProgramme
from gateway.store import sql
from gateway.usecases.rates import Quotas, Rates
from gateway.usecases.tailing import Streams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from gateway.bank_ports import Account, LoanDecision, Rail, TestClock
    from gateway.domain.deliveries import Heard
    from gateway.domain.positions import Position
    from gateway.domain.programmes import Programme
    from gateway.ports import Clock, IdSource, Notifier, Scorer, Verification
    from gateway.settings import Settings
    from gateway.source_ports import Platform, SimulatedPlatform
    from gateway.store import Lane, Reader, Store

CACHED_COUNT = 20_000
"""The most merchants whose position is kept in memory, about 15 KB each."""
CALLS_PER_MINUTE = 1_200
"""The most events a minute that one shop's platform may tell us of; more is asked to come again."""
FOLLOW_EVERY = timedelta(seconds=1)
"""How old what this process knows of others' decisions may be, where processes share the database."""


class Vault(Protocol):
    """Encrypts what must not lie open in the database; `context` binds a ciphertext to its place."""

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt."""

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt, or raise when it was changed or moved."""

    def derive(self, purpose: str) -> bytes:
        """A key of its own for `purpose`, the same wherever the master key is."""


class Calendars(Protocol):
    """Calendars of banking days, by name; `gateway.domain.banking_days` counts by them."""

    def knows(self, name: str) -> bool:
        """Whether there is one of that name."""

    def is_closed(self, name: str, on: date) -> bool:
        """Whether banks are closed on a day: a holiday or the week-end."""


class Strangers(Protocol):
    """Calls addresses that partners gave us (`gateway.outbound.guarded`)."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        """One exchange, and what came of it; what the other side does is never raised."""


class SystemClock:
    """Real time: leases, tokens, rate limits."""

    def now(self) -> datetime:
        """See Clock."""
        return datetime.now(UTC)


class BusinessClock:
    """Business dates, offers, schedules: real time, and in the sandbox as far ahead of it as it was moved."""

    def __init__(self, system: Clock) -> None:
        self._system = system
        self.ahead = timedelta()

    def now(self) -> datetime:
        """See Clock."""
        return self._system.now() + self.ahead

    async def load(self, reader: Reader) -> None:
        """Take over what the database says; other replicas may have moved it."""
        row = await reader.one(sql.clock.ahead)
        self.ahead = timedelta(microseconds=row[0]) if row else timedelta()

    async def set(self, store: Store, to: datetime) -> None:
        """Move to `to`, durably."""
        ahead = to - self._system.now()
        await store.write(lambda tx: tx.run(sql.clock.set, ahead_micros=ahead // timedelta(microseconds=1)))
        self.ahead = ahead


class RandomIds:
    """Ids from the system's randomness, ordered within this process even inside one millisecond."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._random = random.Random()  # noqa: S311 - ids are not secrets; seeded by the system
        self._millisecond = 0
        self._entropy = 0

    def new(self, noun: str) -> str:
        """See IdSource."""
        millisecond = ids.milliseconds(self._clock.now())
        if millisecond <= self._millisecond:
            self._entropy += 1 + self._random.getrandbits(32)
        else:
            self._millisecond, self._entropy = millisecond, self._random.getrandbits(79)
        return ids.make(noun, self._millisecond, self._entropy)


class PositionCache:
    """Positions as they were committed, the least used dropped first. A stale one is caught by its version.

    `shared`: other processes write to the same database, so what is kept is checked before it is believed.
    """

    def __init__(self, *, shared: bool) -> None:
        self.shared = shared
        self._kept: OrderedDict[str, Position] = OrderedDict()

    def get(self, merchant_id: str) -> Position | None:
        """The kept position, if any."""
        position = self._kept.get(merchant_id)
        if position is not None:
            self._kept.move_to_end(merchant_id)
        return position

    def put(self, positions: Iterable[Position]) -> None:
        """Keep positions that were committed."""
        for position in positions:
            self._kept[position.merchant_id] = position
            self._kept.move_to_end(position.merchant_id)
        while len(self._kept) > CACHED_COUNT:
            self._kept.popitem(last=False)

    def evict(self, merchant_ids: Iterable[str]) -> None:
        """Forget positions that another writer changed."""
        for merchant_id in merchant_ids:
            self._kept.pop(merchant_id, None)


class Bank:
    """A connected bank: who it is, its rails by name in the order they are tried, and who decides its loans."""

    def __init__(
        self,
        bank_id: str,
        *,
        name: str,
        account: Account,
        creditor_scheme_id: str,
        rails: dict[str, Rail],
        decision: LoanDecision | None = None,
        clock: TestClock | None = None,
        polls: dict[str, timedelta] | None = None,
    ) -> None:
        self.id = bank_id
        self.name = name
        self.account = account
        """Pays drawdowns out; repayments come back to it."""
        self.creditor_scheme_id = creditor_scheme_id
        self.rails = rails
        self.decision = decision
        """None = nobody decides loans here: nothing new is lent."""
        self.clock = clock
        """A sandbox bank's own, moved together with ours."""
        self.polls = polls or {}
        """How far apart the mailboxes of its rails are read; a rail that is not here is read in every round."""
        self.polled_at: dict[str, datetime] = {}
        self.standing = Standing()
        """Whether it is sent anything, as this process knows it (`gateway.usecases.openness`)."""
        self.is_followed = False
        """Whether that was read from the database yet."""


class World:
    """See the module. A plain class: the edge's type machinery must not look inside."""

    intake: Lane[Any, Any]
    """The lane sales go through (`gateway.usecases.sales.lane`), set by the composition root."""
    closing: Lane[Any, Any]
    """The lane day closes go through (`gateway.usecases.days.lane`), set by the composition root."""
    night: Any = None
    """The night's pass over all shops, between two of its pages (`gateway.usecases.nights`)."""
    platforms: dict[str, Platform]
    simulated: dict[str, SimulatedPlatform]
    """Platforms that may call us, by name, and those that the sandbox plays: none in live mode."""
    verification: Verification | None = None
    """Says who a merchant is, set by the composition root; None = nobody new is verified, so nobody new borrows."""
    strangers: Strangers
    """How webhooks are sent, set by the composition root."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        clock: BusinessClock,
        system_clock: Clock,
        ids: IdSource,
        scorer: Scorer,
        vault: Vault,
        programme: Programme,
        banks: dict[str, Bank],
        calendars: Calendars,
        tokens: Any,
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.system_clock = system_clock
        self.ids = ids
        self.scorer = scorer
        self.vault = vault
        self.programmes: tuple[Programme, ...] = (programme,)
        """Those in force, in the order of their ids; never none."""
        self.withdrawn: dict[str, Programme] = {}
        """Those that offer nothing new any more, by id: their loans go on."""
        self.followed: object = None
        """What the database said of programmes when these were taken over (`gateway.usecases.programmes`)."""
        self.banks = banks
        """The banks we are connected to, by id (`gateway.usecases.banks`); without one nothing can be lent."""
        self.calendars = calendars
        self.tokens = tokens
        """Who a token belongs to: `gateway.usecases.access.AccessTokens`, which needs this module."""
        self.governance = Governance()
        """What monitoring has done to the models."""
        self.generation = (0, 0)
        """Which promotion of a model and which step of governance this process has taken over (`usecases.models`)."""
        self.following = asyncio.Lock()
        """Held by whoever takes over models that others promoted."""
        self.positions = PositionCache(shared=settings.shared_database)
        self.rates = Rates(system_clock, settings.client_requests_per_minute)
        self.quotas = Quotas(system_clock, settings.token_requests_per_minute, settings.merchant_requests_per_minute)
        """How fast clients ask for tokens, and with them, by this process's count."""
        self.calls = Rates(system_clock, CALLS_PER_MINUTE)
        """How fast each connection's platform calls us, by this process's count."""
        self.streams = Streams(store)
        """Who follows the event log through this process (`gateway.usecases.streams`)."""
        self.hand = asyncio.Lock()
        """Held by whoever does rounds of work in this process (`gateway.usecases.turns`)."""
        self.wake = asyncio.Event()
        """Set when there may be work for the worker."""
        self.enqueued = asyncio.Event()
        """Set when this process put a job into the queue that may be due, until the due ones are run."""
        self.news = asyncio.Event()
        """Set when there may be something for the courier to deliver (`gateway.usecases.courier`)."""
        self.notifier: Notifier | None = None
        """Carries one-time codes and messages to merchants, set by the composition root."""
        self.follows: list[Callable[[World], Awaitable[None]]] = []
        """What this process takes over of what others decided, each by one cheap query where nothing changed."""
        self._followed_at = system_clock.now()

    @property
    def programme(self) -> Programme:
        """The first in force: only where there is one, in tests and trials, is it all there is."""
        return self.programmes[0]

    @programme.setter
    def programme(self, programme: Programme) -> None:
        self.programmes = (programme,)

    def programme_of(self, programme_id: str) -> Programme:
        """The newest version of a programme, in force or withdrawn. Raises UnknownProgramme."""
        found = next((one for one in self.programmes if one.id == programme_id), self.withdrawn.get(programme_id))
        if found is None:
            raise UnknownProgramme(f"There is no programme {programme_id}")
        return found

    def lender_of(self, position: Position) -> Programme:
        """The programme of a merchant's current offer, the first in force where nothing is offered."""
        offered = None if position.offered is None else position.offered.programme_id
        return self.programmes[0] if offered is None else self.programme_of(offered)

    async def refresh(self) -> None:
        """Take over what another replica may have changed: a sandbox's business clock, and now and then the rest."""
        if not self.settings.shared_database:
            return
        if self.settings.sandbox:
            await self.clock.load(self.store)
        if self.system_clock.now() >= self._followed_at + FOLLOW_EVERY:
            await self.keep_up()

    async def keep_up(self) -> None:
        """Take over what other processes decided about models and programme (see `follows`)."""
        self._followed_at = self.system_clock.now()  # first: whoever comes meanwhile need not do it too
        for follow in self.follows:
            await follow(self)
