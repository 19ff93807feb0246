"""Each market's habits, in every version: valid by the published schemas, and as its banks want it."""

from __future__ import annotations

import tomllib
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sepaxml import SepaDD, SepaTransfer

from adapters.banks.iso20022 import wire
from adapters.banks.iso20022.settings import Iso20022Settings
from adapters.banks.iso20022.wire.profiles import PROFILES, SEPA, DebitVersion, Profile, TransferVersion, deviating
from adapters.mailboxes import DirectoryPlace, HttpPlace, SftpPlace
from gateway.bank_ports import Account, Address, Collection, Party, Payout, Unrenderable
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import Money
from tests.adapters.iso_payments import BANK, COLLECTION, PAYOUT, SHOP, collections, payouts
from tests.adapters.schemas import assert_valid

DEBIT = "CstmrDrctDbtInitn/PmtInf"
SWISS_SHOP = Party("Boulangerie d'Été", Account(iban="CH5109000000250092291"), Address("CH", "Biel", "2502", "Gare 12"))
SWISS_BANK = Party("Prêteur SA", Account(iban="CH2909000000250094239", bic="POFICHBEXXX"))
ODD_NAMES = st.text(max_size=150)


def written(name: str, transfers: str, debits: str) -> Profile:
    return deviating(name, {"transfer_version": transfers, "debit_version": debits, "debit_namespace": None})


EVERY = {
    f"{name} {transfers} {debits}": written(name, transfers, debits)
    for name, (transfers, debits) in product(
        sorted(PROFILES), zip(get_args(TransferVersion), get_args(DebitVersion), strict=True)
    )
}


def leaves(body: bytes) -> dict[str, str]:
    """Path → text of every element that has one, and the currencies."""
    root = etree.fromstring(body)
    tree = root.getroottree()
    found = {}
    for element in root.iter(etree.Element):
        path = "/".join(etree.QName(one).localname for one in reversed([element, *element.iterancestors()]))
        if element.text and element.text.strip():
            found[path.removeprefix("Document/")] = element.text + element.get("Ccy", "")
    assert tree is not None
    return found


@pytest.mark.parametrize("profile", EVERY.values(), ids=EVERY.keys())
def test_a_usual_payment_is_written_and_valid_in_every_currency_of_the_profile(profile: Profile, shared: Path) -> None:
    for currency in profile.transfers:
        amount = Money(12_345, "USD" if currency == "*" else currency)
        for shop, bank in ((SHOP, BANK), (SWISS_SHOP, SWISS_BANK)):
            payout = msgspec.structs.replace(PAYOUT, amount=amount, creditor=shop, debtor=bank)
            assert assert_valid(wire.render_payout(payout, profile), shared) == profile.transfer_version
    for currency in profile.debits:
        amount = Money(12_345, "USD" if currency == "*" else currency)
        for shop, bank in ((SHOP, BANK), (SWISS_SHOP, SWISS_BANK)):
            debit = msgspec.structs.replace(COLLECTION, amount=amount, debtor=shop, creditor=bank)
            assert assert_valid(wire.render_collection(debit, profile), shared) == profile.debit_version


@given(profile=st.sampled_from(list(EVERY.values())), payout=payouts, name=ODD_NAMES, reference=st.text(max_size=40))
def test_any_payout_is_valid_or_refused(
    profile: Profile, payout: Payout, name: str, reference: str, shared: Path
) -> None:
    odd = msgspec.structs.replace(payout, creditor=Party(name, payout.creditor.account), end_to_end_id=reference)
    for one in (payout, odd):
        try:
            body = wire.render_payout(one, profile)
        except Unrenderable:
            continue
        assert_valid(body, shared)
        assert leaves(body)["CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/PmtId/EndToEndId"] == one.end_to_end_id


@given(profile=st.sampled_from(list(EVERY.values())), collection=collections, name=ODD_NAMES)
def test_any_collection_is_valid_or_refused(profile: Profile, collection: Collection, name: str, shared: Path) -> None:
    for one in (collection, msgspec.structs.replace(collection, debtor=Party(name, collection.debtor.account))):
        try:
            body = wire.render_collection(one, profile)
        except Unrenderable:
            continue
        assert_valid(body, shared)


# --- what each market wants ------------------------------------------------------------------------------------------


def test_sepa_says_its_scheme_and_takes_only_euros() -> None:
    said = leaves(wire.render_payout(PAYOUT, PROFILES["sepa"]))
    assert said["CstmrCdtTrfInitn/PmtInf/PmtTpInf/SvcLvl/Cd"] == "SEPA"
    assert said["CstmrCdtTrfInitn/PmtInf/ChrgBr"] == "SLEV"
    debit = leaves(wire.render_collection(COLLECTION, PROFILES["sepa"]))
    assert debit["CstmrDrctDbtInitn/PmtInf/PmtTpInf/LclInstrm/Cd"] == "CORE"
    assert debit["CstmrDrctDbtInitn/PmtInf/CdtrSchmeId/Id/PrvtId/Othr/SchmeNm/Prtry"] == "SEPA"
    with pytest.raises(Unrenderable):
        wire.render_payout(msgspec.structs.replace(PAYOUT, amount=Money(100, "CHF")), PROFILES["sepa"])
    with pytest.raises(Unrenderable):
        wire.render_collection(msgspec.structs.replace(COLLECTION, amount=Money(100, "CHF")), PROFILES["sepa"])


def test_a_swiss_franc_has_no_scheme_and_a_swiss_debit_has_its_own_words_namespace_and_bank_numbers() -> None:
    franc = Money(150, "CHF")
    payout = msgspec.structs.replace(PAYOUT, amount=franc, creditor=SWISS_SHOP, debtor=SWISS_BANK)
    said = leaves(wire.render_payout(payout, PROFILES["swiss"]))
    assert not {path for path in said if "PmtTpInf" in path or "ChrgBr" in path}
    assert said["CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Cdtr/PstlAdr/TwnNm"] == "Biel"
    debit = msgspec.structs.replace(COLLECTION, amount=franc, creditor=SWISS_BANK, debtor=SWISS_SHOP)
    body = wire.render_collection(debit, PROFILES["swiss"])
    assert b'xmlns="http://www.six-interbank-clearing.com/de/pain.008.001.02.ch.03.xsd"' in body
    said = leaves(body)
    batch = "CstmrDrctDbtInitn/PmtInf/"
    assert (said[f"{batch}PmtTpInf/SvcLvl/Prtry"], said[f"{batch}PmtTpInf/LclInstrm/Prtry"]) == ("CHDD", "DDCOR1")
    assert said[f"{batch}CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"] == "09000"
    assert said[f"{batch}DrctDbtTxInf/DbtrAgt/FinInstnId/ClrSysMmbId/MmbId"] == "09000"
    assert not {path for path in said if "SeqTp" in path}


def test_cgi_carries_any_currency_and_says_the_ordinary_service() -> None:
    said = leaves(wire.render_payout(msgspec.structs.replace(PAYOUT, amount=Money(100, "KRW")), PROFILES["cgi"]))
    assert said["CstmrCdtTrfInitn/PmtInf/PmtTpInf/SvcLvl/Cd"] == "NURG"
    assert said["CstmrCdtTrfInitn/PmtInf/ChrgBr"] == "SHAR"


@pytest.mark.parametrize(
    ("profile", "name", "arrives"),
    [
        ("sepa", "Bäckerei Grüner & Söhne", "Backerei Gruner + Sohne"),
        ("sepa", "Łódź – Straße", "Lodz - Strasse"),
        ("sepa", "가나다 빵집", None),
        ("sepa", "Shop_1", None),
        ("sepa", "x" * 71, None),
        ("swiss", "Bäckerei Grüner & Söhne", "Bäckerei Grüner & Söhne"),
        ("swiss", "Ba\u0308ckerei Țară €", "Bäckerei Țară €"),
        ("swiss", "가나다 빵집", None),
        ("cgi", "가나다 빵집", "가나다 빵집"),
        ("cgi", "x" * 140, "x" * 140),
    ],
)
def test_a_name_goes_out_in_the_profiles_characters_or_not_at_all(profile: str, name: str, arrives: str | None) -> None:
    payout = msgspec.structs.replace(PAYOUT, creditor=Party(name, SHOP.account))
    if arrives is None:
        with pytest.raises(Unrenderable):
            wire.render_payout(payout, PROFILES[profile])
    else:
        said = leaves(wire.render_payout(payout, PROFILES[profile]))
        assert said["CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Cdtr/Nm"] == arrives


def test_an_older_version_names_a_bank_and_a_day_in_its_own_elements() -> None:
    older = leaves(wire.render_payout(PAYOUT, deviating("sepa", {"transfer_version": "pain.001.001.03"})))
    newer = leaves(wire.render_payout(PAYOUT, SEPA))
    moved = {"DbtrAgt/FinInstnId/BIC": "DbtrAgt/FinInstnId/BICFI", "ReqdExctnDt": "ReqdExctnDt/Dt"}
    for old, new in moved.items():
        assert older.pop(f"CstmrCdtTrfInitn/PmtInf/{old}") == newer.pop(f"CstmrCdtTrfInitn/PmtInf/{new}")
    assert older == newer


# --- a bank's own deviations -----------------------------------------------------------------------------------------


def test_a_bank_that_wants_a_bic_or_an_address_gets_no_payout_without() -> None:
    for wanted in ({"creditor_bic": True}, {"addresses": "required"}):
        with pytest.raises(Unrenderable):
            wire.render_payout(PAYOUT, deviating("cgi", wanted))
    known = Party("Shop", Account(iban=sandbox_iban("a"), bic="MOCKNL2A"), Address("NL", "Utrecht"))
    bank = Party("Bank", BANK.account, Address("NL", "Utrecht"))
    payout = msgspec.structs.replace(PAYOUT, creditor=known, debtor=bank)
    said = leaves(wire.render_payout(payout, deviating("cgi", {"creditor_bic": True, "addresses": "required"})))
    assert said["CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/BICFI"] == "MOCKNL2A"
    hidden = leaves(wire.render_payout(payout, deviating("cgi", {"addresses": "none"})))
    assert not {path for path in hidden if "PstlAdr" in path}
    foreign = msgspec.structs.replace(payout, creditor=Party("Shop", known.account, Address("nl", "Utrecht")))
    with pytest.raises(Unrenderable):
        wire.render_payout(foreign)


def test_deviations_reach_the_file(shared: Path) -> None:
    member = Party("Shop", Account(other_id="123456789", clearing_id="011000015"))
    wanted = {"clearing_system": "USABA", "initiator_id": "CUSTOMER-7", "batch_booking": False, "remittance": "none"}
    payout = msgspec.structs.replace(PAYOUT, amount=Money(5, "USD"), creditor=member)
    body = wire.render_payout(payout, deviating("cgi", wanted))
    assert_valid(body, shared)
    said = leaves(body)
    agent = "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/ClrSysMmbId"
    assert (said[f"{agent}/ClrSysId/Cd"], said[f"{agent}/MmbId"]) == ("USABA", "011000015")
    assert said["CstmrCdtTrfInitn/GrpHdr/InitgPty/Id/OrgId/Othr/Id"] == "CUSTOMER-7"
    assert said["CstmrCdtTrfInitn/PmtInf/BtchBookg"] == "false"
    assert not {path for path in said if "RmtInf" in path}
    bad = msgspec.structs.replace(payout, creditor=Party("Shop", Account(other_id="1", clearing_id="0 1")))
    with pytest.raises(Unrenderable):
        wire.render_payout(bad)


@pytest.mark.parametrize("place", [HttpPlace("http://b"), {"kind": "directory"}, {"kind": "sftp"}, {"kind": "ftp"}])
def test_settings_are_plain_values_and_what_is_unknown_or_missing_is_refused(place: Any) -> None:
    folders = {"outgoing": "out", "incoming": "in"}
    server = {"host": "bank", "username": "us", "private_key": "key", "host_keys": ["ssh-ed25519 AAAA"]}
    kinds = {"directory": (folders, DirectoryPlace), "sftp": (folders | server, SftpPlace)}
    if isinstance(place, HttpPlace):
        settings = msgspec.convert({"transport": {"kind": "http", "base_url": "http://b"}}, Iso20022Settings)
        assert settings == Iso20022Settings(place)
        return
    if place["kind"] not in kinds:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"transport": place}, Iso20022Settings)
        return
    fields, kind = kinds[place["kind"]]
    assert isinstance(msgspec.convert({"transport": place | fields}, Iso20022Settings).transport, kind)
    for wrong in (place, place | fields | {"colour": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"transport": wrong}, Iso20022Settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "sepia"},
        {"deviations": {"colour": 1}},
        {"deviations": {"transfer_version": "pain.001.001.12"}},
        {"currencies": ["XXX"]},
        {"unknown": 1},
    ],
)
def test_settings_that_no_payment_could_be_written_by_are_refused_when_they_are_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"transport": {"kind": "http", "base_url": "http://b"}, **wrong}, Iso20022Settings)


def test_the_guides_example_is_one(shared: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "iso20022.md").read_text("utf-8")
    example = tomllib.loads(guide.partition("```toml")[2].partition("```")[0])
    rail = example["bank"][0]["rail"][0]
    assert rail.pop("kind") == "iso20022"
    rail["transport"]["private_key"] = "the file's content"
    settings = msgspec.convert(rail, Iso20022Settings)
    payout = msgspec.structs.replace(PAYOUT, creditor=Party("Shop", Account(iban=SHOP.account.iban, bic="MOCKNL2A")))
    assert assert_valid(wire.render_payout(payout, settings.habits()), shared) == "pain.001.001.03"
    business = f"debits = {guide.partition('`debits = ')[2].partition('`')[0]}".replace("\n", " ")
    habits = deviating("sepa", tomllib.loads(business))
    assert leaves(wire.render_collection(COLLECTION, habits))[f"{DEBIT}/PmtTpInf/LclInstrm/Cd"] == "B2B"


# --- another writer --------------------------------------------------------------------------------------------------

OURS_ALONE = {"GrpHdr/MsgId", "GrpHdr/CreDtTm", "PmtInf/PmtInfId"}
"""Made up by each writer for itself."""


def instruction(body: bytes) -> dict[str, str]:
    """What a file instructs, told apart by path; the accounts' currency is no instruction, the payment has its own."""
    said = {path.partition("/")[2]: text for path, text in leaves(body).items()}
    return {path: text for path, text in said.items() if path not in OURS_ALONE and not path.endswith("Acct/Ccy")}


@pytest.mark.parametrize("version", get_args(TransferVersion))
def test_a_transfer_written_by_sepaxml_is_the_same_instruction(version: str, shared: Path) -> None:
    config = {"name": BANK.name, "IBAN": BANK.account.iban, "BIC": BANK.account.bic, "batch": False, "currency": "EUR"}
    other = SepaTransfer(config, schema=version)
    other.add_payment(
        {
            "name": SHOP.name,
            "IBAN": SHOP.account.iban,
            "amount": PAYOUT.amount.amount,
            "execution_date": date(2026, 3, 2),
            "description": PAYOUT.remittance,
            "endtoend_id": PAYOUT.end_to_end_id,
        }
    )
    theirs = other.export()
    assert assert_valid(theirs, shared) == version
    profile = deviating("sepa", {"transfer_version": version, "batch_booking": False})
    assert instruction(theirs) == instruction(wire.render_payout(PAYOUT, profile))


@pytest.mark.parametrize("version", get_args(DebitVersion))
def test_a_debit_written_by_sepaxml_is_the_same_instruction(version: str, shared: Path) -> None:
    creditor = COLLECTION.creditor.account
    config = {"name": BANK.name, "IBAN": creditor.iban, "BIC": creditor.bic, "batch": False, "currency": "EUR"}
    other = SepaDD({**config, "creditor_id": COLLECTION.creditor_scheme_id, "instrument": "CORE"}, schema=version)
    other.add_payment(
        {
            "name": SHOP.name,
            "IBAN": SHOP.account.iban,
            "amount": COLLECTION.amount.amount,
            "type": COLLECTION.sequence,
            "collection_date": COLLECTION.collect_on,
            "mandate_id": COLLECTION.mandate_id,
            "mandate_date": COLLECTION.mandate_signed_on,
            "description": COLLECTION.remittance,
            "endtoend_id": COLLECTION.end_to_end_id,
        }
    )
    theirs = other.export()
    assert assert_valid(theirs, shared) == version
    known_as = {"initiator_id": COLLECTION.creditor_scheme_id}
    profile = deviating("sepa", {"debit_version": version, "batch_booking": False, **known_as})
    assert instruction(theirs) == instruction(wire.render_collection(COLLECTION, profile))
