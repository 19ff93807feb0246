"""What stands in for the world is not there with real money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.main import SANDBOX_ROUTES, application
from gateway.settings import Mode

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def test_live_mode_has_none_of_these_routes(site: Gateway) -> None:
    world = site.world
    kept, world.settings = world.settings, msgspec.structs.replace(world.settings, mode=Mode.live)
    try:
        live = {route.path for route in application(world).routes}
    finally:
        world.settings = kept
    here = {route.path for route in application(world).routes}
    gone = here - live
    assert gone == {path for route in SANDBOX_ROUTES for path in route.paths}
    assert len({path for path in gone if path.startswith("/v1/sandbox/")}) >= 5
    assert not any("sandbox" in path for path in live)
