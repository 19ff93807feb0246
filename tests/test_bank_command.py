"""`gateway bank`: on a database of its own, and through the server that holds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway import cli, control
from gateway.domain.errors import Invalid
from gateway.domain.programmes import INVENTORY
from gateway.usecases import audit
from tests import gateways

if TYPE_CHECKING:
    from pathlib import Path

BANK = INVENTORY.bank_id
SAID = {"by": "officer-1", "reason": "A rumour"}


def test_a_bank_is_stopped_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite:///{tmp_path / 'restock.db'}")
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "keys"))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["bank", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    by = ("--by", "officer-1", "--reason", "A rumour")
    assert json.loads(run("list")[1])[0]["stopped"] == "nothing"
    code, out, _ = run("stop", BANK, "--collections", *by)
    assert (code, json.loads(out)["stopped"], json.loads(out)["switch"]["made_by"]) == (0, "everything", "officer-1")
    assert json.loads(run("list")[1])[0]["health"] == "stopped"
    assert json.loads(run("stop", BANK, *by)[1])["stopped"] == "lending"
    assert json.loads(run("resume", BANK, *by)[1])["health"] == "open"
    assert run("stop", "bnk_nobody", *by)[0] == cli.REFUSED
    code, _, err = run("stop", BANK, "--by", "A. Name", "--reason", "x")
    assert (code, "account" in err) == (cli.REFUSED, True)


@pytest.mark.anyio
async def test_a_running_server_is_told_and_the_log_says_who(tmp_path: Path) -> None:
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path) as gateway:
        world = gateway.world
        async with control.listening(world):
            given = {"bank_id": BANK, "stopped": "lending", "said": SAID}
            assert (await control.ask(world.settings, "bank.switch", given))["stopped"] == "lending"
            with pytest.raises(Invalid, match="account"):
                await control.ask(world.settings, "bank.switch", given | {"said": SAID | {"by": "A. Name"}})
        assert world.banks[BANK].standing.stopped == "lending"
        noted = [entry async for page in audit.pages(world.store) for entry in page]
        assert [(one.action, one.subject, one.facts) for one in noted] == [
            ("bank.stopped", BANK, {"by": "officer-1", "stopped": "lending"})
        ]
