"""XML files of any size, read element by element without trusting them: no DTD, no entities, no network, bounds."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from gateway.domain import money
from gateway.domain.errors import GatewayError
from gateway.source_ports import Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import BinaryIO

CHUNK_BYTES = 256 * 1024
MAX_DEPTH = 32
"""The deepest SAF-T nests 12 elements, UBL 9, camt.053 15."""
ELEMENTS_COUNT = 200_000
"""The most elements inside one that is read whole: a bank's entry of 5,000 payments, an invoice of 6,000 lines."""
TEXT_LENGTH = 200
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,12})?")


class BadElement(Exception):
    """Why one element cannot be taken: `code` for a program, `detail` for a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Node(msgspec.Struct, frozen=True):
    """One element, read by paths of local names (`Acct/Id/IBAN`)."""

    element: etree._Element

    @property
    def name(self) -> str:
        """The element's local name."""
        return str(self.element.tag).rpartition("}")[2]

    def each(self, path: str) -> Iterator[Node]:
        """Every element at `path`, in document order."""
        for found in self.element.iterfind("/".join(f"{{*}}{name}" for name in path.split("/"))):
            yield Node(found)

    def first(self, path: str) -> Node | None:
        """The first element at `path`, if any."""
        return next(self.each(path), None)

    def text(self, *paths: str) -> str | None:
        """The text at the first of `paths` that has any, without outer blanks. Raises BadElement when too long."""
        for path in paths:
            found = self.first(path)
            value = (found.element.text or "").strip() if found else ""
            if len(value) > TEXT_LENGTH:
                raise BadElement("text_too_long", f"{path} is longer than {TEXT_LENGTH} characters")
            if value:
                return value
        return None

    def said(self, *paths: str) -> str:
        """The same where there must be one. Raises BadElement."""
        text = self.text(*paths)
        if text is None:
            raise BadElement("element_missing", f"{self.name} has no {' or '.join(paths)}")
        return text

    def amount(self, path: str, currency: str) -> int:
        """The amount at `path` in minor units; 0 where there is none. Raises BadElement."""
        text = self.text(path)
        return 0 if text is None else amount(text, currency, path)

    def day(self, *paths: str) -> date | None:
        """The date at the first of `paths`: a date, or that of a date-time. Raises BadElement."""
        text = self.text(*paths)
        if text is None:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            raise BadElement("bad_date", f"{text[:40]!r} is not a date") from None


def amount(text: str, currency: str, what: str) -> int:
    """Minor units of `currency`, exactly. Raises BadElement."""
    if not _AMOUNT.fullmatch(text):
        raise BadElement("bad_number", f"{what} {text[:40]!r} is not an amount")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    try:
        return money.parse_decimal(f"{whole.removeprefix('+')}.{fraction}" if fraction else whole, currency).amount
    except GatewayError as error:
        raise BadElement("bad_amount", f"{what}: {error.detail}") from None


def elements(file: BinaryIO, root: Collection[str], wanted: Collection[str]) -> Iterator[Node]:
    """Each element whose local name is in `wanted`, whole, in the order they end; the rest is dropped on the way.

    `root` has the qualified names (`{namespace}name`) that the document's element may have. Raises Unreadable.
    """
    parser = _parser()
    path: list[str] = []
    inside = count = 0  # how many of the open elements are wanted, and how many elements the outermost one holds
    try:
        for event, element in _events(file, parser):
            if event == "start":
                if not path and element.tag not in root:
                    raise Unreadable(f"The file is {str(element.tag)[:120]!r}, not {next(iter(root))} or the like")
                path.append(str(element.tag).rpartition("}")[2])
                inside += path[-1] in wanted
                count += 1
                if len(path) > MAX_DEPTH or (inside and count > ELEMENTS_COUNT):
                    raise Unreadable(f"{path[-1][:60]} nests too deep, or holds too much")
                continue
            if path.pop() in wanted:
                yield Node(element)
                inside -= 1
            if not inside:
                count = 0
                element.clear(keep_tail=True)
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"The file is not well-formed XML: {str(error)[:200]}") from None


def _parser() -> etree.XMLPullParser[etree._Element]:
    # The encoding is told, not asked: a declared one could hide a declaration from whoever looks for its letters.
    return etree.XMLPullParser(
        ("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
        dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _events(file: BinaryIO, parser: etree.XMLPullParser[etree._Element]) -> Iterator[tuple[str, etree._Element]]:
    file.seek(0)
    tail = b""
    while chunk := file.read(CHUNK_BYTES):
        if any(declaration in tail + chunk for declaration in _DECLARATIONS):
            raise Unreadable("The file carries a document type declaration, which none of its kind does")
        tail = chunk[-len(_DECLARATIONS[0]) :]
        parser.feed(chunk)
        yield from parser.read_events()
    parser.close()
    yield from parser.read_events()
