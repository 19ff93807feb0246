"""A column profile: how one program's CSV exports are to be read. Kept as TOML, checked before any file is opened."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources
from typing import Annotated, Literal

import msgspec

from gateway.domain import calendars
from gateway.domain.details import Datatype
from gateway.domain.errors import Invalid
from gateway.domain.purchases import NewPurchase
from gateway.domain.sales import Line, NewSale
from gateway.domain.signals import Cash, Device, Logistics, Rating, Tax, UtilityBill
from gateway.domain.stock import NewStock

TYPES: dict[str, type[msgspec.Struct]] = {
    "sale": NewSale, "stock": NewStock, "purchase": NewPurchase, "tax": Tax, "utility": UtilityBill,
    "logistics": Logistics, "rating": Rating, "device": Device, "cash": Cash,
}  # fmt: skip
"""What the rows of a file can be."""
_OTHERS = {"sale": Datatype.sales, "stock": Datatype.stock, "purchase": Datatype.purchases}
ENCODINGS = Literal[
    "utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1250", "windows-1252", "iso-8859-1",
    "iso-8859-15",
]  # fmt: skip
Column = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Columns = Column | Annotated[list[Column], msgspec.Meta(min_length=2, max_length=3)]
Mark = Annotated[str, msgspec.Meta(max_length=8)]
_SALE_ONLY = ("line", "product", "whole")


class BadProfile(Invalid):
    """A column profile that cannot be used, whatever the file."""

    code = "bad_profile"
    title = "The column profile cannot be used"


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a row's amount is not written but is quantity × unit price."""

    quantity: Column
    unit_price: Column


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See docs/import.md for what each line means; columns are named as the file's header names them."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\Z")]
    about: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    record: str
    encoding: ENCODINGS = "utf-8"
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    quote: Annotated[str, msgspec.Meta(max_length=1)] = '"'
    header_row: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1
    footers: list[Mark] = msgspec.field(default_factory=list)
    skip: dict[Column, list[str]] = msgspec.field(default_factory=dict)
    keep: dict[Column, list[str]] = msgspec.field(default_factory=dict)
    rows: Literal["records", "lines"] = "records"
    whole: list[str] = msgspec.field(default_factory=list)
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Annotated[str, msgspec.Meta(max_length=1)] = ""
    currency_marks: list[Mark] = msgspec.field(default_factory=list)
    rounding: Literal["exact", "half_up"] = "exact"
    zero: Literal["refuse", "skip"] = "refuse"
    sign: Literal["as_written", "opposite"] = "as_written"
    refunds: Literal["never", "negative"] = "never"
    tax_included: bool = True
    tax_bps: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    dates: Annotated[list[str], msgspec.Meta(min_length=1, max_length=8)]
    timezone: str | None = None
    columns: dict[str, Columns]
    constants: dict[str, str | int] = msgspec.field(default_factory=dict)
    values: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    product: Product | None = None
    line: dict[str, Columns] = msgspec.field(default_factory=dict)

    @property
    def kind(self) -> type[msgspec.Struct]:
        """The type that its rows become."""
        return TYPES[self.record]

    @property
    def datatype(self) -> Datatype:
        """What such rows are to whoever consents to them."""
        return _OTHERS[self.record] if self.record in _OTHERS else Datatype(f"signals.{self.record}")

    @property
    def id_field(self) -> str:
        """The field that tells its records apart."""
        return next(name for name in ("sale_id", "stock_id", "purchase_id", "signal_id") if name in fields(self.kind))


def fields(kind: type[msgspec.Struct]) -> dict[str, bool]:
    """Each field's name, and whether there is a record without it."""
    return {field.name: not field.required for field in msgspec.structs.fields(kind)}


def read(text: str) -> Profile:
    """A profile's TOML. Raises BadProfile."""
    try:
        profile = msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadProfile(f"The profile cannot be read: {str(error)[:300]}") from None
    if profile.record not in TYPES:
        raise BadProfile(f"record is one of {', '.join(TYPES)}")
    _check_fields(profile)
    _check_marks(profile)
    if profile.timezone is not None:
        calendars.zone(profile.timezone)
    return profile


def names() -> list[str]:
    """The profiles that come with the gateway."""
    found = (resources.files(__package__) / "profiles").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in found if file.name.endswith(".toml"))


def shipped(name: str) -> str:
    """The TOML of a profile that comes with the gateway. Raises BadProfile."""
    if name not in names():
        raise BadProfile(f"There is no profile {name[:40]}; there are {', '.join(names())}, or name a file")
    return (resources.files(__package__) / "profiles" / f"{name}.toml").read_text(encoding="utf-8")


def _check_fields(profile: Profile) -> None:
    known = fields(profile.kind)
    given = profile.columns.keys() | profile.constants.keys()
    unknown = sorted((given | profile.values.keys()) - known.keys())
    if unknown:
        raise BadProfile(f"A {profile.record} has no {', '.join(unknown)}; it has {', '.join(known)}")
    filled = {profile.id_field, "currency", *(["kind"] if profile.record == "sale" else [])}
    filled |= {"amount"} if profile.product is not None else set()
    lacking = sorted(name for name, optional in known.items() if not optional and name not in given | filled)
    if lacking:
        raise BadProfile(f"Every {profile.record} needs {', '.join(lacking)}: name the columns, or constants")
    if profile.record != "sale" and any(getattr(profile, name) for name in _SALE_ONLY):
        raise BadProfile(f"Only sales have {', '.join(_SALE_ONLY)}")
    if set(profile.line) - fields(Line).keys():
        raise BadProfile(f"A line has {', '.join(fields(Line))}")
    if profile.rows == "lines" and (profile.record != "sale" or profile.id_field not in profile.columns):
        raise BadProfile("Rows that are lines are lines of sales, and the column of sale_id tells of which")


def _check_marks(profile: Profile) -> None:
    if profile.decimal_mark == profile.thousands_mark or profile.thousands_mark.isdigit():
        raise BadProfile("decimal_mark and thousands_mark must be told apart")
    if profile.delimiter in {profile.quote, "\r", "\n"}:
        raise BadProfile("The delimiter must be a character of its own")
    for shape in profile.dates:
        try:
            date(2026, 11, 22).strftime(shape)
        except ValueError:
            raise BadProfile(f"{shape[:40]!r} is not a date's shape such as %Y-%m-%d") from None
        if "%" not in shape:
            raise BadProfile(f"{shape[:40]!r} is not a date's shape such as %Y-%m-%d")
