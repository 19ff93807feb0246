from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oauth.scene import Scene, open_scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def scene(database_url: str, anyio_backend: str) -> AsyncIterator[Scene]:
    async with open_scene(database_url) as scene:
        yield scene
