"""docs/banks.md: every example connects, every key is explained, every command is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.banks.berlin.interface import BerlinSettings
from adapters.banks.iso20022.settings import Iso20022Settings
from adapters.banks.nacha.client import NachaSettings
from adapters.banks.nacha.wire import Originator
from adapters.banks.obie.settings import ObieSettings
from adapters.questions import Place as QuestionPlace
from adapters.tokens import TokenSettings
from gateway import cli
from gateway.bank_ports import Account
from gateway.connections import connected
from gateway.connections.entries import BankEntry, TlsEntry
from gateway.settings import Mode, Settings
from tests.adapters import berlin_scene, obie_keys
from tests.certificates import certify
from tests.test_connections import AROUND

PAGE = (Path(__file__).parents[1] / "docs" / "banks.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)


def materials(folder: Path) -> dict[str, str]:
    """What the files that the examples name would hold, by the file's name."""
    keys = berlin_scene.new_keys()
    seal = berlin_scene.settings("https://psd2.bank.example", keys)
    certify(folder, "transport")
    return {
        "bearer": "secret", "files-password": "secret", "sftp-key": obie_keys.private_pem("restock"),
        "signing-key": obie_keys.private_pem("restock"), "bank-1.pem": obie_keys.public_pem("bank"),
        "seal-key": seal.signing_key, "seal.pem": seal.certificate, "bank.pem": seal.bank_key,
        "transport.pem": (folder / "transport.pem").read_text(encoding="utf-8"),
        "transport-key": (folder / "transport.key").read_text(encoding="utf-8"),
    }  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("number", range(4), ids=["files", "ach", "uk", "berlin"])
async def test_every_example_is_a_whole_file_fit_for_live_money(number: int, tmp_path: Path) -> None:
    for name, text in materials(tmp_path).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    text = re.sub(r'"(/run/secrets|/etc/restock)/', f'"{tmp_path}/', EXAMPLES[number])
    async with connected(Settings(mode=Mode.live, banks=text), AROUND) as banks:
        (bank,) = banks.values()
        assert bank.decision is not None
        assert sum(rail.capabilities.pays_out for rail in bank.rails.values()) == 1
        assert sum(rail.capabilities.collects for rail in bank.rails.values()) == 1
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize(
    "kind",
    [BankEntry, TlsEntry, Account, QuestionPlace, Iso20022Settings, NachaSettings, Originator, ObieSettings,
     BerlinSettings, TokenSettings],
    ids=lambda kind: kind.__name__,
)  # fmt: skip
def test_every_key_is_explained(kind: type[Any]) -> None:
    explained = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert [one.encode_name for one in msgspec.structs.fields(kind) if one.encode_name not in explained] == []


def test_every_command_is_understood() -> None:
    commands = re.findall(r"^gateway (bank .*)$", PAGE, flags=re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        assert cli._parser().parse_args(re.findall(r'"[^"]*"|\S+', command)).run
