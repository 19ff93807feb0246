"""OpenAPI links: where the `id` of what was just made, or stands in an answer, leads on to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.domain.ids import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARAMETER = re.compile(r"\{(\w+)\}")


def put(paths: dict[str, Any]) -> None:
    """Link each POST that answers 201 with a thing of its collection to the operations that name such a thing."""
    for path, item in paths.items():
        answer = item.get("post", {}).get("responses", {}).get("201")
        name = f"{path.rpartition('/')[2].removesuffix('s').replace('-', '_')}_id"
        if answer is not None and name.removesuffix("_id") in PREFIXES:
            found = dict(_links(paths, name, set(_PARAMETER.findall(path))))
            if found:
                answer["links"] = found


def _links(paths: dict[str, Any], name: str, known: set[str]) -> Iterator[tuple[str, Any]]:
    """Operations whose path names it, and nothing but what the request named too."""
    for path, item in paths.items():
        wanted = set(_PARAMETER.findall(path))
        if name in wanted and wanted <= known | {name}:
            given = {name: "$response.body#/id"} | {one: f"$request.path.{one}" for one in sorted(wanted - {name})}
            for operation in item.values():
                yield operation["operationId"], {"operationId": operation["operationId"], "parameters": given}
