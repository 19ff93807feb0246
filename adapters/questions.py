"""Questions put over HTTP: JSON in, JSON out, named so that the same one may be asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import Unanswered, Unreachable
from gateway.outbound import MayHaveBeenSent, NotSent

if TYPE_CHECKING:
    from gateway.outbound import Answer, Outbound


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to ask; `bearer` is sent as it is. A client certificate comes with the Outbound."""

    address: str
    bearer: str | None = None


async def ask(outbound: Outbound, place: Place, question: object, *, name: str) -> Answer:
    """POST the question as JSON, `name` as its Idempotency-Key. Raises Unreachable or Unanswered."""
    headers = {"content-type": "application/json", "accept": "application/json", "idempotency-key": name}
    if place.bearer is not None:
        headers["authorization"] = f"Bearer {place.bearer}"
    try:
        return await outbound.send("POST", place.address, body=msgspec.json.encode(question), headers=headers)
    except NotSent as error:
        raise Unreachable(error.detail) from error
    except MayHaveBeenSent as error:
        raise Unanswered(error.detail) from error
