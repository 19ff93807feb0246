"""ACH return files, BAI2 statements and acknowledgements as a US bank would send them, each whole and consistent."""

from __future__ import annotations

from adapters.banks.nacha.wire import files, records

PAID = "16,447,1000,Z,DRAWDOWN-1,0000000001-2603020001B,Shop/"
FILE = "20260302-000037"
"""The message id of the file that `PAID` and every acknowledgement here name by its identity."""


def returned(
    code: str = "R02", *, transaction: str = "21", reference: str = "DRAWDOWN-1", amount: int = 1_000, more: str = ""
) -> bytes:
    """A return file of one entry."""
    layout = records.ADDENDA_CORRECTION if code.startswith("C") else records.ADDENDA_RETURN
    addenda_type, information = ("98", "corrected") if code.startswith("C") else ("99", "information")
    header = records.make(
        records.FILE_HEADER,
        type=1, priority=1, destination=" 121042882", origin=" 231380104", created_on="260303", created_at="0900",
        modifier="A", record_size="094", blocking=10, format=1,
    )  # fmt: skip
    batch = records.make(
        records.BATCH_HEADER,
        type=5, service_class=200, company_name="Bank", company_id="1234567890",
        entry_class="COR" if code.startswith("C") else "CCD", description="RETURN", effective_on="260303",
        originator_status=1, odfi="23138010", batch_number=1,
    )  # fmt: skip
    entry = records.make(
        records.ENTRY,
        type=6, transaction_code=transaction, rdfi="12104288", check_digit=2, account="0099-12", amount=amount,
        individual_id=reference, name="Shop", addenda=1, trace="231380100000001",
    )  # fmt: skip
    why = records.make(
        layout,
        type=7, addenda_type=addenda_type, code=code, original_trace="121042880000001", original_rdfi="23138010",
        trace="231380100000001", **{information: more},
    )  # fmt: skip
    return files.write(files.File(header, (files.Batch(batch, (files.Entry(entry, (why,)),)),)))


def statement(*details: str, currency: str = "USD", status: str = "1", day: str = "260302", more: int = 0) -> bytes:
    """A BAI2 statement of one account whose trailers agree with it."""
    total = 1_000 + 900 + sum(int(detail.split(",")[2] or 0) for detail in details) + more
    count = len(details) + sum(detail.count("\n88,") for detail in details)
    lines = [
        "01,BANK,RESTOCK,260303,0900,1,,,2/",
        f"02,RESTOCK,BANK,{status},{day},0900,{currency},/",
        f"03,0000000001,{currency},010,+1000,,Z,015,+900,,Z/",
        *details,
        f"49,{total:+d},{2 + count}/",
        f"98,{total:+d},1,{4 + count}/",
        f"99,{total:+d},1,{6 + count}/",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def acknowledgement(*lines: str, status: str = "ACCP") -> bytes:
    head = ["ACKNOWLEDGEMENT MB-1", "CREATED 2026-03-02T09:00:00+00:00", "FILE 0000000001-2603020001B"]
    return "".join(f"{line}\n" for line in [*head, f"STATUS {status}", *lines]).encode()
