"""One run: a gateway's life by one seed, with crashes, until the bank is honest again and everything has ended."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain.errors import GatewayError
from gateway.domain.quotes import Quote
from gateway.usecases import jobs, monitoring, verification, work
from tests.simulation import actors, invariants, loops, servicing_actors, tempers, worlds
from tests.simulation.bank import DAY, SimBank
from tests.simulation.driver import Database
from tests.simulation.iso import Iso
from tests.simulation.rails import AskableRail, Plain, SimDecision, SimRail
from tests.simulation.steps import Crash, Steps
from tests.simulation.worlds import Shop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence
    from datetime import timedelta

    from gateway.usecases.world import World
    from tests.simulation.tempers import Temper, Traits

OPERATIONS_COUNT = 100
AT_ONCE_COUNT = 3
"""The most operations under way together."""
ALONE = 0.9
"""How often nothing else is under way while hours and days go by: most of what people do takes seconds."""
VERIFY_EVERY = 40
ENDING_COUNT = 60
"""Pairs of days, long enough for everything that is under way to end, once nobody lies any more."""


class Failed(Exception):
    """An invariant does not hold; the message has all that is needed to see it again."""


class Outcome(msgspec.Struct, frozen=True):
    """What a run did: the hash of its trace, and counts of what happened."""

    seed: int
    trace: str
    operations_count: int
    crashes_count: int
    payments_count: int
    debits_count: int
    repaid_count: int


class Partner(msgspec.Struct):
    """What a shop's partner remembers: its answers, whatever became of the gateway."""

    shop: Shop
    quotes: list[Quote] = []
    drawdowns: list[str] = []
    sales_count: int = 0
    revoked: bool = False


class Run:
    """See the module. Operations are in `actors`, what must hold in `invariants`."""

    world: World

    def __init__(self, seed: int, temper: Temper | None = None, traits: Traits | None = None) -> None:
        template = worlds.template()
        self.seed = seed
        self.random = Random(f"actors {seed}")
        self.steps = Steps(seed)
        self.around = worlds.surroundings(str(seed), self.steps)
        self.around.clock.at += DAY  # the template's ids lie before
        self.database = Database(template.image)
        chances = Random(f"temper {seed}")
        temper, self.traits = temper or tempers.draw(chances), traits or tempers.traits(chances)
        words = Iso() if self.traits.iso else Plain(worlds.OWN_ACCOUNT)
        bank, clock = Random(f"bank {seed}"), self.around.clock
        self.bank = SimBank(bank, clock, self.steps, words, temper=temper, traits=self.traits)
        self.rail = (AskableRail if self.traits.inquiries else SimRail)(self.bank, words, self.steps, self.traits)
        self.decision = SimDecision(self.bank, self.steps, clock)
        self.partners = [Partner(shop) for shop in template.shops]
        self.problems: list[str] = []
        self.operations_count = self.crashes_count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.checks = invariants.Checks(self)

    async def live(self, operations_count: int, only: Sequence[actors.Actor]) -> Outcome:
        """Do so many operations, then let everything end."""
        self.steps.crash_chance = self.bank.temper.crash
        self._boot()
        while self.operations_count < operations_count:
            actor = actors.choose(self, only)
            alone = actor in actors.ALONE or (actor in actors.PASSING and self.random.random() < ALONE)
            while len(self._tasks) >= (1 if alone else AT_ONCE_COUNT):
                await self._turn()
            self._begin(actor)
            await self._turn()
            while alone and self._tasks:
                await self._turn()
        await self._end()
        return Outcome(self.seed, self.steps.trace, self.operations_count, self.crashes_count, *self.checks.counts())

    async def _turn(self) -> None:
        await self.steps.turn()
        if self.steps.dead:
            await self._restart()
        self.bank.live()
        self.checks.cheap()
        if self.problems:
            raise Failed("; ".join(self.problems))

    def _begin(self, actor: actors.Actor) -> None:
        self.operations_count += 1
        self.steps.note(f"> {actor.__name__}")
        self._spawn(actor.__name__, actor(self))
        if self.operations_count % VERIFY_EVERY == 0:
            self._spawn("verify", self._verify())

    def _spawn(self, name: str, doing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._do(name, doing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, name: str, doing: Awaitable[None]) -> None:
        try:
            await doing
        except GatewayError as error:
            self.steps.note(f"< {name}: {error.code}")
        except Crash:
            raise
        except Exception as error:  # noqa: BLE001 - told with the seed; a dead process says many things
            if not self.steps.dead:
                self.problems.append(f"{name} raised {error!r} at {log.frames(error)[-1]}")
        else:
            self.steps.note(f"< {name}")

    async def _verify(self) -> None:
        self.problems += (await verification.verify(self.world.store)).problems

    # --- birth and death ---------------------------------------------------------------------------------------------

    def _boot(self) -> None:
        """A process starts on the database as it is, and takes back what the dead one held."""
        self.world = worlds.world(self.around, self.database.open(self.steps), self.rail, self.decision)
        self._spawn("begin", self._begin_work())

    async def _begin_work(self) -> None:
        await self.world.keep_up()
        await jobs.reclaim(self.world)

    async def _restart(self) -> None:
        self.crashes_count += 1
        await worlds.end()
        self.database.crash()
        self.steps.rise()
        self._boot()

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _end(self) -> None:
        """The bank is honest again, the process lives, and days go by until nothing is open."""
        while self._tasks:
            await self._turn()
        self.steps.note("honest from now on")
        self.steps.crash_chance = 0
        self.bank.become_honest(tempers.HONEST)
        self._spawn("resume", servicing_actors.resume_bank(self))
        for _ in range(ENDING_COUNT):
            self.pass_time(2 * DAY)
            for name, doing in (("rounds", self._rounds), ("officers", partial(actors.decide_all, self))):
                self._spawn(name, doing())
                while self._tasks:
                    await self._turn()
            if self.checks.ended():
                break
        self.checks.last()
        self._spawn("verify", self._verify())
        while self._tasks:
            await self._turn()
        await self._turn()

    async def _rounds(self) -> None:
        await work.rounds(self.world)

    def pass_time(self, by: timedelta) -> None:
        """Both clocks go on, and the bank does what comes due."""
        self.around.clock.at += by
        self.around.system_clock.at += by
        self.bank.live()

    def close(self) -> None:
        """Forget the database."""
        self.database.close()


def run(
    seed: int,
    operations_count: int = OPERATIONS_COUNT,
    *,
    temper: Temper | None = None,
    traits: Traits | None = None,
    only: Sequence[actors.Actor] = (),
) -> Outcome:
    """Live one seed, under the bank it draws or the one given, with all operations or only some.

    Raises Failed, with the seed, the last steps, and how to see it again.
    """
    made = Run(seed, temper, traits)
    try:
        with _watched(made.problems, made.steps):
            return loops.run(made.live(operations_count, only), made.steps.release)  # type: ignore[no-any-return]
    except Exception as error:
        again = f"make simulate SEEDS=1 FIRST={seed} OPS={operations_count}"
        raise Failed(
            f"seed {seed}, step {len(made.steps.lines)}: {error}\n{made.steps.told(str(error))}\nagain: {again}"
        ) from error
    finally:
        made.close()


@contextmanager
def _watched(problems: list[str], steps: Steps) -> Iterator[None]:
    """What the core only logs, because it must live on, is a problem here. Monitoring wants models in files."""

    def crash(error: BaseException, **facts: str | int | None) -> None:
        if not steps.dead:
            problems.append(f"{error!r} at {log.frames(error)[-1]}")

    kept = log.crash, work.SWEEPS
    log.crash, work.SWEEPS = crash, tuple(sweep for sweep in work.SWEEPS if sweep is not monitoring.sweep)
    try:
        yield
    finally:
        log.crash, work.SWEEPS = kept
