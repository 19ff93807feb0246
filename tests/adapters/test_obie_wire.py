"""The UK Open Banking shapes alone: what is written, what is read, what is signed, and how long a limit counts."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.obie.signatures import BadKey, NotSigned, Signer, Verifier, from_base64
from adapters.banks.obie.wire import answers, consents, orders, shapes
from adapters.banks.obie.wire.consents import Alignment, Period, PeriodicLimit
from adapters.banks.obie.wire.orders import VrpKind
from gateway.bank_ports import Account, Collection, Party, PaymentStatus, Payout, Unreadable, Unrenderable
from gateway.domain.money import EXPONENTS, MAX_AMOUNT, Money
from tests.adapters import obie_keys
from tests.adapters.obie_scene import ObieScene, parties

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BANK, SHOP = ObieScene.funding, ObieScene.shop


def a_payout(**changed: Any) -> Payout:
    made = Payout(
        end_to_end_id="DRW01J", message_id="MDRW01J", amount=Money(150_000, "GBP"), debtor=BANK, creditor=SHOP,
        execute_on=NOW.date(), created_at=NOW, remittance="Restock drw_01j",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changed)


def a_collection(**changed: Any) -> Collection:
    made = msgspec.structs.replace(
        parties(BANK, SHOP, NOW), end_to_end_id="RPM01J", message_id="MRPM01J", mandate_id="vrp-1"
    )
    return msgspec.structs.replace(made, **changed)


def initiation(message: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(orders.stored(message).order("c-1"))["Data"]["Initiation"]
    return found


# --- written ----------------------------------------------------------------------------------------------------------


@given(amount=st.integers(1, MAX_AMOUNT), currency=st.sampled_from(sorted(EXPONENTS)), number=st.integers(0, 10**20))
def test_any_amount_is_written_and_read_to_the_last_minor_unit(amount: int, currency: str, number: int) -> None:
    paid = Money(amount, currency)
    try:
        message = orders.render_payout(a_payout(amount=paid, end_to_end_id=f"D{number}"))
    except Unrenderable:
        assert amount >= 10 ** (13 + EXPONENTS[currency])
        return
    written = initiation(message)["InstructedAmount"]
    assert shapes.money(written) == paid == orders.stored(message).amount
    assert len(written["Amount"].partition(".")[2]) == EXPONENTS[currency]
    assert message == orders.render_payout(a_payout(amount=paid, end_to_end_id=f"D{number}"))
    order = orders.stored(message)
    assert len(order.key) <= 40
    assert len(order.consent_key or "") <= 40
    assert order.key != order.consent_key


def test_the_order_repeats_what_the_consent_asked_for() -> None:
    order = orders.stored(orders.render_payout(a_payout(), "UK.OBIE.FPS"))
    consent, body = json.loads(order.consent()), json.loads(order.order("c-1"))
    assert body["Data"] == {"ConsentId": "c-1", "Initiation": consent["Data"]["Initiation"]}
    assert body["Risk"] == consent["Risk"]
    assert order.order("c-1") == order.order("c-1")
    assert consent["Data"]["Authorisation"]["CompletionDateTime"] == "2026-03-03T08:55:00Z"


def test_stored_bytes_hold_no_secret_and_no_address() -> None:
    for message in (orders.render_payout(a_payout()), orders.render_collection(a_collection(), VrpKind.commercial)):
        assert b"http" not in message
        assert b"Bearer" not in message


def test_an_order_waits_for_its_day_in_london_and_is_a_copy_only_for_a_day_from_then() -> None:
    early = orders.stored(orders.render_payout(a_payout(execute_on=date(2026, 7, 1))))
    assert early.not_before == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    assert early.not_after == datetime(2026, 7, 1, 22, 55, tzinfo=UTC)
    assert orders.stored(orders.render_payout(a_payout())).not_before == NOW


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": Money(0, "GBP")}, {"amount": Money(-1, "GBP")}, {"amount": Money(MAX_AMOUNT + 1, "GBP")},
        {"end_to_end_id": ""}, {"end_to_end_id": "A" * 32}, {"end_to_end_id": "DRW_1"}, {"end_to_end_id": " DRW"},
        {"end_to_end_id": "D\n1"}, {"message_id": "M" * 36}, {"created_at": NOW.replace(tzinfo=None)},
        {"remittance": "x" * 141}, {"remittance": "a\x00b"}, {"remittance": "a\u202eb"},
        {"creditor": Party("", SHOP.account)}, {"creditor": Party("x" * 141, SHOP.account)},
        {"creditor": Party("A shop", Account())}, {"creditor": Party("A shop", Account(iban="GB34BUKB20201555555555"))},
        {"creditor": Party("A shop", Account(other_id="3094931234567"))},
        {"creditor": Party("A shop", Account(other_id="30-94-93 12345678"))},
        {"creditor": Party("A shop", Account(other_id="３0949312345678"))},
    ],
    ids=[
        "nothing", "negative", "too much", "no reference", "long reference", "underscore", "leading space", "newline",
        "long message id", "no zone", "long text", "control", "override", "no name", "long name", "no account",
        "wrong check digits", "13 digits", "separators", "another script's digits",
    ],
)  # fmt: skip
def test_what_cannot_be_said_rightly_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Unrenderable):
        orders.render_payout(a_payout(**changed))


@pytest.mark.parametrize("mandate_id", ["", "../1", "a/b", "a b", "..", "x" * 129, "é"])
def test_a_consents_id_that_could_lead_elsewhere_is_refused(mandate_id: str) -> None:
    with pytest.raises(Unrenderable):
        orders.render_collection(a_collection(mandate_id=mandate_id), VrpKind.commercial)


def test_sweeping_is_between_accounts_of_one_holder_and_a_lender_is_another() -> None:
    with pytest.raises(Unrenderable, match="commercial"):
        orders.render_collection(a_collection(), VrpKind.sweeping)
    own = a_collection(creditor=Party(SHOP.name.upper(), BANK.account))
    assert b"UK.OBIE.VRPType.Sweeping" in orders.render_collection(own, VrpKind.sweeping)
    assert b"UK.OBIE.VRPType.Other" in orders.render_collection(a_collection(), VrpKind.commercial)


def test_a_mandates_limits_are_sound_before_the_bank_sees_them() -> None:
    pounds = Money(80_000, "GBP")
    good = consents.VrpMandate(
        "M1", a_collection(), pounds, (PeriodicLimit(Period.month, Alignment.calendar, pounds),), NOW
    )
    assert consents.render_mandate(good, VrpKind.commercial) == consents.render_mandate(good, VrpKind.commercial)
    for limits in (
        (),
        (PeriodicLimit(Period.fortnight, Alignment.calendar, pounds),),
        (PeriodicLimit(Period.month, Alignment.calendar, Money(1, "EUR")),),
    ):
        with pytest.raises(Unrenderable):
            consents.render_mandate(msgspec.structs.replace(good, limits=limits), VrpKind.commercial)
    for message in (b"{}", b"", orders.render_payout(a_payout())):
        with pytest.raises(Unrenderable):
            consents.stored_mandate(message)


# --- read -------------------------------------------------------------------------------------------------------------


def order_body(status: str, **changed: Any) -> bytes:
    data = {
        "DomesticPaymentId": "dp-1", "ConsentId": "c-1", "CreationDateTime": "2026-03-02T09:00:00Z", "Status": status,
        "StatusUpdateDateTime": "2026-03-02T09:00:00Z", "Initiation": initiation(orders.render_payout(a_payout())),
    }  # fmt: skip
    return json.dumps({"Data": {**data, **changed}}).encode()


def test_every_status_the_descriptions_name_is_told_and_none_becomes_success_by_accident(shared: Path) -> None:
    folder, named = shared / "conformance" / "openapi", set()
    for name, shape in (("payment-initiation", "OBWriteDomesticResponse5"), ("vrp", "OBDomesticVRPResponse")):
        read = json.loads((folder / f"obie-v4.0-{name}.json").read_text(encoding="utf-8"))
        named |= set(read["components"]["schemas"][shape]["properties"]["Data"]["properties"]["Status"]["enum"])
    assert named == set(answers.STATUSES)
    for word in named:
        (event,) = answers.read(order_body(word))
        assert event.status is answers.STATUSES[word]
        assert (event.end_to_end_id, event.original_message_id, event.bank_reference) == ("DRW01J", "MDRW01J", "dp-1")
    settled = {word for word, status in answers.STATUSES.items() if status in {"ACSC", "ACCC"}}
    assert settled == {"ACSC", "ACCC"}


@pytest.mark.parametrize("word", ["DONE", "acsc", "", "AcceptedSettlementCompleted"])
def test_a_word_nobody_knows_is_pending(word: str) -> None:
    (event,) = answers.read(order_body(word))
    assert event.status is PaymentStatus.PDNG
    assert "not one we know" in (event.detail or "")


def test_a_rejection_gives_its_reason_and_one_of_a_copy_is_none() -> None:
    (event,) = answers.read(order_body("RJCT", StatusReason=[{"StatusReasonCode": "AC04"}]))
    assert (event.status, event.reason) == (PaymentStatus.RJCT, "AC04")
    (copy,) = answers.read(order_body("RJCT", StatusReason=[{"StatusReasonCode": "AM05"}]))
    assert copy.status is PaymentStatus.RCVD


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b'{"Data": 1}', b'{"Data": {}}', b"\xff\xfe", b"a.b.c", b"a.e30.c",
        b'{"unproven": "x"}', b'{"Data": {"ConsentId": "c", "Status": "AWAU", "CreationDateTime": "today"}}',
        order_body("ACSC", DomesticPaymentId="../1"), order_body("ACSC", Initiation={}), b"{" * 5_000,
        order_body("ACSC", Initiation={"InstructionIdentification": "M", "EndToEndIdentification": "E",
                                       "InstructedAmount": {"Amount": "1e3", "Currency": "GBP"}}),
        order_body("ACSC", Initiation={"InstructionIdentification": "M", "EndToEndIdentification": "E",
                                       "InstructedAmount": {"Amount": "1.00", "Currency": "ZZZ"}}),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_is_parked(body: bytes) -> None:
    with pytest.raises(Unreadable):
        answers.read(body)


@given(st.binary(max_size=200), st.integers(0, 600), st.integers(0, 600))
def test_any_bytes_are_read_or_refused(strange: bytes, start: int, end: int) -> None:
    whole = order_body("ACSC")
    for body in (strange, whole[:start] + strange + whole[end:]):
        with contextlib.suppress(Unreadable):
            answers.read(body)
        answers.read_refusal(body)
        with contextlib.suppress(Unreadable):
            consents.read_consent(body)
        with contextlib.suppress(Unreadable):
            answers.read_event(body)
        with contextlib.suppress(Unrenderable):
            orders.stored(body)


NESTED = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("body", [b'{"Data":{"x":' + NESTED + b"}}", b'{"x":' + NESTED + b"}"], ids=["deep", "beside"])
def test_endless_nesting_is_refused_and_ends_nothing(body: bytes) -> None:
    for reader in (answers.read, consents.read_consent, answers.read_event):
        with pytest.raises(Unreadable):
            reader(body)
    assert answers.read_refusal(body) is None
    head = obie_keys.encoded(b'{"alg":' + NESTED[:3_000] + b"}")
    with pytest.raises(NotSigned):
        their_view().prove(f"{head}..x", b"{}", NOW)


# --- signed -----------------------------------------------------------------------------------------------------------

SIGNED_AS = {"kid": obie_keys.OUR_KID, "issuer": obie_keys.OUR_ISSUER, "trust_anchor": obie_keys.TRUST_ANCHOR}


@cache
def ours(*, encoded: bool = True) -> Signer:
    return Signer(obie_keys.private_pem("restock"), encoded=encoded, **SIGNED_AS)


@cache
def their_view() -> Verifier:
    keys = {obie_keys.OUR_KID: obie_keys.public_pem("restock")}
    return Verifier(keys, issuer=obie_keys.OUR_ISSUER, trust_anchor=obie_keys.TRUST_ANCHOR)


def test_a_body_is_signed_as_version_4_wants_it_and_joserfc_proves_it() -> None:
    header = obie_keys.holds(ours().detached(b'{"a":1}', NOW), b'{"a":1}')
    assert header is not None
    assert (header["alg"], header["kid"], set(header["crit"])) == ("PS256", "restock-1", set(obie_keys.CRITICAL))
    assert header[obie_keys.OB + "iat"] == int(NOW.timestamp())
    assert "b64" not in header
    assert obie_keys.holds(ours().detached(b'{"a":1}', NOW), b'{"a":2}') is None


def test_the_older_form_signs_the_bytes_themselves_and_says_so() -> None:
    body = '{"name":"Bäckerei"}'.encode()
    signature = ours(encoded=False).detached(body, NOW)
    head, _, proof = signature.split(".")
    said = json.loads(from_base64(head))
    assert said["b64"] is False
    assert "b64" in said["crit"]
    key, pss = obie_keys.key("restock").public_key(), PSS(mgf=MGF1(SHA256()), salt_length=32)
    key.verify(from_base64(proof), head.encode() + b"." + body, pss, SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(from_base64(proof), head.encode() + b"." + body + b" ", pss, SHA256())
    their_view().prove(signature, body, NOW)


@given(st.data())
def test_one_changed_character_of_signature_or_body_proves_nothing(data: st.DataObject) -> None:
    body = b'{"Data":{"Amount":"1500.00"}}'
    signature = ours().detached(body, NOW)
    their_view().prove(signature, body, NOW)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(body) - 1))
        body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    else:
        at = data.draw(st.integers(0, len(signature) - 1))
        other = data.draw(st.sampled_from("Aa0_-.é").filter(lambda one: one != signature[at]))
        signature = signature[:at] + other + signature[at + 1 :]
    with pytest.raises(NotSigned):
        their_view().prove(signature, body, NOW)


@pytest.mark.parametrize("signature", [None, "", "..", "a..b", "a.b.c", "a" * 9_000 + "..b", "e30..", "bnVsbA..x"])
def test_what_is_no_signature_proves_nothing(signature: str | None) -> None:
    with pytest.raises(NotSigned):
        their_view().prove(signature, b"{}", NOW)


@pytest.mark.parametrize("pem", ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_named_at_once(pem: str) -> None:
    with pytest.raises(BadKey):
        Signer(pem, kid="k", issuer="i", trust_anchor="t")
    with pytest.raises(BadKey):
        Verifier({"k": pem}, issuer="i", trust_anchor="t")


# --- how long a limit counts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "alignment", "start", "end"),
    [
        (Period.day, Alignment.calendar, "2026-05-20", "2026-05-21"),
        (Period.week, Alignment.calendar, "2026-05-18", "2026-05-25"),
        (Period.month, Alignment.calendar, "2026-05-01", "2026-06-01"),
        (Period.half_year, Alignment.calendar, "2026-01-01", "2026-07-01"),
        (Period.year, Alignment.calendar, "2026-01-01", "2027-01-01"),
        (Period.day, Alignment.consent, "2026-05-20", "2026-05-21"),
        (Period.week, Alignment.consent, "2026-05-16", "2026-05-23"),
        (Period.fortnight, Alignment.consent, "2026-05-09", "2026-05-23"),
        (Period.month, Alignment.consent, "2026-04-30", "2026-05-31"),
        (Period.half_year, Alignment.consent, "2026-01-31", "2026-07-31"),
        (Period.year, Alignment.consent, "2026-01-31", "2027-01-31"),
    ],
)
def test_a_period_begins_where_its_alignment_says(period: Period, alignment: Alignment, start: str, end: str) -> None:
    limit = PeriodicLimit(period, alignment, Money(1, "GBP"))
    found = consents.period(limit, datetime(2026, 1, 31, 15, 0, tzinfo=UTC), datetime(2026, 5, 20, 11, 0, tzinfo=UTC))
    assert [at.date().isoformat() for at in found] == [start, end]


@given(
    kind=st.sampled_from(sorted(Period)),
    alignment=st.sampled_from(sorted(Alignment)),
    first=st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zoned by `timezones`
    hours=st.integers(0, 24 * 900),
)
def test_every_instant_is_in_its_period_and_periods_meet(
    kind: Period, alignment: Alignment, first: datetime, hours: int
) -> None:
    limit, now = PeriodicLimit(kind, alignment, Money(1, "GBP")), first + timedelta(hours=hours)
    start, end = consents.period(limit, first, now)
    assert start <= now < end
    assert consents.period(limit, first, end)[0] == end
