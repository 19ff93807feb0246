"""A UK bank that misbehaves: answers that prove nothing, and answers and callbacks that are not the bank's.

No Prism here: what a bank should never say is said on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256

from adapters.banks.obie.client import EVENT_BYTES
from gateway.bank_ports import Forged, PaymentStatus, Sent, Unanswered, Unreachable
from gateway.domain.money import Money
from gateway.outbound import Limits, Outbound
from tests.adapters import contract, obie_keys
from tests.adapters.obie_bank import UPDATED, Bank, Said
from tests.adapters.obie_scene import ObieScene, serving
from tests.adapters.stubborn import nobody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.anyio
ORDERS = "/domestic-payments"
JWT = {"content-type": "application/jwt"}


@pytest.fixture
async def scene(outbound: Outbound) -> AsyncIterator[ObieScene]:
    bank = Bank()
    with serving(bank) as url:
        yield ObieScene(bank, url, outbound)


def spoiling(change: Callable[[Said], Said | None], *, method: str = "POST", path: str = ORDERS) -> Any:
    """Change the answers to one operation only."""
    return lambda asked, where, said: change(said) if (asked, where) == (method, path) else said


def with_data(said: Said, **changed: Any) -> Said:
    """The same answer with some of its data changed, signed like any other."""
    body = said.body or {}
    return Said(said.status, {**body, "Data": {**body["Data"], **changed}})


def asked_with(said: Said, **changed: Any) -> Said:
    """The same answer about another instruction."""
    return with_data(said, Initiation={**(said.body or {})["Data"]["Initiation"], **changed})


DOUBTFUL: dict[str, Callable[[Said], Said | None]] = {
    "a cut line": lambda _: None,
    "an unsigned answer": lambda said: msgspec.structs.replace(said, signed=False),
    "an unsigned refusal": lambda _: Said(400, {"Errors": [{"ErrorCode": "U002"}]}, signed=False),
    "a refusal without a reason": lambda _: Said(400, {"Errors": []}),
    "a refusal in no known form": lambda _: Said(400, {"error": "no"}),
    "a refusal without a body": lambda _: Said(400),
    "a conflict without a body": lambda _: Said(409),
    "nothing in it": lambda _: Said(201),
    "an order without its id": lambda said: with_data(said, DomesticPaymentId=None),
    "an id that is a path": lambda said: with_data(said, DomesticPaymentId="../accounts"),
    "another consent": lambda said: with_data(said, ConsentId="domestic-payment-consents.9"),
    "another amount": lambda said: asked_with(said, InstructedAmount={"Amount": "1.00", "Currency": "GBP"}),
    "another currency": lambda said: asked_with(said, InstructedAmount={"Amount": "1500.00", "Currency": "EUR"}),
    "too many decimals": lambda said: asked_with(said, InstructedAmount={"Amount": "1500.001", "Currency": "GBP"}),
    "another reference": lambda said: asked_with(said, EndToEndIdentification="DRAWDOWN-2"),
    "accepted, with 200": lambda said: Said(200, said.body),
    "moved": lambda _: Said(302),
    "broken": lambda _: Said(500, {"Errors": [{"ErrorCode": "U000"}]}),
    "busy": lambda _: Said(503),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(DOUBTFUL))
async def test_an_answer_that_proves_nothing_leaves_the_payout_in_doubt_and_asking_ends_it(
    scene: ObieScene, what: str
) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    scene.held.spoil = spoiling(DOUBTFUL[what])
    with pytest.raises(Unanswered) as doubt:
        await scene.bank.submit(message)
    scene.held.spoil = lambda _method, _path, said: said
    reference = str(doubt.value.facts["bank_reference"])
    for known in (reference, None):
        ((event,),) = [scene.bank.read(one.body) for one in await scene.bank.status(Sent("DRAWDOWN-1", message, known))]
        assert (event.end_to_end_id, event.status) == ("DRAWDOWN-1", PaymentStatus.RCVD)
    assert (await scene.bank.submit(message)).accepted
    assert len(scene.held.orders()) == 1


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "nobody"}, {"alg": "none"}, {"crit": []}, {"crit": [*obie_keys.CRITICAL, "exp"], "exp": 1},
        {obie_keys.OB + "iss": "another bank"}, {obie_keys.OB + "tan": "another.anchor"}, {obie_keys.OB + "iat": 0},
        {obie_keys.OB + "iat": 2**40},
    ],
    ids=["unknown key", "no algorithm", "nothing bound", "unknown demand", "issuer", "anchor", "too old", "ahead"],
)  # fmt: skip
async def test_a_signature_that_says_the_wrong_thing_proves_nothing(
    scene: ObieScene, header: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    message, whole = scene.bank.render_payout(await contract.payout(scene)), obie_keys.detached

    def wrong(body: bytes, *said: Any) -> str:
        if b"DomesticPaymentId" not in body:
            return whole(body, *said)
        if "alg" in header:
            return f"{obie_keys.encoded(msgspec.json.encode({'kid': obie_keys.BANK_KID, **header}))}..x"
        if "exp" in header:
            return _signed_by_hand(body, scene, header)
        return whole(body, *said, **header)

    monkeypatch.setattr(obie_keys, "detached", wrong)
    with pytest.raises(Unanswered):
        await scene.bank.submit(message)


async def test_another_banks_signature_proves_nothing(scene: ObieScene) -> None:
    scene.held.owner = "stranger"
    with pytest.raises(Unreachable, match="not of these bytes"):
        await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert scene.held.orders() == []


@pytest.mark.parametrize("status", [401, 403, 404, 405, 406, 415, 429])
async def test_an_order_turned_away_was_not_taken(scene: ObieScene, status: int) -> None:
    scene.held.spoil = spoiling(lambda _: Said(status))
    with pytest.raises(Unreachable):
        await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))


@pytest.mark.parametrize("code", ["U006", "U015", "U019", "U028"])
async def test_an_order_refused_for_its_headers_was_not_looked_at(scene: ObieScene, code: str) -> None:
    scene.held.spoil = spoiling(lambda _: Said(400, {"Errors": [{"ErrorCode": code}]}))
    with pytest.raises(Unreachable, match=code):
        await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))


@pytest.mark.parametrize(
    ("code", "reason"), [("U002", "FF01"), ("U008", "U008"), ("U012", "TM01"), ("U021", "AC01"), ("AC01", "AC01")]
)
async def test_an_order_refused_is_told_with_the_reason(scene: ObieScene, code: str, reason: str) -> None:
    scene.held.spoil = spoiling(lambda _: Said(400, {"Errors": [{"ErrorCode": code, "Message": "so it is"}]}))
    ack = await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert (ack.accepted, ack.reason) == (False, reason)
    assert "so it is" in (ack.detail or "")


async def test_an_order_rejected_in_its_first_answer_is_refused_with_the_banks_id(scene: ObieScene) -> None:
    scene.held.spoil = spoiling(
        lambda said: with_data(said, Status="RJCT", StatusReason=[{"StatusReasonCode": "AC04"}])
    )
    ack = await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert (ack.accepted, ack.reason, ack.bank_reference) == (False, "AC04", "domestic-payments.2")


async def test_an_order_under_a_consent_used_before_is_a_copy(scene: ObieScene) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    assert (await scene.bank.submit(message)).accepted
    del scene.held.keys["domestic-payments", "P-DRAWDOWN-1"]  # a bank that forgets early
    ack = await scene.bank.submit(message)
    assert (ack.accepted, ack.reason) == (False, "DUPL")
    assert len(scene.held.orders()) == 1
    looks: list[str] = []

    def blind(method: str, path: str, said: Said) -> Said:
        looks.append(path)
        return Said(500) if method == "GET" and len(looks) > 3 else said

    scene.held.spoil = blind
    with pytest.raises(Unanswered):
        await scene.bank.submit(message)


async def test_a_copy_after_its_token_is_gone_is_known_by_its_used_consent(
    scene: ObieScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    assert (await scene.bank.submit(message)).accepted
    monkeypatch.setattr(scene.held, "authorise", lambda _: None)
    ack = await scene.bank.submit(message)
    assert (ack.accepted, ack.reason) == (False, "DUPL")
    assert ack.bank_reference == "consent:domestic-payment-consents.1"


@pytest.mark.parametrize("change", [lambda _: None, lambda _: Said(500), lambda _: Said(201), lambda _: Said(400)])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/domestic-payment-consents"), ("GET", "/domestic-payment-consents/domestic-payment-consents.1")],
)
async def test_what_fails_before_the_order_took_nothing(scene: ObieScene, method: str, path: str, change: Any) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    scene.held.spoil = spoiling(change, method=method, path=path)
    with pytest.raises(Unreachable):
        await scene.bank.submit(message)
    scene.held.spoil = lambda _method, _path, said: said
    assert (await scene.bank.submit(message)).accepted
    assert len(scene.held.orders()) == 1


async def test_a_consent_the_bank_refuses_to_make_refuses_the_payout(scene: ObieScene) -> None:
    scene.held.refuses_all = True
    ack = await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert (ack.accepted, ack.reason) == (False, "FF01")


async def test_a_bank_that_is_not_there_or_says_nothing_was_not_reached() -> None:
    async with Outbound(Limits(silence_ms=200)) as outbound:
        scene = ObieScene(Bank(), nobody(), outbound)
        message = scene.bank.render_payout(await contract.payout(scene))
        for asking in (scene.bank.submit(message), scene.bank.fetch(), scene.bank.status(Sent("DRAWDOWN-1", message))):
            with pytest.raises(Unreachable):
                await asking


@pytest.mark.parametrize("message", [b"", b"<Document/>", b"{}", b'{"rail":"obie-3.1"}'])
async def test_bytes_of_another_rail_are_refused_and_not_sent(scene: ObieScene, message: bytes) -> None:
    ack = await scene.bank.submit(message)
    assert (ack.accepted, ack.reason) == (False, "FF01")


async def test_a_collection_cut_off_is_found_again_by_its_key(scene: ObieScene) -> None:
    debit = await contract.collection(scene, amount=Money(2_500, "GBP"))
    message = scene.bank.render_collection(debit)
    scene.held.spoil = spoiling(lambda _: None, path="/domestic-vrps")
    with pytest.raises(Unanswered):
        await scene.bank.submit(message)
    assert await scene.bank.status(Sent("REPAYMENT-1", message, f"consent:{debit.mandate_id}")) == []
    scene.held.spoil = lambda _method, _path, said: said
    ack = await scene.bank.submit(message)
    assert ack.accepted
    assert len(scene.held.orders("domestic-vrps")) == 1
    assert await scene.bank.status(Sent("REPAYMENT-1", message, ack.bank_reference))


# --- callbacks --------------------------------------------------------------------------------------------------------


async def test_an_event_the_bank_pushes_is_a_hint_of_what_to_ask_for(scene: ObieScene) -> None:
    token = scene.held.event("event-1", UPDATED, "domestic-payments", "domestic-payments.2").encode()
    message = scene.bank.parse_inbound({"content-type": "application/jwt; charset=utf-8"}, token + b"\n")
    assert message == scene.bank.parse_inbound(JWT, token)
    (hint,) = scene.bank.read(message.body)
    assert (hint.source, hint.status, hint.bank_reference) == (UPDATED, None, "domestic-payments.2")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another bank"}, {"aud": "another client"}, {"aud": []}, {"iat": 0}, {"iat": 10**11}, {"iat": "now"},
        {"jti": ""}, {"jti": "x" * 129}, {"jti": None}, {"events": {}},
    ],
    ids=["issuer", "audience", "nobody", "old", "ahead", "no time", "no id", "long id", "null id", "nothing"],
)  # fmt: skip
async def test_an_event_with_a_wrong_claim_is_forged(scene: ObieScene, claims: dict[str, Any]) -> None:
    token = scene.held.event("event-1", UPDATED, "domestic-payments", "domestic-payments.2", **claims)
    with pytest.raises(Forged):
        scene.bank.parse_inbound(JWT, token.encode())


async def test_an_event_that_is_not_the_banks_is_forged(scene: ObieScene) -> None:
    good = scene.held.event("event-1", UPDATED, "domestic-payments", "domestic-payments.2")
    head, payload, signature = good.split(".")
    scene.held.owner = "stranger"
    stranger = scene.held.event("event-1", UPDATED, "domestic-payments", "domestic-payments.2")
    unsigned = f"{obie_keys.encoded(b'{}')}.{payload}."
    other = obie_keys.encoded(msgspec.json.encode({"iss": obie_keys.BANK_ISSUER}))
    for body in (stranger, unsigned, f"{head}.{other}.{signature}", f"{head}..{signature}", payload, "", "é"):
        with pytest.raises(Forged):
            scene.bank.parse_inbound(JWT, body.encode())
    for headers, body in (({}, good), ({"content-type": "application/json"}, good), (JWT, "x" * (EVENT_BYTES + 1))):
        with pytest.raises(Forged):
            scene.bank.parse_inbound(headers, body.encode())


async def test_an_event_names_no_address_to_go_to(scene: ObieScene) -> None:
    for kind, number in (("accounts", "1"), ("domestic-payments", "../../admin"), ("domestic-payments", "")):
        token = scene.held.event("event-1", UPDATED, kind, number).encode()
        try:
            (hint,) = scene.bank.read(scene.bank.parse_inbound(JWT, token).body)
        except Forged:
            continue
        assert hint.bank_reference is None


def _signed_by_hand(body: bytes, scene: ObieScene, header: dict[str, Any]) -> str:
    """Signed rightly, with a header joserfc would not write."""
    claims = {
        "alg": "PS256", "kid": obie_keys.BANK_KID, obie_keys.OB + "iat": int(scene.held.now.timestamp()),
        obie_keys.OB + "iss": obie_keys.BANK_ISSUER, obie_keys.OB + "tan": obie_keys.TRUST_ANCHOR, **header,
    }  # fmt: skip
    head = obie_keys.encoded(msgspec.json.encode(claims))
    proof = obie_keys.key("bank").sign(
        f"{head}.{obie_keys.encoded(body)}".encode(), PSS(mgf=MGF1(SHA256()), salt_length=32), SHA256()
    )
    return f"{head}..{obie_keys.encoded(proof)}"
