"""`WWW-Authenticate`: how to prove who asks (RFC 9449 section 7.1), and where that is described (RFC 9728)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.domain.consents import ConsentRequired
from gateway.domain.errors import Forbidden, Unauthenticated
from gateway.oauth.dpop import BadProof, NonceWanted
from gateway.oauth.keys import ALGORITHMS
from gateway.usecases.inbound import CallbackRefused

if TYPE_CHECKING:
    from gateway.domain.errors import GatewayError

METADATA = "/.well-known/oauth-protected-resource"

_UNQUOTABLE = re.compile(r'[^\x20-\x7e]|["\\]')
_WIDER = {Forbidden.code, ConsentRequired.code}
"""Refusals that another token, or a wider consent, would lift."""


def headers(error: GatewayError, issuer: str) -> dict[str, str]:
    """What an answer to somebody unknown, or known and not allowed, says besides its body."""
    if isinstance(error, CallbackRefused):
        return {"WWW-Authenticate": "Signature"}
    if isinstance(error, Unauthenticated):
        found = {"WWW-Authenticate": _unauthenticated(error, issuer)}
        if isinstance(error, NonceWanted):
            found["DPoP-Nonce"] = str(error.facts["nonce"])
        return found
    if isinstance(error, Forbidden) and error.code in _WIDER:
        return {"WWW-Authenticate": _forbidden(error)}
    return {}


def _forbidden(error: Forbidden) -> str:
    """RFC 6750 section 3.1, with a hint which authorization detail would do (RFC 9396)."""
    hints = {"scope": "right", "authorization_details_type": "kind", "authorization_details_action": "action"}
    known = [f'{name}="{_plain(error.facts[fact])}"' for name, fact in hints.items() if fact in error.facts]
    return "DPoP " + ", ".join(['error="insufficient_scope"', *known])


def _unauthenticated(error: Unauthenticated, issuer: str) -> str:
    known = [f'algs="{" ".join(ALGORITHMS)}"']
    if error.facts.get("token") != "absent":  # RFC 6750 section 3: no error code for a request without a token
        code = error.code if isinstance(error, BadProof) else "invalid_token"
        known += [f'error="{code}"', f'error_description="{_plain(error.detail)}"']
    return "DPoP " + ", ".join([*known, f'resource_metadata="{issuer}{METADATA}"'])


def _plain(text: object) -> str:
    return _UNQUOTABLE.sub("", str(text))
