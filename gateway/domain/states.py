"""State machines: one literal MOVES table a noun; the events, the SQL guards and the diagrams follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gateway.domain.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

S = TypeVar("S", bound="StrEnum")


class IllegalMove(Conflict):
    """The noun is not in a state from which this move exists."""

    code = "illegal_state"
    title = "The resource is not in a state that allows this"


def check(moves: Mapping[S, frozenset[S]], source: S, target: S) -> None:
    """Raise IllegalMove unless `moves` holds source → target."""
    if target not in moves[source]:
        raise IllegalMove(f"cannot go from {source} to {target}", state=str(source), wanted=str(target))
