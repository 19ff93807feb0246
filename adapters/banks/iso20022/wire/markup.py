"""XML as banks send it, read without trusting it: no DTD, no entities, no network, bounded size and depth."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from gateway.bank_ports import Account, Unreadable
from gateway.domain.accounts import is_valid_iban
from gateway.domain.errors import Invalid
from gateway.domain.money import Money, parse_decimal

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_SWISS = re.compile(r"http://www\.six-interbank-clearing\.com/de/([a-z]{4}(?:\.[0-9]{2,3}){3})\.ch\.[0-9]{2}\.xsd")
"""Swiss banks' subset of a message (`pain.002.001.03`) under a namespace of their own, otherwise the same."""
MAX_BYTES = 8 * 1024 * 1024
"""Far above a day's statement of one funding account; banks page longer ones."""
MAX_DEPTH = 24
"""The deepest ISO 20022 payment message nests about 15 elements."""
IDENTIFIER_LENGTH = 35
"""ISO 20022 Max35Text, the length of every reference."""
NOT_PROVIDED = "NOTPROVIDED"
"""What ISO 20022 writes where an identifier is mandatory and there is none."""

_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,5})?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")


class Node(msgspec.Struct, frozen=True):
    """One element, read by paths of local names (`Acct/Id/IBAN`) inside the message's own namespace."""

    element: etree._Element
    namespace: str

    def each(self, path: str) -> Iterator[Node]:
        """Every element at `path`, in document order."""
        for found in self.element.iterfind("/".join(f"{{{self.namespace}}}{name}" for name in path.split("/"))):
            yield Node(found, self.namespace)

    def first(self, path: str) -> Node | None:
        """The first element at `path`, if any."""
        return next(self.each(path), None)

    def one(self, path: str) -> Node:
        """The first element at `path`; raises Unreadable without one."""
        found = self.first(path)
        if found is None:
            raise Unreadable(f"{self.name} has no {path}")
        return found

    @property
    def name(self) -> str:
        """The element's local name."""
        return etree.QName(self.element).localname

    def text(self, *paths: str, longest: int = IDENTIFIER_LENGTH) -> str | None:
        """The text at the first of `paths` that has any, without outer blanks; raises Unreadable when too long."""
        for path in paths:
            found = self.first(path)
            value = (found.element.text or "").strip() if found else ""
            if len(value) > longest:
                raise Unreadable(f"{path} in {self.name} is longer than {longest} characters")
            if value:
                return value
        return None

    def reference(self, *paths: str) -> str | None:
        """Like `text`, with the standard's word for "there is none" read as None."""
        found = self.text(*paths)
        return None if found == NOT_PROVIDED else found

    def prose(self, path: str) -> str | None:
        """Every text at `path` joined, cut to 500 characters: for a person only."""
        parts = [(found.element.text or "").strip() for found in self.each(path)]
        return " ".join(part for part in parts if part)[:500] or None

    def amount(self, path: str) -> Money | None:
        """The amount at `path`, exactly; raises Unreadable for more decimals than its currency has."""
        found = self.first(path)
        return None if found is None else found.money()

    def money(self) -> Money:
        """This element as an amount with its `Ccy`; raises Unreadable."""
        text = (self.element.text or "").strip()
        if not _AMOUNT.fullmatch(text):
            raise Unreadable(f"{self.name} {text[:40]!r} is not an amount")
        try:
            return parse_decimal(text, self.element.get("Ccy", ""))
        except Invalid as error:
            raise Unreadable(f"{self.name}: {error.detail}") from error

    def day(self, path: str) -> date | None:
        """The date at `path`, a date or the date a date-time shows; raises Unreadable for anything else."""
        text = self.text(path, f"{path}/Dt", f"{path}/DtTm")
        if text is None:
            return None
        shape = _DATE.fullmatch(text)
        try:
            return date.fromisoformat(shape.group(1) if shape else text)
        except ValueError:
            raise Unreadable(f"{path} in {self.name} is not a date") from None

    def account(self, path: str) -> Account | None:
        """The cash account at `path`; its bank's BIC under the newer or the older name.

        Raises Unreadable for an IBAN whose check digits do not agree: a message damaged there may be so elsewhere.
        """
        found = self.first(path)
        if found is None:
            return None
        iban = found.text("Id/IBAN")
        if iban is not None and not is_valid_iban(iban):
            raise Unreadable(f"the IBAN in {path} fails its check")
        bic = found.text("Svcr/FinInstnId/BICFI", "Svcr/FinInstnId/BIC")
        return Account(iban=iban, other_id=found.text("Id/Othr/Id"), bic=bic)


class Document(msgspec.Struct, frozen=True):
    """A well-formed message: its type (`camt.053.001.08`) and the single element under `Document`."""

    message: str
    body: Node


def parse(body: bytes) -> Document:
    """Bytes from a bank → the message in them. Raises Unreadable for anything that is not one ISO 20022 document."""
    root = _root(body)
    name = etree.QName(root)
    namespace = str(name.namespace or "")
    swiss = _SWISS.fullmatch(namespace)
    if name.localname != "Document" or not (swiss or namespace.startswith(NAMESPACE)):
        raise Unreadable(f"the root element {str(root.tag)[:80]!r} is not an ISO 20022 Document")
    _walk(root, namespace)
    if len(root) != 1:
        raise Unreadable("a Document holds exactly one message")
    message = swiss.group(1) if swiss else namespace.removeprefix(NAMESPACE)[:40]
    return Document(message, Node(root[0], namespace))


def _root(body: bytes) -> etree._Element:
    if len(body) > MAX_BYTES:
        raise Unreadable(f"the message is larger than {MAX_BYTES} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("the message is not UTF-8") from None
    # Looked for in the decoded text, and the parser is told the encoding, so that no declared encoding can hide one.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("the message carries a document type declaration, which no ISO 20022 message does")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"the message is not well-formed XML: {str(error)[:200]}") from None


def _walk(root: etree._Element, namespace: str) -> None:
    """Depth within bounds, and every element in the message's own namespace except inside supplementary data."""
    level = [root]
    for _ in range(MAX_DEPTH):
        for element in level:
            if etree.QName(element).namespace != namespace:
                raise Unreadable(f"{str(element.tag)[:80]!r} is not in the message's namespace")
        level = [child for element in level if etree.QName(element).localname != "SplmtryData" for child in element]
        if not level:
            return
    raise Unreadable(f"the message nests deeper than {MAX_DEPTH} elements")
