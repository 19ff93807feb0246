"""Every item of a list, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


def every(fetch: Callable[..., Any], *arguments: Any, **more: Any) -> Iterator[Any]:
    """Every item of a listing call, as `every(client.merchants.page)`."""
    cursor: str | None = None
    while True:
        page = fetch(*arguments, **more, cursor=cursor)
        yield from page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


async def every_async(fetch: Callable[..., Awaitable[Any]], *arguments: Any, **more: Any) -> AsyncIterator[Any]:
    """Every item of a listing call, for asyncio."""
    cursor: str | None = None
    while True:
        page = await fetch(*arguments, **more, cursor=cursor)
        for item in page["data"]:
            yield item
        cursor = page["next_cursor"]
        if cursor is None:
            return
