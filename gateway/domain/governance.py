"""What monitoring has done to the models: nothing, an alert, a haircut on every limit, or the rules alone."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.domain.money import BPS


class Step(StrEnum):
    """How far monitoring has gone; a person takes it back."""

    normal = "normal"
    alert = "alert"
    haircut = "haircut"
    rules_only = "rules_only"


class Governance(msgspec.Struct, frozen=True):
    """In force now. `dial_bps` multiplies every limit; `rules_only`: the expert scorecard answers instead of the PD."""

    step: Step = Step.normal
    dial_bps: int = BPS

    @property
    def rules_only(self) -> bool:
        """Whether the PD model is not to be asked."""
        return self.step is Step.rules_only
