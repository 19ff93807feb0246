"""A UK bank that keeps state, for the tests: consents, authorisation, orders, idempotency, limits, events, signatures.

Written from the published description and profile alone; it shares no line with the adapter. Its clock is its own.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tests.adapters import obie_keys

if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]
KEY_HOURS = 24
KIND = {"domestic-payments": "DomesticPaymentId", "domestic-vrps": "DomesticVRPId"}
UPDATED = "urn:uk:org:openbanking:events:resource-update"
REVOKED = "urn:uk:org:openbanking:events:consent-authorization-revoked"
UNKNOWN_BANK = "999999"
_ASKED_ONLY = {"PSUAuthenticationMethod", "PSUInteractionType", "VRPType"}


class Said(msgspec.Struct):
    """An answer: HTTP status and what goes in the body (None = none)."""

    status: int
    body: Body | None = None
    signed: bool = True


class No(Exception):
    """A refusal in the words of OBErrorResponse1."""

    def __init__(self, code: str, message: str, path: str = "", status: int = 400) -> None:
        super().__init__(code)
        error = {"ErrorCode": code, "Message": message, **({"Path": path} if path else {})}
        self.said = Said(status, {"Errors": [error]})


class AccountAtBank(msgspec.Struct):
    name: str
    balance: Decimal
    closed: bool = False


class Resource(msgspec.Struct):
    """A consent or an order: its kind in the API, its data, and what it was asked with."""

    id: str
    kind: str
    data: Body
    risk: Body
    created_at: datetime
    taken: bool = False


class Bank:
    """The state; `answer` is the whole API."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new bank on a Monday morning."""
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.accounts: dict[str, AccountAtBank] = {}
        self.resources: dict[str, Resource] = {}
        self.keys: dict[tuple[str, str], tuple[str, str, datetime]] = {}
        self.events: dict[str, str] = {}
        self.agrees: Callable[[Resource], bool | None] = lambda _: True
        """What the account's holder says to a consent: yes, no, or (None) nothing yet."""
        self.refuses_all = False
        self.spoil: Callable[[str, str, Said], Said | None] = lambda _method, _path, said: said
        """What becomes of an answer on its way; None = the line is cut."""
        self.owner = "bank"
        self._count = 0

    # --- what happens outside the API -----------------------------------------------------------------------------

    def authorise(self, consent_id: str) -> str | None:
        """The account's holder looks at a consent; the access token when he has agreed."""
        consent = self.resources[consent_id]
        self._expire(consent)
        agreed = self.agrees(consent)
        if consent.data["Status"] == "AWAU" and agreed is not None:
            self._move(consent, "AUTH" if agreed else "RJCT", None if agreed else "U033", tell=not agreed)
        return f"holder-{consent_id}" if consent.data["Status"] in {"AUTH", "COND"} else None

    def cancel(self, consent_id: str) -> None:
        """The account's holder withdraws a standing consent at the bank."""
        self._move(self.resources[consent_id], "CANC", tell=False)
        self._tell(REVOKED, self.resources[consent_id])

    def pass_days(self, count: int) -> None:
        """Time goes by; what was on its way arrives."""
        self.now += timedelta(days=count)
        for resource in self.resources.values():
            if resource.kind in KIND and resource.data["Status"] == "ACSP":
                self._move(resource, "ACCC")
            self._expire(resource)

    def orders(self, kind: str = "domestic-payments") -> list[Resource]:
        """The orders the bank has taken, of one kind."""
        return [one for one in self.resources.values() if one.kind == kind]

    # --- the API --------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        """One request, answered."""
        try:
            return self._route(method, path.strip("/").split("/"), headers, body)
        except No as no:
            return no.said

    def _route(self, method: str, path: list[str], headers: dict[str, str], body: bytes) -> Said:
        token = headers.get("authorization", "")
        if path == ["events"] and method == "POST":
            return self._poll(msgspec.json.decode(body)) if token == "Bearer client" else Said(401)
        kind = path[0]
        if method == "POST" and len(path) == 1:
            return self._post(kind, token.removeprefix("Bearer "), headers, body)
        if token != "Bearer client":
            return Said(401)
        found = self.resources.get(path[1])
        if found is None or found.kind != kind:
            raise No("U011", "no such resource")
        if method == "DELETE":
            self._move(found, "CANC", tell=False)
            return Said(204)
        self._expire(found)
        return Said(200, self._shown(found))

    def _post(self, kind: str, token: str, headers: dict[str, str], body: bytes) -> Said:
        self._check_signature(headers.get("x-jws-signature", ""), body)
        key, asked = headers.get("x-idempotency-key", ""), hashlib.sha256(body).hexdigest()
        if not 0 < len(key) <= 40:
            raise No("U006", "the key is too long", "x-idempotency-key")
        wanted = msgspec.json.decode(body)
        if token != (f"holder-{wanted['Data'].get('ConsentId')}" if kind in KIND else "client"):
            return Said(401)
        known = self.keys.get((kind, key))
        if known is not None and self.now - known[2] < timedelta(hours=KEY_HOURS):
            if known[0] != asked:
                code, status = ("U006", 400) if kind == "domestic-payment-consents" else ("U029", 409)
                raise No(code, "the key was used for another body", "x-idempotency-key", status=status)
            return Said(201, self._shown(self.resources[known[1]]))
        if self.refuses_all:
            raise No("U010", "nothing can be read today")
        made = self._order(kind, wanted) if kind in KIND else self._consent(kind, wanted)
        self.keys[kind, key] = (asked, made.id, self.now)
        said = Said(201, self._shown(made))
        if kind in KIND:
            self._decide(made)
        return said

    def _check_signature(self, signature: str, body: bytes) -> None:
        header = obie_keys.holds(signature, body)
        if header is None:
            raise No("U015", "the signature does not hold", "x-jws-signature")
        if header[obie_keys.OB + "iss"] != obie_keys.OUR_ISSUER or set(header["crit"]) != set(obie_keys.CRITICAL):
            raise No("U016", "a claim of the signature is wrong", "x-jws-signature")

    def _consent(self, kind: str, wanted: Body) -> Resource:
        return self._new(kind, {**wanted["Data"], "Status": "AWAU"}, wanted["Risk"])

    def _order(self, kind: str, wanted: Body) -> Resource:
        data = wanted["Data"]
        consent = self.resources[data["ConsentId"]]
        self._expire(consent)
        if consent.data["Status"] != "AUTH":
            raise No("U009", f"the consent is {consent.data['Status']}", "Data.Status")
        if data["Initiation"] != consent.data["Initiation"] or wanted["Risk"] != consent.risk:
            raise No("U008", "the order is not what was agreed to", "Data.Initiation")
        if kind == "domestic-vrps":
            self._check_limits(consent, data)
        else:
            self._move(consent, "COND", tell=False)
        return self._new(kind, {**data, "Status": "PDNG"}, wanted["Risk"])

    def _check_limits(self, consent: Resource, data: Body) -> None:
        control, amount = consent.data["ControlParameters"], _amount(data["Instruction"]["InstructedAmount"])
        if data["VRPType"] not in control["VRPType"]:
            raise No("U002", "the consent is for another type of payment", "Data.VRPType")
        if amount > _amount(control["MaximumIndividualAmount"]):
            raise No("U014", "above the limit", "Data.ControlParameters.MaximumIndividualAmount")
        made = [one for one in self.orders("domestic-vrps") if one.data["ConsentId"] == consent.id and one.taken]
        for limit in control["PeriodicLimits"]:
            assert limit["PeriodType"] == "Month", "the stand-in counts months only"
            start = _month_of(consent.created_at.date(), self.now.date(), by_calendar=limit["PeriodAlignment"])
            spent = sum(
                _amount(one.data["Instruction"]["InstructedAmount"]) for one in made if one.created_at.date() >= start
            )
            if spent + amount > _amount(limit):
                raise No("U014", "above the limit of the period", "Data.ControlParameters.PeriodicLimits")

    def _decide(self, order: Resource) -> None:
        """Move the money, or say why not."""
        payer = self.accounts[order.data["Initiation"]["DebtorAccount"]["Identification"]]
        instruction: Body = order.data.get("Instruction") or order.data["Initiation"]
        number, amount = instruction["CreditorAccount"]["Identification"], _amount(instruction["InstructedAmount"])
        payee = self.accounts.get(number, AccountAtBank("somebody elsewhere", Decimal(0)))
        if number.startswith(UNKNOWN_BANK):
            self._move(order, "RJCT", "RC01")
        elif payee.closed:
            self._move(order, "RJCT", "AC04")
        elif payer.balance < amount:
            self._move(order, "RJCT", "AM04")
        else:
            payer.balance -= amount
            payee.balance += amount
            order.taken = True
            self._move(order, "ACSP")

    def _expire(self, consent: Resource) -> None:
        if consent.data["Status"] not in {"AWAU", "AUTH"} or not consent.kind.endswith("consents"):
            return
        limit = consent.data.get("Authorisation", {}).get("CompletionDateTime")
        ends = consent.data.get("ControlParameters", {}).get("ValidToDateTime")
        if limit and self.now >= datetime.fromisoformat(limit):
            self._move(consent, "RJCT", "U036", tell=True)
        elif ends and self.now >= datetime.fromisoformat(ends):
            self._move(consent, "EXPD", tell=False)

    # --- events ---------------------------------------------------------------------------------------------------

    def _poll(self, asked: Body) -> Said:
        for jti in asked.get("ack", []):
            self.events.pop(jti, None)
        count = asked.get("maxEvents", 10)
        return Said(200, {"moreAvailable": len(self.events) > count, "sets": dict(list(self.events.items())[:count])})

    def _tell(self, event: str, about: Resource) -> None:
        jti = f"event-{len(self.events) + self._next()}"
        self.events[jti] = self.event(jti, event, about.kind, about.id)

    def event(self, jti: str, event: str, kind: str, number: str, /, **changed: Any) -> str:
        """A signed event; `changed` claims are put in place of the right ones."""
        link = f"https://bank.example/open-banking/v4.0/pisp/{kind}/{number}"
        subject = {
            "subject_type": "http://openbanking.org.uk/rid_http://openbanking.org.uk/rty",
            obie_keys.OB + "rid": number,
            obie_keys.OB + "rty": kind,
            obie_keys.OB + "rlk": [{"version": "v4.0", "link": link}],
        }
        at = int(self.now.timestamp())
        claims = {
            "iss": obie_keys.BANK_ISSUER, "iat": at, "jti": jti, "aud": obie_keys.CLIENT_ID, "sub": link, "txn": jti,
            "toe": at, "events": {event: {"subject": subject}}, **changed,
        }  # fmt: skip
        return obie_keys.signed(msgspec.json.encode(claims), {"kid": obie_keys.BANK_KID}, self.owner)

    # --- resources ------------------------------------------------------------------------------------------------

    def _new(self, kind: str, data: Body, risk: Body) -> Resource:
        number = f"{kind}.{self._next()}"
        made = Resource(number, kind, {**data, "StatusUpdateDateTime": self._time()}, risk, self.now)
        made.data["CreationDateTime"] = self._time()
        made.data[KIND.get(kind, "ConsentId")] = number
        self.resources[number] = made
        return made

    def _move(self, resource: Resource, status: str, reason: str | None = None, *, tell: bool = True) -> None:
        resource.data["Status"], resource.data["StatusUpdateDateTime"] = status, self._time()
        if reason is not None:
            resource.data["StatusReason"] = [{"StatusReasonCode": reason}]
        if tell:
            self._tell(UPDATED, resource)

    def _shown(self, resource: Resource) -> Body:
        link = {"Self": f"https://bank.example/open-banking/v4.0/pisp/{resource.kind}/{resource.id}"}
        data = {name: value for name, value in resource.data.items() if name not in _ASKED_ONLY}
        with_risk = {"Risk": resource.risk} if resource.kind != "domestic-payments" else {}
        return {"Data": data, **with_risk, "Links": link, "Meta": {}}

    def _time(self) -> str:
        return self.now.isoformat(timespec="seconds")

    def _next(self) -> int:
        self._count += 1
        return self._count


def _amount(written: Body) -> Decimal:
    assert re.fullmatch(r"\d{1,13}\.\d\d", written["Amount"])
    return Decimal(written["Amount"])


def _month_of(first: date, today: date, *, by_calendar: str) -> date:
    """The first day of the month that counts: the calendar's, or counted from the consent's own day (≤ 28)."""
    if by_calendar == "Calendar":
        return today.replace(day=1)
    start = today.replace(day=first.day)
    return start if start <= today else (today.replace(day=1) - timedelta(days=1)).replace(day=first.day)
