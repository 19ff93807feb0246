"""The pieces pain.001 and pain.008 share, written by a bank's profile. Whatever has no words here is Unrenderable."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from lxml.builder import ElementMaker

from adapters import texts
from adapters.banks.iso20022.wire.markup import NAMESPACE, NOT_PROVIDED
from adapters.banks.iso20022.wire.profiles import ANY
from gateway.bank_ports import Unrenderable
from gateway.domain.accounts import is_valid_iban
from gateway.domain.money import MAX_AMOUNT

if TYPE_CHECKING:
    from datetime import date, datetime

    from lxml import etree

    from adapters.banks.iso20022.wire.profiles import Label, Profile, Terms
    from gateway.bank_ports import Account, Address, Party
    from gateway.domain.money import Money

TEXT_LENGTH = 140
OTHER_ID_LENGTH = 34
_OLDER = frozenset({"pain.001.001.03", "pain.008.001.02"})
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_MEMBER_ID = re.compile(r"[A-Z0-9]{1,35}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class Parts(NamedTuple):
    """Makes elements of one message, by `profile` and the `terms` of the payment's currency."""

    make: ElementMaker
    profile: Profile
    terms: Terms
    older: bool

    def header(self, message_id: str, created_at: datetime, amount: Money, sender: Party) -> etree._Element:
        """GrpHdr of a file with one payment."""
        if created_at.tzinfo is None:
            raise Unrenderable("the creation time has no time zone")
        created = created_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
        make, known = self.make, self.profile.initiator_id
        number = [make.Id(make.OrgId(make.Othr(make.Id(texts.reference(known)))))] if known else []
        return make.GrpHdr(
            make.MsgId(texts.reference(message_id)),
            make.CreDtTm(f"{created}Z"),
            make.NbOfTxs("1"),
            make.CtrlSum(decimal(amount)),
            make.InitgPty(self.name(sender), *number),
        )

    def batch(self, message_id: str, method: str, amount: Money) -> list[etree._Element]:
        """The first elements of PmtInf: its id, whether it transfers or debits, its sums."""
        booking = self.profile.batch_booking
        return [
            self.make.PmtInfId(texts.reference(message_id)),
            self.make.PmtMtd(method),
            *([] if booking is None else [self.make.BtchBookg(str(booking).lower())]),
            self.make.NbOfTxs("1"),
            self.make.CtrlSum(decimal(amount)),
        ]

    def kind(self, sequence: str | None = None) -> list[etree._Element]:
        """PmtTpInf: service level, local instrument, a debit's place in its sequence; nothing where nothing is said."""
        said = [
            *self._label("SvcLvl", self.terms.service_level),
            *self._label("LclInstrm", self.terms.local_instrument),
        ]
        if sequence is not None and self.terms.sequenced:
            said.append(self.make.SeqTp(sequence))
        return [self.make.PmtTpInf(*said)] if said else []

    def execution(self, day: date) -> etree._Element:
        """The day a transfer is for: newer versions can also say an hour, so they wrap it."""
        return self.make.ReqdExctnDt(day.isoformat() if self.older else self.make.Dt(day.isoformat()))

    def charges(self) -> list[etree._Element]:
        """ChrgBr, where the market has it said."""
        return [self.make.ChrgBr(self.terms.charge_bearer)] if self.terms.charge_bearer else []

    def party(self, element: str, party: Party) -> etree._Element:
        """A debtor or creditor: the name, and the address as far as the profile wants it."""
        return self.make(element, self.name(party), *self._address(party.address))

    def name(self, party: Party) -> etree._Element:
        """Nm, in the characters and the length of the profile."""
        return self.make.Nm(self._text(party.name, self.profile.name_length))

    def account(self, element: str, account: Account, currency: str | None = None) -> etree._Element:
        """An account by its IBAN, which must be a valid one, or else by its other number."""
        if account.iban is not None:
            if not is_valid_iban(account.iban):
                raise Unrenderable("an account's IBAN is not valid")
            number = self.make.IBAN(account.iban)
        elif account.other_id is not None:
            number = self.make.Othr(self.make.Id(texts.text(account.other_id, OTHER_ID_LENGTH)))
        else:
            raise Unrenderable("an account has neither an IBAN nor another number")
        return self.make(element, self.make.Id(number), *([self.make.Ccy(currency)] if currency else []))

    def agent(self, element: str, account: Account) -> etree._Element:
        """The account's bank: by BIC or member id; where there is none, the standard's way of saying so."""
        return self.make(element, self.make.FinInstnId(self._bank(account)))

    def remittance(self, text: str) -> list[etree._Element]:
        """RmtInf, unstructured, where there is a text and the profile carries one."""
        if not text.strip() or self.profile.remittance == "none":
            return []
        return [self.make.RmtInf(self.make.Ustrd(self._text(text, TEXT_LENGTH)))]

    def scheme_id(self, identifier: str) -> etree._Element:
        """CdtrSchmeId: the creditor's id, and the scheme it is one in."""
        scheme = [self.make.SchmeNm(self.make.Prtry(self.terms.scheme_name))] if self.terms.scheme_name else []
        other = self.make.Othr(self.make.Id(texts.reference(identifier)), *scheme)
        return self.make.CdtrSchmeId(self.make.Id(self.make.PrvtId(other)))

    def _text(self, given: str, longest: int) -> str:
        return texts.text(texts.within(given, self.profile.characters), longest)

    def _label(self, element: str, label: Label | None) -> list[etree._Element]:
        return [self.make(element, self.make(label[0], label[1]))] if label else []

    def _bank(self, account: Account) -> etree._Element:
        make, member = self.make, account.clearing_id
        if self.terms.agents == "member" and account.iban is not None and account.iban[:2] in {"CH", "LI"}:
            member = account.iban[4:9]
        if account.bic is not None and (self.terms.agents == "bic" or member is None):
            if not _BIC.fullmatch(account.bic):
                raise Unrenderable("an account's BIC is not one")
            return make("BIC" if self.older else "BICFI", account.bic)
        if member is None:
            return make.Othr(make.Id(NOT_PROVIDED))
        if not _MEMBER_ID.fullmatch(member):
            raise Unrenderable("a bank's clearing id is not one")
        system = [make.ClrSysId(make.Cd(self.profile.clearing_system))] if self.profile.clearing_system else []
        return make.ClrSysMmbId(*system, make.MmbId(member))

    def _address(self, address: Address | None) -> list[etree._Element]:
        if self.profile.addresses == "none":
            return []
        if address is None:
            if self.profile.addresses == "required":
                raise Unrenderable("this bank takes no payment without the parties' postal addresses")
            return []
        if not _COUNTRY.fullmatch(address.country):
            raise Unrenderable("an address's country is not a code of two letters")
        lines = [("StrtNm", address.street, 70), ("PstCd", address.post_code, 16), ("TwnNm", address.town, 35)]
        written = [self.make(name, self._text(value, longest)) for name, value, longest in lines if value is not None]
        return [self.make.PstlAdr(*written, self.make.Ctry(address.country))]


def parts(profile: Profile, version: str, namespace: str | None, every: dict[str, Terms], currency: str) -> Parts:
    """What writes one payment in `currency`. Raises Unrenderable for a currency the profile has no terms for."""
    terms = every.get(currency) or every.get(ANY)
    if terms is None:
        raise Unrenderable(f"this bank takes no such payment in {currency[:3]}")
    space = namespace or NAMESPACE + version
    return Parts(ElementMaker(namespace=space, nsmap={None: space}), profile, terms, version in _OLDER)


def decimal(money: Money) -> str:
    """Major units with exactly the currency's decimals: 1050 EUR → `10.50`, 1050 KRW → `1050`."""
    if not 0 < money.amount <= MAX_AMOUNT:
        raise Unrenderable("a payment's amount is positive and within bounds")
    return f"{money.decimal():f}"
