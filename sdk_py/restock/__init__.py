"""The Restock gateway from Python: `Restock` waits for answers, `AsyncRestock` is for asyncio."""

from restock.clients import Asked, AsyncRestock, Grant, Restock
from restock.keys import Key
from restock.paging import every, every_async
from restock.problems import Problem, RestockError, Unreachable
from restock.webhooks import BadWebhook, verify

__version__ = "0.1.0"
__all__ = [
    "Asked",
    "AsyncRestock",
    "BadWebhook",
    "Grant",
    "Key",
    "Problem",
    "Restock",
    "RestockError",
    "Unreachable",
    "every",
    "every_async",
    "verify",
]
