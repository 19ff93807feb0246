"""What can go wrong: the gateway says no, or it does not answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


class RestockError(Exception):
    """Everything this package raises of its own."""


class Unreachable(RestockError):
    """The gateway did not answer, not even after the last try; what was asked may have been done."""


class Problem(RestockError):
    """The gateway refused (RFC 9457; on OAuth endpoints RFC 6749, section 5.2).

    `code` is stable and stands in the catalogue of errors, `facts` is all that the answer said.
    """

    def __init__(self, status: int, code: str, detail: str, facts: dict[str, Any]) -> None:
        """A refusal as it was answered."""
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.facts = status, code, detail, facts

    @property
    def request_id(self) -> str | None:
        """What to name when asking the gateway's operator about it."""
        return self.facts.get("request_id")

    @property
    def errors(self) -> list[dict[str, str]]:
        """For a body: what is wrong where (`pointer`, `code`, `detail`)."""
        found: list[dict[str, str]] = self.facts.get("errors", [])
        return found


def problem_of(answer: httpx.Response) -> Problem:
    """The problem an answer tells, of whatever shape it is."""
    try:
        said = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        said = None
    facts = said if isinstance(said, dict) else {"body": answer.text[:200]}
    code = str(facts.get("code") or facts.get("error") or "unexpected_answer")
    detail = str(facts.get("detail") or facts.get("error_description") or facts.get("title") or "")
    return Problem(answer.status_code, code, detail, facts)
