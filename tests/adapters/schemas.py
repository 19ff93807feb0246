"""The published XSDs as an independent judge of what is sent and received."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from pathlib import Path


@cache
def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def assert_valid(body: bytes, shared: Path) -> str:
    """Assert that `body` is valid by the schema its namespace names; return the message's type."""
    document = etree.fromstring(body)
    message = str(etree.QName(document).namespace).removeprefix("urn:iso:std:iso:20022:tech:xsd:")
    schema = _schema(shared / "conformance" / "iso20022" / "xsd" / f"{message}.xsd")
    assert schema.validate(document), f"{message}: {schema.error_log.last_error}"
    return message
