"""`gateway score`: a file of histories in, one JSON line a merchant out, in the order in which they first appear."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from datetime import date
from itertools import islice
from typing import IO, TYPE_CHECKING

import msgspec

from gateway.batch import histories, policies, scores, spool
from gateway.batch.lines import YEARS
from gateway.domain import money
from gateway.domain.errors import Invalid
from gateway.domain.positions import Profile
from gateway.domain.tiers import Tier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.batch.files import Faults
    from gateway.batch.histories import Reading
    from gateway.batch.scores import Terms
    from gateway.batch.sheets import Sheet
    from gateway.batch.spool import Spool
    from gateway.ports import Scorer

BATCH_COUNT = 256
"""Merchants the models answer for at once; more costs memory and gains nothing."""
SOME_FAILED = 1


class InvalidScoring(Invalid):
    """What a batch was asked for makes no sense."""

    code = "invalid_scoring"
    title = "The histories cannot be scored like this"


class Summary(msgspec.Struct):
    """What a run came to; `flags` counts the merchants that carry each."""

    merchants_count: int = 0
    errors: Counter[str] = msgspec.field(default_factory=Counter)
    flags: Counter[str] = msgspec.field(default_factory=Counter)
    strays_count: int = 0

    def text(self) -> str:
        """Some lines for a person."""
        failed = self.errors.total()
        said = [f"{self.merchants_count} merchants: {self.merchants_count - failed} scored, {failed} not"]
        said += [f"  {count} of them: {code}" for code, count in sorted(self.errors.items())]
        said += [f"  flagged {flag}: {count}" for flag, count in sorted(self.flags.items())]
        if self.strays_count:
            said.append(f"{self.strays_count} lines are of no merchant that can be told")
        return "\n".join(said)


def run(scorer: Scorer, arguments: argparse.Namespace) -> int:
    """0 = every merchant was scored, 1 = some could not be. Raises BadHistoryFile and InvalidScoring."""
    terms = _terms(arguments)
    if not arguments.history.is_file():
        raise InvalidScoring(f"{arguments.history} is no file that can be read")
    with spool.opened() as answers:
        try:
            summary = score(scorer, terms, arguments.history, answers)
        except OSError as error:
            raise InvalidScoring(f"{arguments.history} cannot be scored: {error}") from None
        with _output(arguments.output) as output:
            answers.pour(output)
    print(summary.text(), file=sys.stderr)
    return SOME_FAILED if summary.errors or summary.strays_count else 0


def score(scorer: Scorer, terms: Terms, history: Path, answers: Spool) -> Summary:
    """Score everybody in a file into `answers`. Raises BadHistoryFile."""
    encode = msgspec.json.Encoder().encode

    def take(sheets: Iterator[Sheet], reading: Reading) -> Summary:
        answers.clear()
        summary, last = Summary(), 0
        while some := list(islice(sheets, BATCH_COUNT)):
            for sheet, answer in zip(some, scores.score(scorer, terms, some), strict=True):
                answers.add(sheet.line, encode(answer))
                summary.flags.update(answer.flags.keys())
                if answer.error is not None:
                    summary.errors[answer.error.code] += 1
                last = max(last, sheet.line)
            summary.merchants_count += len(some)
        if strays := reading.strays.count:
            summary.strays_count = strays
            answers.add(last + 1, encode(_strays(reading.strays)))
        return summary

    return histories.whole(history, None if terms.as_of is None else terms.as_of.toordinal(), take)


def _strays(strays: Faults) -> scores.Answer:
    """The last line of an answer to a file with lines that name no merchant."""
    return scores.Answer(None, error=scores.Problem("rows_of_nobody", strays.first, tuple(strays.lines), strays.count))


def _terms(arguments: argparse.Namespace) -> Terms:
    money.exponent(arguments.currency)
    programme = policies.read(arguments.programme)
    return scores.Terms(programme, arguments.currency, Profile(tier=Tier(arguments.tier)), _date(arguments.as_of))


def _date(text: str | None) -> date | None:
    try:
        on = None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InvalidScoring(f"--as-of is not a date: {text}") from None
    if on is not None and on.year not in YEARS:
        raise InvalidScoring(f"--as-of is not between {YEARS.start} and {YEARS.stop - 1}")
    return on


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that appears when it is whole."""
    if path is None:
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # whoever reads has seen enough; nothing more is flushed at exit either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if path.exists() and not path.is_file():  # a device or a pipe is written to, never replaced
        try:
            with path.open("wb") as output:
                yield output
        except OSError as error:
            raise InvalidScoring(f"{path} cannot be written: {error}") from None
        return
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)  # where another's link lies here, what it points at stays
        with partial.open("xb") as output:
            yield output
        partial.replace(path)
    except OSError as error:
        raise InvalidScoring(f"{path} cannot be written: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
