"""One telling of the story: receipts in, a world started for them, every step said, an exit status out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

import msgspec

from gateway.demo import gateway_process, look, receipts, shop, stay, steps, world
from gateway.demo.ending import Ending
from gateway.demo.pos.plan import FileShop
from gateway.demo.story import Story, StoryEnded
from gateway.demo.till import Till
from gateway.demo.told import Told
from gateway.domain import calendars
from gateway.domain.errors import GatewayError, Invalid

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from datetime import date, datetime

    from gateway.demo.answers import Drawdown, Forecasts

AFTER_CUTOFF = timedelta(minutes=55)
"""The clock stands this long after each day's end: within the gateway's grace of two hours, and with a margin of an
hour for summer time on either side, so that no day closes by itself before its receipts are pushed."""
_SUPRANATIONAL = {"EUR": "NL", "XAF": "CM", "XOF": "SN"}


async def tell(arguments: Namespace) -> int:
    """Live the story; 0 when the money is back, 1 when the story cannot be completed, 2 for unusable input."""
    say = _listener(arguments, sys.stdout)
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no such handler; Ctrl-C still works
        loop.add_signal_handler(signal.SIGTERM, task.cancel if task else lambda: None)
    try:
        if arguments.once or arguments.json or arguments.sales or arguments.columns:
            till = Till(await asyncio.to_thread(_receipts, arguments))
            as_of_on = till.as_of(arguments.as_of)
            say(_read(till, as_of_on))
        if arguments.once or arguments.json:
            await _live(arguments, till, as_of_on, say)
        elif arguments.sales:
            file_shop = FileShop(till.receipts, _country(arguments), as_of_on)
            await stay.until_stopped(arguments.keep, stay.evening(as_of_on, till.receipts.timezone), file_shop, say)
        else:
            await stay.until_stopped(arguments.keep, stay.evening(arguments.as_of), None, say)
    except GatewayError as error:
        say(steps.Failed(code=error.code, detail=error.detail))
        if arguments.json:
            print(f"gateway demo: {error.detail}", file=sys.stderr)
        return Ending.unusable if isinstance(error, Invalid) else Ending.unfinished
    except BrokenPipeError:  # whoever read us, such as `head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Ending.unfinished
    except asyncio.CancelledError:
        print(file=sys.stderr)
        return Ending.interrupted
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)
    return Ending.done


async def _live(arguments: Namespace, till: Till, as_of_on: date, say: Callable[[steps.Step], None]) -> None:
    began = time.perf_counter()
    currency = till.receipts.currency
    async with (
        world.start(arguments.keep, _opening(till, as_of_on), currency, "demo", say) as found,
        found.partner() as partner,
    ):
        story = Story(partner, till, as_of_on, _country(arguments), say)
        await story.onboard()
        await story.consent()
        eve = await story.bring_history()
        offered = await story.take_offer(eve)
        forecasts = await story.foresee()
        drawdown = await story.draw(offered.offer)
        drawdown = await story.live_until_repaid(drawdown)
        balanced = await gateway_process.verify(found.place)
    say(_result(offered, forecasts, drawdown, balanced=balanced, began=began))
    if not balanced:
        raise StoryEnded("the money is repaid, but `gateway verify` found a fault in the books")


def _opening(till: Till, as_of_on: date) -> datetime:
    """Where the clock starts: shortly after the eve of as-of is over."""
    return (
        calendars.ends_at(as_of_on - timedelta(days=1), till.receipts.timezone, till.receipts.day_cutoff) + AFTER_CUTOFF
    )


def _receipts(arguments: Namespace) -> receipts.Receipts:
    if arguments.sales is None:
        if arguments.columns:
            raise Invalid("--columns describes a file: give it with --sales")
        return shop.receipts(arguments.seed)
    if not arguments.columns:
        raise Invalid("--sales needs --columns occurred_at=…,amount=… to say what the file's columns mean")
    reading = receipts.Reading(
        columns=receipts.parse_columns(arguments.columns),
        currency=arguments.currency,
        timezone=arguments.timezone,
        day_cutoff=arguments.day_cutoff,
        date_format=arguments.date_format,
    )
    return receipts.read(arguments.sales, reading)


def _read(till: Till, as_of_on: date) -> steps.Read:
    found = till.receipts
    return steps.Read(
        name=found.name,
        currency=found.currency,
        timezone=found.timezone,
        receipts_count=len(found.receipts),
        first_on=till.first_on,
        last_on=till.last_on,
        as_of_on=as_of_on,
        date_format=found.date_format,
        blank_count=found.blank_count,
        without_amount_count=found.without_amount_count,
        zero_count=found.zero_count,
        repeated_count=found.repeated_count,
    )


def _result(
    offered: steps.Offered, forecasts: Forecasts, drawdown: Drawdown, *, balanced: bool, began: float
) -> steps.Result:
    return steps.Result(
        as_of_on=offered.as_of_on,
        currency=offered.offer.currency,
        takings_today_amount=offered.takings_today_amount,
        net_sales_30d_amount=offered.net_sales_30d_amount,
        limit_amount=offered.offer.limit_amount,
        available_amount=offered.offer.available_amount,
        terms=offered.offer.terms,
        forecast_7=forecasts.forecast_7,
        forecast_30=forecasts.forecast_30,
        drawdown=drawdown,
        repaid_amount=drawdown.repaid_amount,
        ledger_balanced=balanced,
        decision_ms=offered.decision_ms,
        elapsed_ms=round((time.perf_counter() - began) * 1000),
    )


def _listener(arguments: Namespace, stream: TextIO) -> Callable[[steps.Step], None]:
    if not arguments.json:
        return Told(stream, look.look_of(stream, os.environ)).say

    def write(step: steps.Step) -> None:
        if not isinstance(step, steps.Working):
            stream.write(msgspec.json.encode(step).decode() + "\n")
            stream.flush()

    return write


def _country(arguments: Namespace) -> str:
    """A currency's code begins with its country's (ISO 4217), unless several countries share it."""
    if arguments.country:
        return str(arguments.country).upper()
    currency = arguments.currency if arguments.sales else shop.CURRENCY
    return _SUPRANATIONAL.get(currency, currency[:2])
