"""How the UK rail is let in: by tokens of the client, and of an account's holder once he has agreed to a consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.tokens import Tokens


class ObieAccess:
    """Implements `adapters.banks.obie.settings.Access` over a token endpoint."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def client_token(self, refused: str | None = None) -> str:
        """See Access."""
        return await self._tokens.token(refused)

    async def authorise(self, consent_id: str) -> str | None:
        """See Access."""
        return await self._tokens.holders(consent_id)
