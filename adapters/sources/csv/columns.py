"""The columns a profile names, found in a file's header, and the record that rows make with them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from adapters.sources.csv import profile_files, selling
from adapters.sources.csv.cells import BadCell, Cells, cleaned, identified
from gateway.source_ports import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.sources.csv.profile_files import Profile
    from gateway.source_ports import About, Record

    Read = Callable[[str, str], Any]
    """A cell's text and the row's currency → the field's value."""
    Place = tuple[int, ...]


class Row(NamedTuple):
    """One row of a file, counted from 1 with the header."""

    number: int
    cells: list[str]


class Columns:
    """Where everything stands in one file."""

    def __init__(self, profile: Profile, about: About, header: Sequence[str], file_hash: str) -> None:
        self._profile, self._about, self._file_hash = profile, about, file_hash
        self._cells = Cells(profile, about)
        self._id_field, self._kind = profile.id_field, profile.kind
        self._header_count = len(header)
        self._at = {name: at for at, name in reversed(list(enumerate(header)))}
        self._check(header)
        self._fields = [
            (name, self._places(column), self._read(name))
            for name, column in profile.columns.items()
            if name not in selling.SIGNED or profile.record != "sale"
        ]
        self._line = [(name, self._places(column), self._read(name)) for name, column in profile.line.items()]
        product = profile.product
        self._product = [] if product is None else [self._places(product.quantity), self._places(product.unit_price)]
        self._sums = {name: self._places(profile.columns[name]) for name in selling.SIGNED if name in profile.columns}
        self._priced = "currency" in profile_files.fields(profile.kind)
        self._footers = tuple(profile.footers)
        self._tests = [(self._at[name], frozenset(values), True) for name, values in profile.skip.items()]
        self._tests += [(self._at[name], frozenset(values), False) for name, values in profile.keep.items()]
        self._id = self._places(profile.columns[self._id_field]) if self._id_field in profile.columns else ()
        self._currency = self._places(profile.columns["currency"]) if "currency" in profile.columns else ()

    def skips(self, row: Row) -> bool:
        """Whether the row is none: a footer, or one that the profile leaves out."""
        if self._footers and next((c for c in row.cells if c.strip()), "").strip().startswith(self._footers):
            return True
        for at, values, unwanted in self._tests:
            if at < len(row.cells) and (row.cells[at].strip() in values) is unwanted:
                return True
        return False

    def named(self, row: Row) -> str:
        """The text that identifies the row's record; empty where it names none, or nothing that can be read."""
        try:
            return self._text(row, self._id)
        except BadCell:
            return f"\x00{row.number}"

    def record(self, ticket: list[Row]) -> Record | None:
        """The record of rows that belong together; None when it is worth nothing and such rows are skipped.

        Raises BadCell.
        """
        first, profile = ticket[0], self._profile
        self._whole(ticket)
        currency = self._text(first, self._currency) or str(profile.constants.get("currency", self._about.currency))
        values: dict[str, Any] = {self._id_field: f"{self._file_hash[:32]}-{first.number}"}
        if self._priced:
            values["currency"] = currency
        values |= profile.constants
        for name, places, read in self._fields:
            text = self._text(first, places)
            if text:
                values[name] = read(text, currency)
        if profile.record == "sale" and not self._sell(ticket, values, currency):
            return None
        try:
            return cast("Record", msgspec.convert(values, self._kind))
        except msgspec.ValidationError as error:
            raise BadCell("invalid", str(error)[:200]) from None

    def _whole(self, ticket: list[Row]) -> None:
        """Raise BadCell for a row that has not a cell under each heading; blanks at its end are none."""
        count = self._header_count
        for row in ticket if self._profile.header_row else []:
            if len(row.cells) < count or any(row.cells[count:]):
                raise BadCell("wrong_columns", f"{len(row.cells)} cells under {count} headings")

    def _sell(self, ticket: list[Row], values: dict[str, Any], currency: str) -> bool:
        """A sale's amounts, kind and lines, in place; False for one worth nothing that is to be skipped."""
        profile = self._profile
        sums = dict.fromkeys(selling.SIGNED, 0)
        for name in selling.SIGNED:
            if name in profile.columns or (name == "amount" and profile.product is not None):
                rows = ticket[:1] if name in profile.whole else ticket
                sums[name] = sum(self._worth(row, name, currency) for row in rows)
            elif name in values:
                sums[name] = values[name]
        values |= selling.sold(profile, values.get("kind"), sums)
        if profile.line:
            values["lines"] = self._lines(ticket, currency)
        return values["amount"] > 0 or profile.zero == "refuse"

    def _worth(self, row: Row, name: str, currency: str) -> int:
        """What one row adds to an amount."""
        if name == "amount" and self._product:
            counted, priced = (self._text(row, places) for places in self._product)
            return self._cells.product(counted, priced, currency)
        text = self._text(row, self._sums[name])
        return self._cells.amount(text, currency) if text else 0

    def _lines(self, ticket: list[Row], currency: str) -> list[dict[str, Any]] | None:
        """The items; None where some were sold and some taken back, which lines without a sign cannot say."""
        found: list[dict[str, Any]] = []
        amounts: list[int] = []
        for row in ticket:
            line = {
                name: read(text, currency) for name, places, read in self._line if (text := self._text(row, places))
            }
            if "item_id" not in line:
                continue
            amount = line["amount"] if "amount" in line else self._worth(row, "amount", currency)
            amounts.append(amount)
            found.append({"quantity": "1"} | line | {"amount": abs(amount)})
        return None if min(amounts, default=0) < 0 < max(amounts, default=0) else found

    def _text(self, row: Row, places: Place) -> str:
        if len(places) == 1:
            return cleaned(row.cells[places[0]]) if places[0] < len(row.cells) else ""
        return " ".join(filter(None, (cleaned(row.cells[at]) for at in places if at < len(row.cells))))

    def _places(self, column: str | list[str]) -> Place:
        return tuple(self._at[name] for name in ([column] if isinstance(column, str) else column))

    def _read(self, name: str) -> Read:
        """How a field is read, by the ending of its name: `_amount` is money, `_on` a day, and so on."""
        cells = self._cells
        if name in self._profile.values:
            return self._mapped(name)
        ending = name.rpartition("_")[2]
        readers: dict[str, Read] = {
            "amount": cells.amount,
            "at": lambda text, _: cells.instant(text),
            "on": lambda text, _: cells.day(text),
            "quantity": lambda text, _: cells.quantity(text),
            "consumption": lambda text, _: cells.quantity(text),
            "count": lambda text, _: cells.count(text),
            "bps": lambda text, _: cells.count(text),
            "version": lambda text, _: cells.count(text),
            "id": lambda text, _: identified(text),
        }
        return readers.get(ending, lambda text, _: text)

    def _mapped(self, name: str) -> Read:
        values = self._profile.values[name]

        def read(text: str, _currency: str) -> str:
            if text not in values and "*" not in values:
                raise BadCell("unknown_value", f"The profile does not say what {text[:40]!r} is")
            return values.get(text, values.get("*", ""))

        return read

    def _check(self, header: Sequence[str]) -> None:
        """Every column that the profile names stands in the header, once."""
        profile = self._profile
        wanted: list[str] = [*profile.skip, *profile.keep]
        for column in [*profile.columns.values(), *profile.line.values()]:
            wanted += [column] if isinstance(column, str) else column
        if profile.product is not None:
            wanted += [profile.product.quantity, profile.product.unit_price]
        counts = Counter(header)
        lacking = sorted({name for name in wanted if name not in counts})
        if lacking:
            shown = ", ".join(header[:20])[:400]
            raise Unreadable(f"The header lacks {', '.join(lacking)}; it has {shown}")
        twice = sorted({name for name in wanted if counts[name] > 1})
        if twice:
            raise Unreadable(f"The header has {', '.join(twice)} more than once: which one is meant?")
