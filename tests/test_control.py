from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway import control
from gateway.demo.keys import SigningKey
from gateway.domain.errors import Invalid
from tests import gateways

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
        }
        made = await control.ask(settings, "client.create", given)
        assert [client["id"] for client in await control.ask(settings, "client.list", {})] == [made["id"]]
        assert made["rights"] == ["sales:write"]


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


async def test_the_socket_belongs_to_its_owner_alone(url: str, tmp_path: Path) -> None:
    async with gateways.start(url, tmp_path) as gateway, control.listening(gateway.world):
        path = control._path(gateway.world.settings)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.exists()
