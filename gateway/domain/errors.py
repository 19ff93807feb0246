"""The error tree. A leaf lives with its noun, names its stable `code` and carries facts a program can read.

GatewayError
├── Invalid          the request can never succeed as it stands
├── Unauthenticated  nobody we know is asking
├── Forbidden        known, but not allowed
├── NotFound         no such thing for this caller
├── Conflict         the state of things forbids it now
├── Overloaded       a bounded queue is full: ask again later
└── Upstream         somebody we depend on failed

The domain knows no HTTP status: `gateway.api.problems` maps the kinds to RFC 9457 answers.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

Fact = str | int | bool | list[str] | None


class FieldError(msgspec.Struct, frozen=True):
    """One fault in a body: RFC 6901 `pointer`, stable `code`, plain `detail`."""

    pointer: str
    code: str
    detail: str


class GatewayError(Exception):
    """Anything the gateway refuses or cannot do; `detail` is for a person, `facts` are for a program."""

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something failed on our side"

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = (), **facts: Fact) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.facts = facts


class Invalid(GatewayError):
    """The request can never succeed as it stands."""

    code = "invalid_request"
    title = "The request is not valid"


class Unauthenticated(GatewayError):
    """Nobody we know is asking: no token, or one that is unknown or expired."""

    code = "invalid_token"
    title = "The access token is missing, unknown or expired"


class Forbidden(GatewayError):
    """The caller is known, but may not do this."""

    code = "insufficient_scope"
    title = "The token does not carry the right this needs"


class NotFound(GatewayError):
    """No such thing for this caller; another tenant's thing looks the same."""

    code = "not_found"
    title = "No such resource"


class Conflict(GatewayError):
    """The state of things forbids it now."""

    code = "conflict"
    title = "The current state does not allow this"


class Overloaded(GatewayError):
    """A bounded queue is full; nothing was taken; ask again after `retry_after` seconds."""

    code = "overloaded"
    title = "Too much is waiting; try again shortly"


class Upstream(GatewayError):
    """Somebody we depend on failed or did not answer."""

    code = "upstream_failed"
    title = "A system we depend on failed"
