"""`gateway doubt`: on a database of its own, and through the server that holds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway import cli, control
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.errors import Invalid
from gateway.usecases import jobs, work
from tests.rails import Lossy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.shops import Shop


def test_nobody_decides_about_a_payment_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite:///{tmp_path / 'restock.db'}")
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "keys"))
    assert cli.main(["doubt", "list"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    said = ["--by", "officer-1", "--reason", "they have none"]
    assert cli.main(["doubt", "propose", "DRWNOBODY", "unpaid", *said]) == cli.REFUSED
    assert cli.main(["doubt", "approve", "DRWNOBODY", "--by", "officer-2"]) == cli.REFUSED


@pytest.mark.anyio
async def test_two_officers_end_a_doubt_through_the_running_server(shop: Shop) -> None:
    assert shop.rail is not None
    line = Lossy(shop.rail, resend_hours=0)
    shop.rail, line.loses = line, "requests"
    drawdown_id = await shop.draw()
    await jobs.run_due(shop.world, work.HANDLERS)
    given = {"reference": end_to_end_id(drawdown_id), "by": "officer-1"}
    async with control.listening(shop.world):
        settings = shop.world.settings
        why = {"verdict": "unpaid", "reason": "they have none"}
        assert (await control.ask(settings, "doubt.propose", given | why))["state"] == "in_doubt"
        (shown,) = await control.ask(settings, "doubt.list", {})
        assert (shown["drawdown_id"], shown["reason"]) == (drawdown_id, "they have none")
        with pytest.raises(Invalid, match="cannot approve"):
            await control.ask(settings, "doubt.approve", given)
        approved = await control.ask(settings, "doubt.approve", given | {"by": "officer-2"})
    assert (approved["state"], (await shop.drawdown(drawdown_id))["state"]) == ("failed", "failed")
