from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway import control, scorer
from gateway.demo.keys import SigningKey
from gateway.domain.errors import Invalid
from tests import gateways, model_files, tills

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'restock.db'}"


async def test_a_command_reaches_the_process_that_owns_the_database(url: str, tmp_path: Path) -> None:
    async with gateways.start(url, tmp_path) as gateway, control.listening(gateway.world):
        settings = gateway.world.settings
        given = {
            "name": "Till",
            "jwks": SigningKey().jwks().decode(),
            "partner": "Tills Ltd",
            "rights": ["sales:write"],
            "tier": "settled",
            "origins": ["https://till.example"],
        }
        made = await control.ask(settings, "client.create", given)
        assert [client["id"] for client in await control.ask(settings, "client.list", {})] == [made["id"]]
        assert (made["rights"], made["origins"]) == (["sales:write"], ["https://till.example"])
        placed = await control.ask(settings, "client.update", {"client_id": made["id"], "origins": []})
        assert placed["origins"] == []


async def test_a_refused_command_says_why_and_the_server_goes_on(url: str, tmp_path: Path) -> None:
    async with gateways.start(url, tmp_path) as gateway, control.listening(gateway.world):
        settings = gateway.world.settings
        with pytest.raises(Invalid, match="no client"):
            await control.ask(settings, "client.disable", {"client_id": "cli_nobody"})
        with pytest.raises(Invalid, match="no command"):
            await control.ask(settings, "money.print", {})
        assert await control.ask(settings, "client.list", {}) == []


async def test_without_a_listener_the_command_is_refused_in_a_sentence(url: str, tmp_path: Path) -> None:
    async with gateways.start(url, tmp_path) as gateway:
        with pytest.raises(control.NotListening):
            await control.ask(gateway.world.settings, "client.list", {})


async def test_a_person_decides_reviews_through_the_process_that_owns_the_database(url: str, tmp_path: Path) -> None:
    async with gateways.start(url, tmp_path) as gateway, control.listening(gateway.world):
        settings, partner = gateway.world.settings, await gateway.partner()
        till = await tills.trading(partner, 60)
        (decision,) = await till.decisions()
        for statement in ("店里停业了一周" * 200, "Look again"):
            contest = await partner.done(f"/v1/decisions/{decision['id']}/contest", {"statement": statement})
            listed = {"state": "open", "after": "", "limit": 500}
            (shown,) = await control.ask(settings, "review.list", listed)
            assert (shown["id"], shown["statement"]) == (contest["review_id"], statement)
            ruling: dict[str, Any] = {
                "by": "officer-1",
                "reason": "Closed as said",
                "grade": None,
                "clears": [],
                "days": 5,
            }
            with pytest.raises(Invalid, match="overrules"):
                await control.ask(settings, "review.approve", {"review_id": shown["id"], "ruling": ruling})
            given = {"review_id": shown["id"], "ruling": ruling | {"grade": "B"}}
            ruled = await control.ask(settings, "review.approve", given)
            assert (ruled["state"], ruled["heeded"]["outcome"]) == ("approved", "offered")
            with pytest.raises(Invalid, match="approved"):
                await control.ask(settings, "review.decline", {"review_id": shown["id"], "ruling": ruling})
            assert await control.ask(settings, "review.list", listed) == []
        assert len(await till.decisions()) == 3


async def test_the_socket_belongs_to_its_owner_alone(url: str, tmp_path: Path) -> None:
    async with gateways.start(url, tmp_path) as gateway, control.listening(gateway.world):
        path = control._path(gateway.world.settings)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.exists()


async def test_models_are_listed_promoted_and_reset_through_the_process_that_owns_the_database(
    url: str, tmp_path: Path
) -> None:
    folder = model_files.copied(tmp_path / "models", scorer.OUTPUTS)
    model_files.add_version(folder, "pd", 2)
    async with gateways.start(url, tmp_path, models_dir=folder) as gateway, control.listening(gateway.world):
        settings, said = gateway.world.settings, {"by": "officer-1", "reason": "Because"}
        made = await control.ask(settings, "model.promote", {"name": "pd", "version": 1, "said": said})
        assert (made["version"], made["made_by"]) == (1, "officer-1")
        listed = {one["name"]: one for one in await control.ask(settings, "model.list", {})}
        assert [one["serves"] for one in listed["pd"]["versions"]] == [False, True]
        with pytest.raises(Invalid, match="pd: its files cannot be read"):
            await control.ask(settings, "model.promote", {"name": "pd", "version": 9, "said": said})
        await control.ask(settings, "model.rollback", {"name": "pd", "said": said})
        with pytest.raises(Invalid, match="nothing to take back"):
            await control.ask(settings, "model.reset", {"adopt": False, "said": said})
        (tmp_path / "loans.csv").write_text("pd,defaulted\n0.1,1\n")
        given = {"outcomes": str(tmp_path / "loans.csv"), "apply": False, "said": {"by": "", "reason": ""}}
        with pytest.raises(Invalid, match="too few"):
            await control.ask(settings, "model.recalibrate", given)
        assert (await control.ask(settings, "monitor", {}))["step"] == "normal"
