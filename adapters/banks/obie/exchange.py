"""One exchange with the bank: tokens, signatures both ways, and what an answer that is no answer means."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.obie.signatures import NotSigned, Signer, Verifier
from adapters.banks.obie.wire import answers, consents, shapes
from gateway.bank_ports import Ack, Unreachable, Unreadable
from gateway.outbound import MayHaveBeenSent, NotSent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.banks.obie.settings import Access, ObieSettings
    from adapters.banks.obie.wire.consents import Consent
    from adapters.banks.obie.wire.orders import Kind
    from gateway.outbound import Answer, Outbound
    from gateway.ports import Clock

OK, CREATED, NO_CONTENT, BAD, UNAUTHORISED, NOT_FOUND, CONFLICT = 200, 201, 204, 400, 401, 404, 409


class Refused(Exception):
    """The bank, or a consent, says no for good: a way out of the steps of sending, never seen outside."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.ack = Ack(accepted=False, reason=reason, detail=detail)


class Exchange:
    """Speaks to one bank as one client."""

    def __init__(self, settings: ObieSettings, outbound: Outbound, access: Access, system_clock: Clock) -> None:
        self._settings, self._outbound, self._access, self._clock = settings, outbound, access, system_clock
        anchor = settings.trust_anchor
        self._signer = Signer(
            settings.signing_key,
            kid=settings.kid,
            issuer=settings.issuer,
            trust_anchor=anchor,
            encoded=settings.encoded,
        )
        self._verifier = Verifier(settings.bank_keys, issuer=settings.bank_issuer, trust_anchor=anchor)

    async def consent(self, kind: Kind, consent_id: str) -> Consent:
        """A consent as the bank holds it. Raises Unreachable or Refused."""
        return read_consent(await self.prepare("GET", f"/{kind.consents}/{consent_id}"))

    async def prepare(self, method: str, path: str, body: bytes = b"", key: str | None = None) -> Answer:
        """An exchange that moves no money. Raises Unreachable, or Refused for the bank's own no."""
        answer = await self._reached(method, self._settings.payments_url + path, body, key)
        if answer.status == NO_CONTENT:
            return answer
        if answer.status == NOT_FOUND:
            raise Refused(answers.NOT_FOUND, "the bank knows no such thing")
        if answer.status not in {OK, CREATED, BAD, CONFLICT}:
            raise Unreachable(f"the bank answered {answer.status}", status=answer.status)
        try:
            self.prove(answer)
        except NotSigned as error:
            raise Unreachable(error.detail) from error
        if answer.status in {BAD, CONFLICT}:
            raise _refused(answer)
        return answer

    async def order(self, path: str, body: bytes, key: str, token: str) -> Answer:
        """The exchange that moves money. Raises NotSent or MayHaveBeenSent."""
        return await self._send("POST", self._settings.payments_url + path, body, key, token)

    async def poll(self, asked: Mapping[str, object]) -> dict[str, str]:
        """Fetch or acknowledge events: `jti` → signed token. Raises Unreachable."""
        answer = await self._reached("POST", f"{self._settings.events_url}/events", msgspec.json.encode(asked))
        if answer.status not in {OK, CREATED}:
            raise Unreachable(f"the bank's events answered {answer.status}", status=answer.status)
        try:
            return msgspec.json.decode(answer.body, type=_Polled).sets
        except shapes.UNDECODABLE as error:
            raise Unreachable(f"the bank's events cannot be read: {error}") from error

    def event(self, token: str) -> answers.Event:
        """An event that is this bank's and meant for us. Raises NotSigned or Unreadable."""
        event = answers.read_event(self._verifier.opened(token))
        if event.issuer != self._settings.bank_issuer or self._settings.client_id not in event.audience:
            raise NotSigned("the event is by another bank, or for another client")
        return event

    def prove(self, answer: Answer) -> None:
        """Prove that the bank signed this body just now. Raises NotSigned."""
        self._verifier.prove(answer.headers.get("x-jws-signature"), answer.body, self._clock.now())

    async def _reached(self, method: str, url: str, body: bytes, key: str | None = None) -> Answer:
        token = await self._access.client_token()
        try:
            answer = await self._send(method, url, body, key, token)
            if answer.status == UNAUTHORISED:  # the token ended early: turned away before anybody looked
                token = await self._access.client_token(token)
                answer = await self._send(method, url, body, key, token)
            return answer  # noqa: TRY300 - the errors of both exchanges mean the same
        except (NotSent, MayHaveBeenSent) as error:
            raise Unreachable(error.detail) from error

    async def _send(self, method: str, url: str, body: bytes, key: str | None, token: str) -> Answer:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json",
            "x-fapi-interaction-id": str(uuid.uuid4()),
        }
        if body:
            headers["content-type"] = "application/json; charset=utf-8"
        if key is not None:
            headers["x-idempotency-key"] = key
            headers["x-jws-signature"] = self._signer.detached(body, self._clock.now())
        return await self._outbound.send(method, url, body=body, headers=headers)


class _Polled(msgspec.Struct):
    sets: dict[str, str]


def read_consent(answer: Answer) -> Consent:
    """A consent from an answer; one that cannot be read is as good as none. Raises Unreachable."""
    try:
        return consents.read_consent(answer.body)
    except Unreadable as error:
        raise Unreachable(error.detail) from error


def _refused(answer: Answer) -> Exception:
    refusal = answers.read_refusal(answer.body)
    if refusal is None:
        return Unreachable("the bank answered 400 without saying why")
    if refusal.code in answers.TURNED_AWAY:
        return Unreachable(f"the bank turned the request away: {refusal.detail}")
    return Refused(refusal.reason, refusal.detail)
