"""What every hosted page's route has in common."""

from __future__ import annotations

from typing import Any

from gateway.api.connect import failures
from gateway.api.connect.browser import MAX_FORM_BYTES
from gateway.domain.rights import Right

PAGE: dict[str, Any] = {
    "opt": {"right": Right.public},
    "include_in_schema": False,
    "exception_handlers": {Exception: failures.on_exception},
}
POSTED: dict[str, Any] = PAGE | {"status_code": 200, "request_max_body_size": MAX_FORM_BYTES}
