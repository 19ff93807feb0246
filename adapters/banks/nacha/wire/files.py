"""An ACH file as a whole: its batches and entries, with every count, hash and total computed when written and read.

Reading trusts nothing: whatever the control records say must be what the records add up to, or the file is refused.
An account number and a reference are covered by no check digit, so a change there is the transport's to prevent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from adapters.banks.nacha.wire import records
from adapters.banks.nacha.wire.records import Record
from gateway.bank_ports import Unreadable
from gateway.domain.accounts import is_valid_routing_number

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 8 * 1024 * 1024
"""About 80,000 records, far above a day's returns of one lender."""
CREDITS_ONLY, DEBITS_ONLY = "220", "225"
_SERVICE_CLASSES = frozenset({"200", CREDITS_ONLY, DEBITS_ONLY})
_HASH_DIGITS = 10**10
_OTHER_LAYOUTS = frozenset({"IAT", "ADV"})
"""Entry classes whose records are laid out otherwise: international entries and automated accounting advices."""


class Entry(msgspec.Struct, frozen=True):
    """One entry detail with its addenda."""

    detail: Record
    addenda: tuple[Record, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Which total it counts in: the receiver's account is credited (1 to 4) or debited (5 to 9), returns too."""
        return self.detail.values["transaction_code"][1] in "1234"


class Batch(msgspec.Struct, frozen=True):
    """A batch header and its entries."""

    header: Record
    entries: tuple[Entry, ...]


class File(msgspec.Struct, frozen=True):
    """A file header and its batches."""

    header: Record
    batches: tuple[Batch, ...]


class Sums(msgspec.Struct, frozen=True):
    """What a control record says: entries and addenda, the sum of the receiving banks, cents each way."""

    count: int = 0
    hash: int = 0
    debits: int = 0
    credits: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.count + other.count,
            (self.hash + other.hash) % _HASH_DIGITS,
            self.debits + other.debits,
            self.credits + other.credits,
        )


def write(file: File) -> bytes:
    """The file's bytes with its control records and the last block filled. Raises ValueError for a total too large."""
    lines = [file.header]
    total = Sums()
    for batch in file.batches:
        sums = _sums(batch.entries)
        total += sums
        lines.append(batch.header)
        for entry in batch.entries:
            lines += [entry.detail, *entry.addenda]
        same = {name: batch.header.text(name) for name in ("service_class", "company_id", "odfi", "batch_number")}
        lines.append(records.make(records.BATCH_CONTROL, type=8, **same, **msgspec.structs.asdict(sums)))
    blocks = -(-(len(lines) + 1) // records.BLOCK)
    totals = msgspec.structs.asdict(total)
    lines.append(records.make(records.FILE_CONTROL, type=9, batches=len(file.batches), blocks=blocks, **totals))
    filler = [records.FILLER] * (blocks * records.BLOCK - len(lines))
    return "".join(f"{text}\n" for text in [*map(records.line, lines), *filler]).encode("ascii")


def parse(body: bytes) -> File:
    """A file whose structure, counts, hashes, totals and routing numbers all agree. Raises Unreadable."""
    lines, filler = _lines(body)
    header, control = lines[0], lines[-1]
    if header.layout is not records.FILE_HEADER:
        raise Unreadable("an ACH file starts with a file header")
    if control.layout is not records.FILE_CONTROL:
        raise Unreadable("the file has no file control at its end")
    if [header.text(name) for name in ("priority", "record_size", "blocking", "format")] != ["01", "094", "10", "1"]:
        raise Unreadable("the file header does not promise records of 94 characters in blocks of 10")
    batches: list[Batch] = []
    total = Sums()
    position = 1
    while position < len(lines) - 1:
        batch, sums, position = _batch(lines, position)
        batches.append(batch)
        total += sums
    _agree(control, total)
    _is(control, "batches", len(batches))
    _is(control, "blocks", -(-len(lines) // records.BLOCK))
    if filler != -len(lines) % records.BLOCK:
        raise Unreadable(f"{len(lines)} records are followed by {filler} lines of nines, which fill no block of ten")
    return File(header, tuple(batches))


def _lines(body: bytes) -> tuple[list[Record], int]:
    """The records, and how many lines of nines follow them."""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"the file is larger than {MAX_BYTES} bytes")
    text = body.decode("latin-1").rstrip("\r\n")
    if "\n" not in text and len(text) % records.LENGTH == 0:
        split = [text[start : start + records.LENGTH] for start in range(0, len(text), records.LENGTH)]
    else:
        split = [line.removesuffix("\r") for line in text.split("\n")]
    if not text:
        raise Unreadable("the file is empty")
    end = len(split)
    while end and split[end - 1] == records.FILLER:
        end -= 1
    if not end:
        raise Unreadable("the file holds nothing but lines of nines")
    return [records.read(line, number) for number, line in enumerate(split[:end], start=1)], len(split) - end


def _batch(lines: Sequence[Record], position: int) -> tuple[Batch, Sums, int]:
    """The batch that starts at `position`, what it adds up to, and where the next one starts."""
    header = lines[position]
    if header.layout is not records.BATCH_HEADER:
        raise Unreadable(f"line {header.line}: a {header.layout.name} where a batch header belongs")
    if header.text("entry_class") in _OTHER_LAYOUTS:
        raise Unreadable(f"line {header.line}: batches of class {header.text('entry_class')} are not read")
    position += 1
    entries: list[Entry] = []
    while position < len(lines) and lines[position].layout is records.ENTRY:
        entry, position = _entry(lines, position)
        entries.append(entry)
    if position >= len(lines) or lines[position].layout is not records.BATCH_CONTROL:
        raise Unreadable(f"the batch of line {header.line} is not closed by a batch control after its entries")
    control = lines[position]
    sums = _sums(entries)
    _agree(control, sums)
    for name in ("service_class", "company_id", "odfi", "batch_number"):
        if control.text(name) != header.text(name):
            raise Unreadable(f"line {control.line}: {name} is not the batch header's")
    _fits_its_class(header, sums)
    return Batch(header, tuple(entries)), sums, position + 1


def _entry(lines: Sequence[Record], position: int) -> tuple[Entry, int]:
    detail = lines[position]
    end = position + 1
    while end < len(lines) and lines[end].text("type") == "7":
        end += 1
    code = detail.text("transaction_code")
    if code[0] not in "02345" or (code[1] in "05" and code != "55"):
        raise Unreadable(f"line {detail.line}: {code} is not a transaction code")
    if not is_valid_routing_number(detail.text("rdfi") + detail.text("check_digit")):
        raise Unreadable(f"line {detail.line}: the receiving bank's routing number fails its check digit")
    if (detail.number("addenda") > 0) != (end > position + 1):
        raise Unreadable(f"line {detail.line}: the entry's addenda indicator and its addenda disagree")
    return Entry(detail, tuple(lines[position + 1 : end])), end


def _sums(entries: Sequence[Entry]) -> Sums:
    cents = {True: 0, False: 0}
    for entry in entries:
        cents[entry.is_credit] += entry.detail.number("amount")
    return Sums(
        count=sum(1 + len(entry.addenda) for entry in entries),
        hash=sum(entry.detail.number("rdfi") for entry in entries) % _HASH_DIGITS,
        debits=cents[False],
        credits=cents[True],
    )


def _agree(control: Record, sums: Sums) -> None:
    for name, value in msgspec.structs.asdict(sums).items():
        _is(control, name, value)


def _is(control: Record, name: str, value: int) -> None:
    said = control.number(name)
    if said != value:
        raise Unreadable(
            f"line {control.line}: {name} of the {control.layout.name} is {said}, the records give {value}"
        )


def _fits_its_class(header: Record, sums: Sums) -> None:
    service = header.text("service_class")
    if service not in _SERVICE_CLASSES:
        raise Unreadable(f"line {header.line}: {service} is not a service class")
    if (service == CREDITS_ONLY and sums.debits) or (service == DEBITS_ONLY and sums.credits):
        raise Unreadable(f"line {header.line}: entries go the other way than service class {service} says")
