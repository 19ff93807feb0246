"""`python -m tests.bench.launch [--without-proofs] serve …`: the gateway as an operator starts it, but for two things.

A person's yes cannot be measured: in place of the consent page, whoever comes agrees to everything that is asked. And
`--without-proofs` takes DPoP proofs for granted: the row without DPoP is measured so; everything else is as it is.
"""

from __future__ import annotations

import sys
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway import cli, main
from gateway.api import authorization as pages
from gateway.domain.consents import Evidence
from gateway.domain.rights import Right
from gateway.usecases import authorization
from gateway.usecases.access import AccessTokens
from gateway.usecases.world import World

AGREED = "/bench/agreed"


@get(AGREED, status_code=303, opt={"right": Right.public}, include_in_schema=False)
async def agree(
    request: Request[Any, Any, Any], client_id: str, request_uri: str, world: NamedDependency[SkipValidation[World]]
) -> Response[bytes]:
    """Agree to all of a pushed request, as the consent page does once the merchant has clicked."""
    asked = await authorization.pending(world, request_uri, client_id)
    host = request.client.host if request.client else ""
    evidence = Evidence(asked.merchant_id, "one_time_code", host, "en", "bench")
    where = await world.store.write(lambda tx: authorization.approve(tx, world, asked, asked.details, evidence))
    return Response(b"", status_code=303, headers={"Location": where})


async def proven(*_: object) -> None:
    """In place of `AccessTokens.prove`."""


if __name__ == "__main__":
    if sys.argv[1] == "--without-proofs":
        del sys.argv[1]
        AccessTokens.prove = proven  # type: ignore[assignment,method-assign]
    main.ROUTES = (*main.ROUTES, agree)  # type: ignore[assignment]
    pages.CONSENT_PAGE = AGREED
    sys.exit(cli.main())
