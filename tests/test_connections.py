"""Banks connected by a file: the four kinds, everything that is wrong with one, and what a secret must not do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from adapters.calendars import BankingCalendars
from gateway import settings as configuration
from gateway.connections import check, connected
from gateway.connections.rails import Surroundings
from gateway.domain.programmes import INVENTORY
from gateway.settings import BadSettings, Mode, Settings
from tests.adapters import obie_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.domain.sandbox_banks import BankBehaviour
    from gateway.usecases.world import Bank

pytestmark = pytest.mark.anyio


class NineOclock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Desk:
    """The built-in bank's books in memory."""

    books: str | None = None

    async def read(self) -> str | None:
        return self.books

    async def change(self, edit: Callable[[str | None], str]) -> None:
        self.books = edit(self.books)

    async def behaviours(self, references: list[str]) -> dict[str, BankBehaviour]:
        return {}


AROUND = Surroundings(NineOclock(), NineOclock(), BankingCalendars(), desk=lambda _: Desk())
HEAD = """
[[bank]]
id = "bnk_one"
name = "One Bank"
account = { iban = "NL41MOCK0000000001", bic = "MOCKNL2AXXX" }
creditor_scheme_id = "NL00ZZZ000000000000"
"""
FILES = """
[[bank.rail]]
kind = "iso20022"
transport = { kind = "http", base_url = "https://bank.example" }
"""
NACHA = """
[[bank.rail]]
kind = "nacha"
transport = { kind = "http", base_url = "https://ach.example" }
originator = { routing = "999999992", origin = "1234567890", companies = { "0000000001" = "1234567890" } }
"""
BERLIN = """
[[bank.rail]]
kind = "berlin"
base_url = "https://psd2.example"
consent_id = "consent-1"
ip_address = "192.0.2.10"
accounts = [{ iban = "NL41MOCK0000000001", resource_id = "r-1" }]
"""


async def banks_of(text: str | None, mode: Mode = Mode.sandbox) -> dict[str, Bank]:
    async with connected(Settings(banks=text, mode=mode), AROUND) as banks:
        return banks


def obie(folder: Path) -> str:
    key = folder / "signing.key"
    key.write_text(obie_keys.private_pem("restock"), encoding="utf-8")
    key.chmod(0o600)
    return f"""
[[bank.rail]]
kind = "obie"
payments_url = "https://ob.example/pisp"
client_id = "restock"
issuer = "restock"
kid = "ours"
signing_key = {{ file = "{key}" }}
bank_issuer = "bank"
bank_keys = {{ theirs = '''{obie_keys.public_pem("bank")}''' }}
calendar = "GB"
cutoff = "17:00"
[bank.rail.tokens]
url = "https://ob.example/token"
client_id = "restock"
scope = "payments"
kid = "ours"
signing_key = {{ file = "{key}" }}
"""


async def test_all_four_kinds_are_connected_from_one_file(tmp_path: Path) -> None:
    second = HEAD.replace("bnk_one", "bnk_two").replace("One Bank", "Two Bank")
    text = HEAD + FILES + second + 'pays_out = "obie"\ncollects = "nacha"\n' + obie(tmp_path) + BERLIN + NACHA
    banks = await banks_of(text)
    assert [(bank.id, bank.name, list(bank.rails)) for bank in banks.values()] == [
        ("bnk_one", "One Bank", ["iso20022"]),
        ("bnk_two", "Two Bank", ["obie", "berlin", "nacha"]),
    ]
    can = {name: rail.capabilities for name, rail in banks["bnk_two"].rails.items()}
    assert [name for name, one in can.items() if one.pays_out] == ["obie"]
    assert [name for name, one in can.items() if one.collects] == ["nacha"]
    assert (can["obie"].calendar, can["obie"].cutoff, can["obie"].timezone) == ("GB", "17:00", "Europe/London")
    assert banks["bnk_one"].decision is None


async def test_the_single_variables_connect_one_bank_over_files() -> None:
    (bank,) = (await banks_of(None)).values()
    assert (bank.id, list(bank.rails), bank.decision is not None) == (INVENTORY.bank_id, ["sandbox"], True)
    async with connected(Settings(bank_url="http://127.0.0.1:9"), AROUND) as banks:
        assert list(banks[INVENTORY.bank_id].rails) == ["iso20022"]


async def test_the_file_is_found_by_its_variable_and_a_poll_interval_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "banks.toml"
    file.write_text(HEAD + FILES + "poll_seconds = 60\n", encoding="utf-8")
    async with connected(configuration.load({"GATEWAY_BANKS_FILE": str(file)}), AROUND) as banks:
        assert banks["bnk_one"].polls == {"iso20022": timedelta(minutes=1)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bank = 7 =", "not TOML"),
        ("bank = 7", "array"),
        ("bank = []", "names no"),
        ("[[banks]]", "banks"),
        (HEAD, "rail"),
        (HEAD + FILES + HEAD + FILES, "two banks have the id bnk_one"),
        (HEAD.replace("bnk_one", "One!") + FILES, "id has 3 to 40"),
        (HEAD.replace("NL41", "NL42") + FILES, "fails its check"),
        (HEAD.replace('iban = "NL41MOCK0000000001", ', "") + FILES, "iban or an other_id"),
        (HEAD + "bic = 'X'" + FILES, "bic"),
        (HEAD.replace("NL00ZZZ000000000000", "") + FILES, "creditor_scheme_id"),
        (HEAD + FILES + FILES, "two rails have that name"),
        (HEAD + FILES + NACHA, "iso20022 and nacha could each do it: name one by pays_out"),
        (HEAD + "pays_out = 'obie'" + FILES, "pays_out = 'obie' is none"),
        (HEAD + FILES + "currency = 'EUR'", "currency"),
        (HEAD + FILES.replace("http", "fax", 1), "fax"),
        (HEAD + FILES.replace('"iso20022"', '"morse"'), "kind 'morse' is unknown; there are iso20022, nacha"),
        (HEAD + FILES + "cutoff = '4 pm'", "cutoff '4 pm'"),
        (HEAD + FILES + "timezone = 'Europe/Atlantis'", "Europe/Atlantis"),
        (HEAD + FILES + "calendar = 'MOON'", "calendar 'MOON' is unknown"),
        (HEAD + FILES + "poll_seconds = -1", "poll_seconds"),
        (HEAD + BERLIN + "access_token = 'abc'", "a secret stays out of this file: write access_token"),
        (HEAD + BERLIN + "signing_key = { file = '/nowhere/key' }", "/nowhere/key cannot be read"),
        (HEAD + BERLIN + "bank_key = 'none'", "not PEM"),
        (HEAD + BERLIN + "[bank.rail.tokens]\nurl = 'https://x'\nclient_id = 'a'\nscope = 'p'", "signing_key and kid"),
        (HEAD + "tls = { certificate_file = '/c', key_file = '/k' }" + FILES, "/k cannot be read"),
        (HEAD + "decision = { kind = 'oracle' }" + FILES, "kind 'oracle' is unknown"),
    ],
    ids=[
        "no toml", "another shape", "no bank", "another table", "no rail", "same id", "bad id", "bad iban",
        "no account", "unknown key", "no creditor", "same rail", "two pay out", "unknown rail",
        "unknown setting", "unknown transport", "unknown kind", "bad cutoff", "bad zone", "bad calendar",
        "bad interval", "secret in the file", "no such file", "bad key", "no proof", "no client key",
        "unknown decision",
    ],
)  # fmt: skip
async def test_what_is_wrong_with_the_file_is_said_with_the_key(text: str, said: str) -> None:
    with pytest.raises(BadSettings) as refused:
        await banks_of(text)
    assert said in refused.value.detail
    assert "PRIVATE" not in refused.value.detail


async def test_a_bank_whose_rails_tell_no_bookings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="no rail of it tells what was booked"):
        await banks_of(HEAD + obie(tmp_path))


async def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    text = HEAD + 'pays_out = "obie"' + obie(tmp_path) + BERLIN
    (tmp_path / "signing.key").chmod(0o640)
    with pytest.raises(BadSettings, match="others can read it: chmod 600"):
        await banks_of(text)


async def test_live_money_wants_tls_and_a_bank_that_decides(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"rail iso20022, transport, base_url: live mode needs https"):
        await banks_of(HEAD + FILES.replace("https", "http"), Mode.live)
    with pytest.raises(BadSettings, match="decides its loans itself"):
        await banks_of(HEAD + "decision = { kind = 'sandbox' }" + FILES, Mode.live)
    with pytest.raises(BadSettings, match="live money keeps real time"):
        await banks_of(HEAD + "clock_url = 'https://bank.example'" + FILES, Mode.live)
    with pytest.raises(BadSettings, match="rail sandbox: a live bank is a bank"):
        await banks_of(HEAD + "[[bank.rail]]\nkind = 'sandbox'\n", Mode.live)
    with pytest.raises(BadSettings, match="sandbox takes nothing but its kind and name, not url"):
        await banks_of(HEAD + "[[bank.rail]]\nkind = 'sandbox'\nurl = 'http://127.0.0.1:9'\n")
    http = "decision = {{ kind = 'http', address = '{}://bank.example/decide' }}"
    with pytest.raises(BadSettings, match="decision, address: live mode needs https"):
        await banks_of(HEAD + http.format("http") + FILES, Mode.live)
    banks = await banks_of(HEAD + http.format("https") + FILES, Mode.live)
    assert banks["bnk_one"].decision is not None


async def test_a_programme_of_a_bank_that_is_not_connected_is_told() -> None:
    with pytest.raises(BadSettings, match=r"bnk_sandbox, which is not connected.*programme withdraw"):
        check(await banks_of(HEAD + FILES), [INVENTORY])
    check(await banks_of(None), [INVENTORY])
    mine = msgspec.structs.replace(INVENTORY, bank_id="bnk_one")
    check(await banks_of(HEAD + FILES), [mine])


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"GATEWAY_BANKS": "x", "GATEWAY_BANK_URL": "http://x"}, "leave GATEWAY_BANK_URL away"),
        ({"GATEWAY_MODE": "live", "GATEWAY_ISSUER": "https://x", "GATEWAY_MASTER_KEY": "k"}, "GATEWAY_BANKS_FILE"),
    ],
    ids=["both", "neither in live mode"],
)
def test_the_banks_are_told_once(environment: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        configuration.load(environment)


async def test_a_third_partys_rail_comes_by_an_entry_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = tmp_path / "other_bank-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: other-bank\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[restock.banks]\nother = other_bank:rail\n", encoding="utf-8")
    (tmp_path / "other_bank.py").write_text(
        "from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings\n"
        "from adapters.mailboxes import DirectoryPlace\n"
        "def rail(own, outbound, around):\n"
        "    place = DirectoryPlace(outgoing=own['folder'], incoming=own['folder'])\n"
        "    return Iso20022Bank(Iso20022Settings(place), outbound)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    banks = await banks_of(f"{HEAD}[[bank.rail]]\nkind = 'other'\nfolder = '{tmp_path}'\ncutoff = '15:00'\n")
    assert banks["bnk_one"].rails["other"].capabilities.cutoff == "15:00"
