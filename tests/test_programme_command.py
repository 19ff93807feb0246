"""`gateway programme`: on a database of its own, and through the server that holds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway import cli, control
from gateway.domain import programme_files
from gateway.domain.errors import Invalid
from gateway.domain.programmes import INVENTORY
from tests import gateways, tills

if TYPE_CHECKING:
    from pathlib import Path

NEXT = programme_files.write(msgspec.structs.replace(INVENTORY, version=INVENTORY.version + 1, base_bps=4_000))


def test_a_file_is_tried_then_applied_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite:///{tmp_path / 'restock.db'}")
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "keys"))
    file = tmp_path / "programme.toml"

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["programme", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    file.write_text(NEXT, encoding="utf-8")
    code, out, _ = run("apply", str(file))
    tried = json.loads(out)
    assert (code, tried["merchants_count"], tried["biggest"]) == (0, 0, [])
    assert json.loads(run("list")[1])[0]["applied_by"] is None
    assert run("apply", str(file), "--tried", tried["hash"])[0] == cli.REFUSED
    code, out, _ = run("apply", str(file), "--tried", tried["hash"], "--by", "officer-1")
    assert (code, json.loads(out)["version"]) == (0, INVENTORY.version + 1)
    assert run("show")[1] == NEXT
    assert programme_files.read(run("show", str(INVENTORY.version))[1]) == INVENTORY
    code, _, err = run("apply", str(file))
    assert code == cli.REFUSED
    assert "so the next one is" in err
    assert run("apply", str(tmp_path / "none.toml"))[0] == cli.REFUSED
    other = programme_files.write(msgspec.structs.replace(INVENTORY, id="prg_other", version=1))
    file.write_text(other, encoding="utf-8")
    tried = json.loads(run("apply", str(file))[1])
    assert run("withdraw", INVENTORY.id, "--by", "officer-1")[0] == cli.REFUSED  # the last one in force
    assert run("apply", str(file), "--tried", tried["hash"], "--by", "officer-1")[0] == 0
    assert run("show", "--id", "prg_other")[1] == other
    assert json.loads(run("withdraw", INVENTORY.id, "--by", "officer-1")[1])["withdrawn_by"] == "officer-1"
    assert [one["in_force"] for one in json.loads(run("list")[1])] == [True, False]


@pytest.mark.anyio
async def test_a_running_server_tries_and_applies(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    async with gateways.start(url, tmp_path) as gateway, control.listening(gateway.world):
        till = await tills.trading(await gateway.partner())
        settings = gateway.world.settings
        given = {"text": NEXT, "trial": {}, "after": ""}
        first = await control.ask(settings, "programme.try", given)
        assert (first["after"], first["trial"]["lose_count"]) == (None, 1)
        assert first["trial"]["biggest"][0]["merchant_id"] == till.id
        with pytest.raises(Invalid, match=r"grades\[0\]"):
            await control.ask(settings, "programme.try", given | {"text": NEXT.replace('name = "A"', 'name = "a"')})
        told = await control.ask(settings, "programme.apply", {"text": NEXT, "tried": first["hash"], "by": "officer-1"})
        assert told["in_force"]
        assert gateway.world.programme.base_bps == 4_000
