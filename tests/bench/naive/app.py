"""The naive server: `python -m tests.bench.naive.app PORT FILE [predict]`.

Same semantics as the gateway's route for one sale: token, insert unless it is there, the day's total, the limit from
the last 30 days, and it is durable (WAL, synchronous=FULL) before the answer. `predict` asks a scikit-learn model for
a default probability at each sale. The endpoint blocks the loop: on one core that is faster than FastAPI's threads,
which only queue for SQLite's one writer.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
import uvicorn
from fastapi import FastAPI, Header, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import create_engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from tests.bench.naive.tables import Day, Merchant, Sale, Token

WINDOW = 30


class NewSale(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)
    sale_id: Annotated[str, Field(min_length=1, max_length=128)]
    kind: str
    occurred_at: AwareDatetime
    amount: Annotated[int, Field(gt=0)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Taken(BaseModel):
    accepted: int
    duplicates: int
    takings_today_amount: int
    limit_amount: int
    pd: float | None


def make(path: str, *, predict: bool) -> FastAPI:
    """The application on the tables at `path`."""
    app = FastAPI()
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _durable)
    model = _model() if predict else None

    @app.post("/v1/merchants/{merchant_id}/sales")
    async def push(merchant_id: str, sale: NewSale, authorization: Annotated[str, Header()]) -> Taken:
        with Session(engine) as session:
            merchant = _merchant(session, merchant_id, authorization)
            on = sale.occurred_at.astimezone(ZoneInfo(merchant.timezone)).date()
            new = _insert(session, merchant_id, sale, on)
            if new:
                _add(session, merchant_id, sale, on)
            nets = _nets(session, merchant_id, on)
            merchant.limit_amount = sum(nets.values()) * 8 // 10
            pd = None if model is None else float(model.predict_proba(_features(list(nets.values())))[0, 1])
            answer = Taken(
                accepted=int(new),
                duplicates=int(not new),
                takings_today_amount=nets.get(str(on), 0),
                limit_amount=merchant.limit_amount,
                pd=pd,
            )
            session.commit()
            return answer

    return app


def _merchant(session: Session, merchant_id: str, authorization: str) -> Merchant:
    digest = hashlib.sha256(authorization.removeprefix("DPoP ").encode()).hexdigest()
    token, merchant = session.get(Token, digest), session.get(Merchant, merchant_id)
    if token is None:
        raise HTTPException(401)
    if merchant is None or merchant.partner_id != token.partner_id:
        raise HTTPException(404)
    return merchant


def _insert(session: Session, merchant_id: str, sale: NewSale, on: date) -> bool:
    values = {
        "merchant_id": merchant_id, "sale_id": sale.sale_id, "kind": sale.kind, "business_on": str(on),
        "occurred_at": sale.occurred_at.isoformat(), "amount": sale.amount,
    }  # fmt: skip
    done: Any = session.execute(insert(Sale).values(**values).on_conflict_do_nothing())
    return bool(done.rowcount)


def _add(session: Session, merchant_id: str, sale: NewSale, on: date) -> None:
    net = sale.amount if sale.kind == "sale" else -sale.amount
    added = insert(Day).values(merchant_id=merchant_id, business_on=str(on), net_amount=net, tickets_count=1)
    session.execute(
        added.on_conflict_do_update(
            index_elements=[Day.merchant_id, Day.business_on],
            set_={"net_amount": Day.net_amount + net, "tickets_count": Day.tickets_count + 1},
        )
    )


def _nets(session: Session, merchant_id: str, on: date) -> dict[str, int]:
    first = str(on - timedelta(days=WINDOW - 1))
    found = session.execute(
        select(Day.business_on, Day.net_amount).where(Day.merchant_id == merchant_id, Day.business_on >= first)
    )
    return dict(found.tuples().all())


def _features(nets: list[int]) -> Any:
    days = np.array(nets[-WINDOW:] or [0], dtype=float)
    return np.array(
        [[days.mean(), days.std(), days.min(), days.max(), days[-7:].mean(), np.median(days), len(days), 0]]
    )


def _model() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    draws = np.random.default_rng(7)
    rows = draws.normal(size=(4_000, 8))
    return HistGradientBoostingClassifier(max_iter=60).fit(rows, rows.sum(axis=1) + draws.normal(size=4_000) > 0)


def _durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


if __name__ == "__main__":
    uvicorn.run(
        make(sys.argv[2], predict="predict" in sys.argv), host="127.0.0.1", port=int(sys.argv[1]), log_config=None,
        access_log=False, server_header=False, date_header=False,
    )  # fmt: skip
