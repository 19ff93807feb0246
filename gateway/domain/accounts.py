"""Account numbers: the shape and check digits of an IBAN and of a US routing number, and IBANs that nobody holds."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
"""Country → characters of its IBANs, check digits included (SWIFT's IBAN registry)."""

ROUTING_LENGTH = 9
_ROUTING_WEIGHTS = (3, 7, 1) * 3

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")

SANDBOX_BANK_CODE = "REST"
"""A Dutch bank code that is assigned to no bank, so an IBAN that carries it belongs to nobody."""


def is_valid_iban(text: str) -> bool:
    """True for an IBAN in electronic form: capitals, no spaces, its country's length, check digits that agree.

    Whether the account exists is the bank's to say. Source: ISO 13616-1, check digits by ISO 7064 MOD 97-10.
    """
    if not _SHAPE.fullmatch(text) or len(text) != IBAN_LENGTHS.get(text[:2]):
        return False
    # 00, 01 and 99 would also divide, but MOD 97-10 never produces them: they are aliases of 97, 98 and 02.
    return 2 <= int(text[2:4]) <= 98 and _remainder(text) == 1  # noqa: PLR2004 - named in the line above


def is_valid_routing_number(text: str) -> bool:
    """True for nine digits whose last one is the check digit of the others (ABA routing transit number, ANSI X9.100).

    Whether a bank has it is the bank's to say. Nine zeros would agree too, and are no bank's.
    """
    if len(text) != ROUTING_LENGTH or not (text.isascii() and text.isdigit()) or not int(text):
        return False
    return sum(int(digit) * weight for digit, weight in zip(text, _ROUTING_WEIGHTS, strict=True)) % 10 == 0


class Number(NamedTuple):
    """An account of a scheme without IBANs: its number, and its bank's id in that country's clearing."""

    number: str
    clearing_id: str | None = None
    savings: bool = False


def written(account: Number) -> str:
    """As one text, which ends in the account's own number: `12345678`, `021000021/12345678`, `021000021/S/12345678`."""
    parts = (account.clearing_id, "S" if account.savings else None, account.number)
    return "/".join(part for part in parts if part is not None)


def read(text: str) -> Number:
    """What `written` made."""
    clearing_id, _, rest = text.rpartition("/")
    clearing_id, _, savings = clearing_id.partition("/")
    return Number(rest, clearing_id or None, savings == "S")


def tail(number: str) -> str:
    """The last four characters of an account number: enough to recognise one's own."""
    return number[-4:]


def sandbox_iban(seed: str) -> str:
    """A valid Dutch-style IBAN of no real bank, always the same one for `seed`; different seeds rarely share one."""
    digest = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
    bban = f"{SANDBOX_BANK_CODE}{digest % 10**10:010d}"
    return f"NL{98 - _remainder('NL00' + bban):02d}{bban}"


def _remainder(iban: str) -> int:
    """The whole number ISO 7064 reads from an IBAN (letters as 10 to 35, first four characters last), modulo 97."""
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97
