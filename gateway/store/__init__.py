"""Keeps everything: SQLite or PostgreSQL behind one write path and one set of named queries. Knows no business."""

from gateway.store.database import Lane, Reader, Stale, Store, Tx
from gateway.store.open import open_store, reading
from gateway.store.queries import sql
from gateway.store.sqlite import Owned

__all__ = ["Lane", "Owned", "Reader", "Stale", "Store", "Tx", "open_store", "reading", "sql"]
