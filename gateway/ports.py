"""What the core needs of the world; of a bank see `bank_ports`. Only the composition root knows which adapter it gets.

Instants are aware UTC datetimes.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gateway.domain.risk_scores import AnomalyScore, RiskScore
    from gateway.domain.verifications import Found, Subject


class Clock(Protocol):
    """Tells the time. Two live in the gateway: the business clock and the system clock (see README)."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""


class IdSource(Protocol):
    """Makes ids; a seeded one makes tests repeatable."""

    def new(self, noun: str) -> str:
        """A fresh id of `noun`, with its prefix (`gateway.domain.ids`)."""


class Scorer(Protocol):
    """Runs the models. Scores come out as integers so that policy never reads a float."""

    def forecast(self, horizon: int, features: NDArray[np.float32]) -> list[tuple[int, ...]]:
        """(n, FORECAST_FEATURES) for `horizon` 7 or 30 → n tuples of 7 quantiles (.05 .10 .25 .50 .75 .90 .95).

        Each is the ratio of the horizon's net sales to days x the 28-day mean, in 1e-6.
        """

    def default(self, features: NDArray[np.float32]) -> list[int]:
        """(n, PD_FEATURES) → n PDs in 1/100 bp (1e-6): cheap, for the many exposures a policy tries."""

    def explain(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """(n, PD_FEATURES) → n risk scores, the same PDs as `default`, with one contribution a feature."""

    def rules(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """(n, PD_FEATURES) → n scores of the expert scorecard, in the form of `explain`: the fallback for the PD."""

    def year(self, features: NDArray[np.float32]) -> list[list[tuple[int, ...]]]:
        """(n, PATH_FEATURES) → n times, a knot each, (P10, P50, P90) of the average week until then, in 1e-6."""

    def anomaly(self, features: NDArray[np.float32]) -> list[AnomalyScore]:
        """(n, ANOMALY_FEATURES) → n scores with one contribution a feature."""

    def usable(self, name: str) -> bool:
        """Whether that model is loaded and passed every check; asking another one is refused."""

    def hashes(self) -> dict[str, str]:
        """Model name → SHA-256 of the file that answers for it, kept with each decision.

        Where a calibration is laid over the PD, `calibration` → its slope and offset.
        """


class Verification(Protocol):
    """Says who a merchant is: a bank's or partner's KYB."""

    async def verify(self, subject: Subject) -> Found:
        """What it says now, the same to the same question. Raises Unreachable or Unanswered."""


class Message(msgspec.Struct, frozen=True):
    """A message to a merchant's verified contact. It may hold a code, so it is never logged."""

    id: str
    merchant_id: str
    kind: str  # such as "one_time_code"
    contact: str
    locale: str
    subject: str
    text: str
    created_at: datetime


class Undelivered(Upstream):
    """The message could not be handed over; nobody will get it."""

    code = "notice_undelivered"
    title = "The notice could not be sent"


class Notifier(Protocol):
    """Carries messages: e-mail, text message, or the sandbox's outbox."""

    async def send(self, message: Message) -> None:
        """Hand it over, once. Raises Undelivered."""
