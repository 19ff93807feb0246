"""Scopes: what a client asks for (RFC 6749 section 3.3) against the rights it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.rights import GRANTABLE, Right
from gateway.oauth.errors import invalid_scope, plain

if TYPE_CHECKING:
    from collections.abc import Collection

_SHOWN = 60


def granted(asked: str | None, held: Collection[Right]) -> tuple[Right, ...]:
    """The rights a token gets: all that are `held` when none is asked for, never one that is not held."""
    if asked is None:
        return tuple(right for right in GRANTABLE if right in held)
    names = set(asked.split(" ")) - {""}
    for name in sorted(names):
        if name not in held:
            raise invalid_scope(f"This client does not have the right {plain(name)[:_SHOWN]}")
    if not names:
        raise invalid_scope("scope is empty: leave it out to get every right of the client")
    return tuple(right for right in GRANTABLE if right in names)


def text(rights: Collection[Right]) -> str:
    """Rights as the value of `scope`."""
    return " ".join(right.value for right in GRANTABLE if right in rights)
