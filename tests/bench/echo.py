"""The yardstick: a bare Litestar route that decodes the same row and answers with it, on a server set up as ours.

`python -m tests.bench.echo PORT [proving]`: with `proving` it checks the DPoP proof of each request as the gateway
does (signature, claims, token hash, nonce, seen before), and nothing else.
"""

from __future__ import annotations

import sys
from secrets import token_bytes
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, post

from gateway.domain.sales import NewSale


@post("/v1/merchants/{merchant_id:str}/sales", status_code=200)
async def echo(merchant_id: str, data: NewSale) -> NewSale:
    """Answer with what came."""
    return data


def proving(port: int) -> dict[str, Any]:
    """Settings of an application that checks the proofs of requests to `port`."""
    from gateway.oauth.dpop import BadProof  # noqa: PLC0415 - the bare echo's start is measured too
    from gateway.usecases.proofs import MemorySightings, Proofs  # noqa: PLC0415
    from gateway.usecases.world import SystemClock  # noqa: PLC0415

    proofs = Proofs(f"http://127.0.0.1:{port}", SystemClock(), token_bytes(32), MemorySightings())

    async def check(request: Request[Any, Any, Any]) -> None:
        headers = dict(request.scope["headers"])
        token = headers[b"authorization"].partition(b" ")[2].decode("ascii")
        await proofs.check(headers.get(b"dpop"), request.method, request.scope["path"], token=token)

    def refused(_request: Request[Any, Any, Any], error: BadProof) -> Response[str]:
        return Response(error.detail, status_code=401, headers={"DPoP-Nonce": proofs.nonce()})

    return {"before_request": check, "exception_handlers": {BadProof: refused}}


if __name__ == "__main__":
    _port = int(sys.argv[1])
    uvicorn.run(
        Litestar(
            [echo], logging_config=None, openapi_config=None, **(proving(_port) if "proving" in sys.argv else {})
        ),
        host="127.0.0.1", port=_port, log_config=None, access_log=False, server_header=False, date_header=False,
        proxy_headers=False,
    )  # fmt: skip
