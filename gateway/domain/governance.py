"""What monitoring has done to the models: nothing, an alert, a haircut on every limit, or the rules alone."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.domain.money import BPS

HAIRCUT_BPS = 8_500
"""What every limit is worth while monitoring distrusts the models."""


class Step(StrEnum):
    """How far monitoring has gone; a person takes it back."""

    normal = "normal"
    alert = "alert"
    haircut = "haircut"
    rules_only = "rules_only"


_S = Step
MOVES = {
    _S.normal: frozenset({_S.alert}),
    _S.alert: frozenset({_S.haircut, _S.normal}),
    _S.haircut: frozenset({_S.rules_only, _S.normal}),
    _S.rules_only: frozenset({_S.normal}),
}
"""One step at a time towards care by itself; back to `normal` only by a person."""
DIALS = {_S.normal: BPS, _S.alert: BPS, _S.haircut: HAIRCUT_BPS, _S.rules_only: HAIRCUT_BPS}


class Governance(msgspec.Struct, frozen=True):
    """In force now. `dial_bps` multiplies every limit; `rules_only`: the expert scorecard answers instead of the PD."""

    step: Step = Step.normal
    dial_bps: int = BPS

    @property
    def rules_only(self) -> bool:
        """Whether the PD model is not to be asked."""
        return self.step is Step.rules_only


def at(step: Step) -> Governance:
    """What a step means."""
    return Governance(step, DIALS[step])
