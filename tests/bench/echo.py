"""The yardstick: a bare Litestar route that decodes the same row and answers with it, on a server set up as ours."""

from __future__ import annotations

import sys

import uvicorn
from litestar import Litestar, post

from gateway.domain.sales import NewSale


@post("/v1/merchants/{merchant_id:str}/sales", status_code=200)
async def echo(merchant_id: str, data: NewSale) -> NewSale:
    """Answer with what came."""
    return data


app = Litestar([echo], logging_config=None, openapi_config=None)

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False,
        date_header=False, proxy_headers=False,
    )  # fmt: skip
