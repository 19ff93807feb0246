"""ACH files nobody here wrote: each is read whole, or refused with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.banks.nacha import wire
from adapters.banks.nacha.wire import files
from gateway.bank_ports import Unreadable

if TYPE_CHECKING:
    from pathlib import Path


_INTERNATIONAL, _ADVICE = "batches of class IAT are not read", "batches of class ADV are not read"
_NO_HEADER, _STRANGE = "starts with a file header", "holds a character no ACH record has"
MALFORMED = {
    "0.ach": _NO_HEADER,
    "1.ach": _NO_HEADER,
    "2.ach": _NO_HEADER,
    "20110729A-invalid.ach": "created_at of the file header is not a number",
    "20110805A.ach": _INTERNATIONAL,
    "20180713-IAT.ach": _INTERNATIONAL,
    "20180716-IAT-A17-A18.ach": _INTERNATIONAL,
    "20180716-IAT-A17.ach": _INTERNATIONAL,
    "3.ach": "credits of the file control is not a number",
    "4.ach": _STRANGE,
    "5.ach": _STRANGE,
    "Iat-invalidAddenda13.ach": _STRANGE,
    "adv-invalidBatchEntries.ach": _ADVICE,
    "adv-invalidFileControl.ach": _ADVICE,
    "adv-noFileControl.ach": "no file control",
    "adv-read.ach": _ADVICE,
    "adv.ach": _ADVICE,
    "bh-ed-ad-bh-ed-ad-ed-ad.ach": _NO_HEADER,
    "extended-ascii.ach": _STRANGE,
    "flattenADVBatchesMultipleBatchHeaders.ach": _ADVICE,
    "flattenADVBatchesOneBatchHeader.ach": _ADVICE,
    "flattenIATBatchesMultipleBatchHeaders.ach": _INTERNATIONAL,
    "flattenIATBatchesOneBatchHeader.ach": _INTERNATIONAL,
    "iat-addenda98.ach": "company_id is not the batch header's",
    "iat-addenda99.ach": _INTERNATIONAL,
    "iat-mixedCreditDebit.ach": _INTERNATIONAL,
}
"""Files whose structure is refused; every other one has counts, hashes, totals and routing numbers that agree."""
TOLD = {
    "FISERV-ZEROFILE-PIMRET825324_032720_110221.ach": [],
    "contested-return.ach": [("returned", "ABC##jvkdjfuiwn", "R71", None)],
    "cor-example.ach": [("correction", "location #23", "C01", "1918171614")],
    "cor-read.ach": [("correction", "location #23", "C01", "1918171614")],
    "dishonored-return.ach": [("returned", "45689033", "R68", None), ("returned", "45689033", "R68", None)],
}
"""Files of returns and corrections, with their facts; every other one holds new payments: no bank sends us those."""


def test_every_conformance_file_is_read_or_refused_with_the_reason(shared: Path) -> None:
    samples = {path.name: path.read_bytes() for path in sorted((shared / "conformance" / "nacha").glob("*.ach"))}
    assert len(samples) == 60
    refused = {name: _refusal(files.parse, body) for name, body in samples.items()}
    assert {name for name, reason in refused.items() if reason} == set(MALFORMED)
    assert [name for name, reason in MALFORMED.items() if reason not in (refused[name] or "")] == []
    for name in samples.keys() - MALFORMED.keys() - TOLD.keys():
        assert "neither a return nor a correction" in (_refusal(wire.read, samples[name]) or ""), name


@pytest.mark.parametrize("name", TOLD)
def test_real_returns_and_corrections_are_told(shared: Path, name: str) -> None:
    events = wire.read((shared / "conformance" / "nacha" / name).read_bytes())
    told = [(e.kind.value, e.end_to_end_id, e.reason, e.corrected.other_id if e.corrected else None) for e in events]
    assert told == TOLD[name]


def test_a_real_file_is_written_again_in_its_own_bytes(shared: Path) -> None:
    for path in sorted((shared / "conformance" / "nacha").glob("*.ach")):
        body = path.read_bytes()
        if path.name not in MALFORMED and b"\r" not in body:
            whole = b"".join(line.ljust(94) + b"\n" for line in body.splitlines() if line)
            assert files.write(files.parse(body)).split() == whole.split(), path.name


def _refusal(reader: object, body: bytes) -> str | None:
    try:
        reader(body)  # type: ignore[operator]
    except Unreadable as refusal:
        return refusal.detail
    return None
