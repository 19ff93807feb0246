"""`gateway demo`: what it understands. The story itself is loaded only when it is told, so that --help is quick."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import date
from pathlib import Path

from gateway.demo import shop


def add_arguments(parser: ArgumentParser) -> None:
    """Everything `gateway demo` understands."""
    parser.description = (
        "Start a gateway and an independent bank on free loopback ports with a fresh database and live a shop's story: "
        "its sales arrive, an offer is made, money is paid out and repaid from later sales."
    )
    parser.add_argument("--once", action="store_true", help="live the story to its end and exit: 0 when it is repaid")
    parser.add_argument("--json", action="store_true", help="one JSON object per step, the last one the result; --once")
    parser.add_argument("--sales", type=Path, metavar="FILE", help="a CSV file of real receipts; else a made-up shop")
    parser.add_argument(
        "--columns",
        metavar="FIELD=COLUMN,…",
        help="what the file's columns mean: occurred_at=…,amount=…[,time=…,sale_id=…,kind=…]",
    )
    parser.add_argument("--currency", default=shop.CURRENCY, help="ISO 4217 code of the file's amounts (%(default)s)")
    parser.add_argument("--timezone", default=shop.TIMEZONE, help="IANA zone of the file's times (%(default)s)")
    parser.add_argument(
        "--day-cutoff", type=_cutoff, default="00:00", metavar="HH:MM", help="when the shop's day ends (%(default)s)"
    )
    parser.add_argument("--date-format", metavar="PATTERN", help="strptime pattern, when the file alone is not clear")
    parser.add_argument("--as-of", type=_date, metavar="DATE", help="the day of the offer; 120 days before the end")
    parser.add_argument("--country", help="ISO 3166-1 alpha-2 code of the shop; else its currency's")
    parser.add_argument("--seed", type=int, default=7, help="of the made-up shop (%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the database and the log in this new folder")


async def run(arguments: Namespace) -> int:
    """Tell the story, and return its `Ending`."""
    from gateway.demo import telling  # noqa: PLC0415 - an HTTP client and cryptography are not needed for --help

    return await telling.tell(arguments)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date such as 2020-01-04") from None


def _cutoff(text: str) -> str:
    if re.fullmatch(r"0[0-9]:[0-5][0-9]", text) is None:
        raise ArgumentTypeError(f"{text!r} is not a time between 00:00 and 09:59")
    return text
