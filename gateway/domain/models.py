"""A model as its card tells of it, which version of it serves, and why one is refused."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.domain import audit_entries
from gateway.domain.calibrations import Calibration
from gateway.domain.errors import Conflict, Invalid, NotFound

CARD_SCHEMA = "restock-model/1"


class ModelRefused(Invalid):
    """A model file is not the one its card describes, or not one this code can feed."""

    code = "model_refused"
    title = "A model was refused"


class ModelUnknown(NotFound):
    """No model has that name here."""

    code = "model_unknown"
    title = "There is no such model"


class NothingBefore(Conflict):
    """What serves is what served first: there is nothing to go back to."""

    code = "model_nothing_before"
    title = "There is nothing to go back to"


class Golden(msgspec.Struct, frozen=True):
    """Rows in (None = NaN) and what the training side made of them, within `tolerance`."""

    inputs: list[list[float | None]]
    outputs: dict[str, list[list[float]]]
    tolerance: float


class Column(msgspec.Struct, frozen=True):
    """How one column looked in training: `shares` of the bins between `edges`, an edge belonging to the bin above.

    `missing` is the share that was not known; almost everything lies within `low` and `high` (None: nothing was known).
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    missing: float
    low: float | None = None
    high: float | None = None


class Reference(msgspec.Struct, frozen=True):
    """The columns drift is measured against, the model's own answer among them as `score`."""

    rows: int
    score_rows: int
    columns: dict[str, Column]


class Card(msgspec.Struct, frozen=True):
    """What is read of a card.json; the rest is for people."""

    schema: str
    model: str
    version: int
    sha256: str
    features: tuple[str, ...]
    features_hash: str
    golden: Golden
    metrics: dict[str, float] = {}
    reference: Reference | None = None


class Serving(msgspec.Struct, frozen=True):
    """Which version of a model is to answer (None = the newest there is), and what is laid over its logit.

    The calibration is of that very version: an older one that has to step in answers without it.
    """

    version: int | None = None
    calibration: Calibration | None = None


class Refusal(msgspec.Struct, frozen=True):
    """A version that does not serve, and why."""

    model: str
    version: int | None
    reason: str


class Promotion(msgspec.Struct, frozen=True):
    """A person's word on which version of a model answers. `previous` = the one before, 0 = none was promoted then."""

    number: int
    name: str
    version: int | None
    calibration: Calibration | None
    previous: int | None
    made_by: str
    reason: str
    made_at: datetime

    @property
    def serving(self) -> Serving:
        """What it asks the scorer to do."""
        return Serving(self.version, self.calibration)


class Said(msgspec.Struct, frozen=True):
    """Who decided about models, and why. The account's name goes into the audit log, the reason stays beside it."""

    by: str
    reason: str


class BadSaid(Invalid):
    """Whoever changes what models do says who they are and why."""

    code = "bad_change_of_models"
    title = "A change of models names an account and a reason"


def checked(said: Said) -> Said:
    """`said`, when it may be kept. Raises BadSaid."""
    if not audit_entries.is_account(said.by):
        raise BadSaid(audit_entries.WHO)
    if not audit_entries.is_reason(said.reason):
        raise BadSaid(audit_entries.WHY)
    return said
