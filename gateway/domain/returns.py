"""What a failed or returned debit means for the next one, by the bank's reason code.

Codes are ISO 20022's ExternalReturnReason1Code and ExternalStatusReason1Code; NACHA's are told by the ISO code of the
same meaning (`FROM_NACHA`). A code that is not known is for a person: trying again might be forbidden.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum


class Course(StrEnum):
    """What follows."""

    retry = "retry"
    """The account is there and the debit allowed: try again later, a bounded number of times."""
    reauthorise = "reauthorise"
    """Nothing may be debited until the merchant gives a new mandate or another account."""
    review = "review"
    """A person decides."""


_RETRY = frozenset({"AM04", "MS02", "MS03", "AB05", "AB06", "ED05", "TM01", "DT01", "AG02", "FF05"})
_REAUTHORISE = frozenset({
    "AC01", "AC04", "AC06", "AC13", "AG01", "BE05", "MD01", "MD02", "MD06", "MD07", "MD15", "MD16", "MD17", "RC01",
    "RC04", "RR01", "SL01", "SL11", "SL12", "SL13", "SL14",
})  # fmt: skip
RETRIES_COUNT = 2
"""How often one debit is tried again; NACHA allows two re-presentments (Operating Rules 2.13.4)."""
RETRY_AFTER = (timedelta(days=3), timedelta(days=7))
"""How long after the failure, by the number of the retry."""

FROM_NACHA = {
    "R01": "AM04", "R02": "AC04", "R03": "AC01", "R04": "AC01", "R05": "MD01", "R06": "FOCR", "R07": "MD16",
    "R08": "MS02", "R09": "AM04", "R10": "MD06", "R11": "MD06", "R12": "RC01", "R13": "RC01", "R14": "MD07",
    "R15": "MD07", "R16": "AC06", "R17": "AC01", "R20": "AC13", "R23": "MS02", "R24": "AM05", "R29": "MD01",
    "R51": "MD01",
}  # fmt: skip
"""Return codes of the Nacha Operating Rules (Appendix Four) that a debit or credit can come back with."""


def course(code: str | None) -> Course:
    """What follows a return or refusal with this reason; no reason is for a person."""
    if code in _RETRY:
        return Course.retry
    return Course.reauthorise if code in _REAUTHORISE else Course.review


def retry_on(code: str | None, attempts_count: int, failed_on: date) -> date | None:
    """The day a debit that failed `attempts_count` times is tried again; None = it is not."""
    if course(code) is not Course.retry or not 1 <= attempts_count <= RETRIES_COUNT:
        return None
    return failed_on + RETRY_AFTER[attempts_count - 1]
