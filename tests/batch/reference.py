"""History files read the plain way, by the csv module and the library's dates: what the fast way must equal."""

from __future__ import annotations

import csv
import re
from datetime import date

REQUIRED = ["merchant_id", "business_on", "sales_amount", "refunds_amount", "tickets_count"]
SIGNED = {"sales_amount", "balance_amount"}
HEADER = ",".join(REQUIRED)
WIDE = HEADER + ",outflow_amount,balance_amount,instalment_amount"

Days = dict[date, tuple[int | None, ...]]


def read(content: bytes) -> dict[str, Days | None]:
    """Merchant → its days, the later row of each; None = one of its rows is broken. Lines of nobody are left out."""
    first, *lines = content.split(b"\n")
    names = first.decode().split(",")
    found: dict[str, Days | None] = {}
    for line in (one.removesuffix(b"\r") for one in lines):
        raw = line.split(b",")
        if not line:
            continue
        try:
            fields = next(csv.reader([line.decode()], strict=True))
        except (UnicodeDecodeError, csv.Error):
            if len(raw) > 1 and raw[0]:
                found[raw[0].decode(errors="backslashreplace")] = None
            continue
        row = _row(dict(zip(names, fields, strict=False))) if len(fields) == len(names) else None
        if row is None:
            if len(fields) > 1 and fields[0]:
                found[fields[0]] = None
        elif (days := found.setdefault(fields[0], {})) is not None:
            days[row[0]] = row[1]
    return found


def _row(fields: dict[str, str]) -> tuple[date, tuple[int | None, ...]] | None:
    name, on, *_ = fields.values()
    if not 1 <= len(name.encode()) <= 128 or re.search(r"[\x00-\x1f\x7f]", name):
        return None
    try:
        day = date.fromisoformat(on) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", on) else None
    except ValueError:
        return None
    amounts = [_amount(field, text) for field, text in list(fields.items())[2:]]
    if day is None or not 1970 <= day.year < 2200 or "broken" in amounts:
        return None
    return day, tuple(one if isinstance(one, int) else None for one in amounts)


def _amount(field: str, text: str) -> int | str | None:
    if not text and field not in REQUIRED:
        return None
    if not re.fullmatch(r"-?[0-9]{1,16}", text) or abs(int(text)) > 10**15:
        return "broken"
    return "broken" if int(text) < 0 and field not in SIGNED else int(text)
