"""The naive build's tables, and how they are filled from the gateway's seeded file, so that both hold the same year."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from pathlib import Path


class Base(DeclarativeBase):
    pass


class Token(Base):
    __tablename__ = "tokens"
    hash: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[str]


class Merchant(Base):
    __tablename__ = "merchants"
    id: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    limit_amount: Mapped[int] = mapped_column(BigInteger)


class Sale(Base):
    __tablename__ = "sales"
    merchant_id: Mapped[str] = mapped_column(primary_key=True)
    sale_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    business_on: Mapped[str]
    occurred_at: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)


class Day(Base):
    __tablename__ = "days"
    merchant_id: Mapped[str] = mapped_column(primary_key=True)
    business_on: Mapped[str] = mapped_column(primary_key=True)
    net_amount: Mapped[int] = mapped_column(BigInteger)
    tickets_count: Mapped[int] = mapped_column(BigInteger)


_FILL = """
INSERT INTO tokens SELECT hash, partner_id FROM seeded.tokens;
INSERT INTO merchants SELECT id, partner_id, currency, timezone, 0 FROM seeded.merchants;
INSERT INTO sales SELECT merchant_id, sale_id, kind, business_on, occurred_at, amount FROM seeded.sales;
INSERT INTO days SELECT merchant_id, business_on, net_amount, tickets_count FROM seeded.days;
"""


def fill(path: Path, seeded: Path) -> None:
    """Copy what the gateway's file at `seeded` holds into fresh tables at `path`."""
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    connection = sqlite3.connect(path)
    connection.execute("ATTACH ? AS seeded", (str(seeded),))
    connection.executescript(_FILL)
    connection.close()
