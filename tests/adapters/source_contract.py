"""What every platform must do alike: prove its calls over the raw bytes, and convert or refuse, never half.

A platform's tests give a `Scene` that signs like the platform, with payloads of each kind it reads.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec
import pytest

from gateway.domain.sales import NewSale, SaleKind
from gateway.source_ports import About, Call, Forged, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.domain.stock import NewStock
    from gateway.source_ports import Converted, Platform

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET, OTHER = "a secret of the platform's", "another secret of theirs"
ABOUT = About("EUR", "Europe/Amsterdam", "00:00")
ADDRESS = "https://restock.example/v1/sources/platform/con_01jc0000000000000000000000"
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    "",
    "x" * 5_000,
    "\x00",
    "\u202e",
    "５",
    "NaN",
    "1e999",
    [],
    {},
)


class Scene(Protocol):
    """A platform, and how it speaks."""

    platform: Platform
    account_id: str

    def sign(self, body: bytes, *, kind: str, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
        """The headers it sends with a body."""

    def events(self) -> dict[str, list[dict[str, Any]]]:
        """Kind → payloads that make records."""

    def ignored(self) -> dict[str, dict[str, Any]]:
        """Kind → a payload that makes none."""

    def history(self, at: datetime = NOW) -> list[tuple[str, dict[str, Any]]]:
        """What the platform tells of one payment, in order: all of it in any order must end the same."""


def call(scene: Scene, kind: str, body: bytes, **changes: Any) -> Call:
    """A call as the platform makes it."""
    return Call(ADDRESS, scene.sign(body, kind=kind, **changes), body, NOW)


def converted(scene: Scene, kind: str, payload: Any) -> Converted:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return scene.platform.convert(kind, body, ABOUT)


def first(scene: Scene) -> tuple[str, bytes]:
    kind, payloads = next(iter(scene.events().items()))
    return kind, json.dumps(payloads[0]).encode()


def spoiled(payload: Any) -> Iterator[Any]:
    """The payload with each of its values in turn replaced by each wrong one, or left away."""
    if isinstance(payload, dict):
        for name, value in payload.items():
            yield {other: kept for other, kept in payload.items() if other != name}
            for wrong in WRONG:
                yield payload | {name: wrong}
            for inner in spoiled(value):
                yield payload | {name: inner}
    elif isinstance(payload, list):
        for place, value in enumerate(payload):
            for inner in spoiled(value):
                yield [*payload[:place], inner, *payload[place + 1 :]]


def is_good(record: NewSale | NewStock) -> bool:
    """Whether a record is one the API itself would take, and a database can hold."""
    again = msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    return again == record and b"\\u0000" not in msgspec.json.encode(record)


class SourceContract:
    """The tests every platform passes."""

    timed: ClassVar[bool] = False
    """Whether the time of a call is signed too."""

    speaks: ClassVar[type[Scene]]

    @pytest.fixture(scope="class")
    @classmethod
    def scene(cls) -> Scene:
        return cls.speaks()

    # --- the signature ---

    def test_a_signed_call_is_known_by_its_event_and_kind(self, scene: Scene) -> None:
        for kind, payloads in scene.events().items():
            made = call(scene, kind, json.dumps(payloads[0]).encode())
            scene.platform.verify(made, SECRET)
            event = scene.platform.identify(made)
            assert (event.kind, event.is_test) == (kind, False)
            assert event.event_id
            assert event.account_id is None or scene.platform.account.fullmatch(event.account_id)

    def test_a_changed_body_is_refused(self, scene: Scene) -> None:
        kind, body = first(scene)
        made = call(scene, kind, body)
        for changed in (body + b" ", body[:-1], body.replace(b"0", b"1"), b"", body.swapcase()):
            with pytest.raises(Forged):
                scene.platform.verify(msgspec.structs.replace(made, body=changed), SECRET)

    def test_a_changed_or_missing_signature_is_refused(self, scene: Scene) -> None:
        kind, body = first(scene)
        made = call(scene, kind, body)
        (name,) = [name for name in made.headers if "signature" in name or "hmac" in name]
        value = made.headers[name]
        turned = value[:-6] + value[-6:].swapcase() if value[-6:].swapcase() != value[-6:] else value[:-6]
        for wrong in (
            "",
            " ",
            "=",
            value[:-1],
            value[2:],
            turned + "A",
            "é",
            "\x00",
            "v1=",
            "t=,v1=",
        ):
            with pytest.raises(Forged):
                scene.platform.verify(msgspec.structs.replace(made, headers=made.headers | {name: wrong}), SECRET)
        with pytest.raises(Forged):
            scene.platform.verify(msgspec.structs.replace(made, headers={}), SECRET)

    def test_a_signature_by_another_secret_is_refused(self, scene: Scene) -> None:
        kind, body = first(scene)
        with pytest.raises(Forged):
            scene.platform.verify(call(scene, kind, body, secret=OTHER), SECRET)

    def test_an_old_call_is_refused_where_its_time_is_signed(self, scene: Scene) -> None:
        kind, body = first(scene)
        for apart in (timedelta(minutes=6), -timedelta(minutes=6)):
            made = call(scene, kind, body, at=NOW + apart)
            if self.timed:
                with pytest.raises(Forged):
                    scene.platform.verify(made, SECRET)
            else:
                scene.platform.verify(made, SECRET)

    def test_the_signature_is_over_the_bytes_whatever_they_are(self, scene: Scene) -> None:
        kind, _ = first(scene)
        for body in (b"", b"\x00", b"\xff\xfe", b"{}\r\n", '{"name": "Bäckerei 面包"}'.encode(), b" " * 100_000):
            scene.platform.verify(call(scene, kind, body), SECRET)
            with pytest.raises(Forged):
                scene.platform.verify(call(scene, kind, body + b"\n"), OTHER)

    # --- the payload ---

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"null", b"[]", b"12", b'"x"', b"{", b"{}", b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x00",
            b"[" * 100_000, b'{"a":' * 100_000, b'{"data":' + b"[" * 50_000, b'{"id":"\\ud800"}', b"<xml/>",
        ],
        ids=["empty", "null", "a list", "a number", "a string", "cut off", "nothing in it", "not UTF-8",
             "a byte order mark",             "a zero byte", "deep", "deep objects", "deep inside",
             "half a character", "XML"],
    )  # fmt: skip
    def test_what_is_no_payload_of_theirs_is_unreadable_as_a_whole(self, scene: Scene, body: bytes) -> None:
        for kind in scene.events():
            with pytest.raises(Unreadable):
                scene.platform.convert(kind, body, ABOUT)

    def test_every_kind_that_counts_makes_records_and_others_make_none(self, scene: Scene) -> None:
        for kind, payloads in scene.events().items():
            for payload in payloads:
                found = converted(scene, kind, payload)
                assert found.refused == ()
                assert found.sales or found.stock, kind
        assert set(scene.events()) <= scene.platform.reads
        for kind, payload in scene.ignored().items():
            assert msgspec.structs.astuple(converted(scene, kind, payload)) == ((),) * 5, kind

    def test_the_same_payload_makes_the_same_records(self, scene: Scene) -> None:
        for kind, payloads in scene.events().items():
            assert converted(scene, kind, payloads[0]) == converted(scene, kind, payloads[0])

    def test_whatever_is_wrong_in_a_payload_makes_a_refusal_and_never_a_bad_record(self, scene: Scene) -> None:
        tried = 0
        for kind, payloads in scene.events().items():
            for wrong in spoiled(payloads[0]):
                tried += 1
                try:
                    found = converted(scene, kind, wrong)
                except Unreadable:
                    continue
                records: tuple[NewSale | NewStock, ...] = (*found.sales, *found.stock)
                bad = [record for record in records if not is_good(record)]
                assert bad == [], wrong
                assert all(refusal.code.isidentifier() and refusal.detail for refusal in found.refused)
        assert tried > 100

    def test_a_payload_that_cannot_be_identified_is_unreadable(self, scene: Scene) -> None:
        kind, _ = first(scene)
        for body in (b"", b"[]", b"{", b"null", b"[" * 100_000):
            with pytest.raises(Unreadable):
                scene.platform.identify(call(scene, kind, body))

    def test_a_newer_state_has_a_higher_version(self, scene: Scene) -> None:
        versions: dict[tuple[str, str], list[int]] = {}
        for kind, payload in scene.history():
            for sale in converted(scene, kind, payload).sales:
                versions.setdefault((sale.kind, sale.sale_id), []).append(sale.version)
        assert any(len(found) > 1 for found in versions.values())
        for found in versions.values():
            assert found == sorted(found)


def sold(found: Converted) -> list[tuple[str, str, int]]:
    """Kind, id and amount of what a payload says was sold or given back."""
    return [(sale.kind.value, sale.sale_id, sale.amount) for sale in found.sales]


__all__ = ["ABOUT", "NOW", "OTHER", "SECRET", "SaleKind", "Scene", "SourceContract", "call", "converted", "sold"]
