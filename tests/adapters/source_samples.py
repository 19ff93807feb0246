"""The vendors' own payloads, and what becomes of each: `python -m tests.adapters.source_samples` prints the table.

The samples lie outside the project, in the folder `$RESTOCK_SHARED` names. Stripe and Shopify publish objects, not
events; they are put into the envelope each comes in.
"""

from __future__ import annotations

import json
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.source_ports import Unreadable
from tests.adapters.platforms import ShopifyShop, SquareSeller, StripeAccount
from tests.adapters.source_contract import Scene, converted

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "connections.md").read_text(encoding="utf-8")
STRIPE_KINDS = {
    "balance_transaction": "balance.available", "charge": "charge.succeeded", "dispute": "charge.dispute.created",
    "payment_intent": "payment_intent.succeeded", "payout": "payout.paid", "refund": "refund.created",
}  # fmt: skip


def samples(shared: Path) -> Iterator[tuple[Scene, str, str, Any]]:
    """Platform, name, kind of event and payload of each sample."""
    folder = shared / "conformance" / "pos"
    for name, event in _read(folder, "square/webhook-events.json").items():
        yield SquareSeller(currency="USD"), name, event["type"], event
    yield from _shopify(folder)
    for name, thing in _read(folder, "stripe/resources.json").items():
        event = thing if name == "event" else _stripe(STRIPE_KINDS[name], thing)
        yield StripeAccount(), name, event["type"], event
        if name == "charge":
            whole = thing | {"captured": True, "amount_captured": thing["amount"]}
            yield StripeAccount(), "charge, captured", "charge.captured", _stripe("charge.captured", whole)


def _shopify(folder: Path) -> Iterator[tuple[Scene, str, str, Any]]:
    shop = ShopifyShop(currency="USD")
    order, refund = _read(folder, "shopify/order.json")["order"], _read(folder, "shopify/refund.json")["refund"]
    yield shop, "order", "orders/create", order
    yield shop, "order, paid", "orders/paid", order | {"financial_status": "paid"}
    back = {"financial_status": "partially_refunded", "refunds": [refund], "updated_at": refund["created_at"]}
    yield shop, "order, with the refund", "orders/updated", order | back
    yield shop, "refund", "refunds/create", refund
    for number, level in enumerate(_read(folder, "shopify/inventory_levels.json")["inventory_levels"], 1):
        yield shop, f"inventory level {number}", "inventory_levels/update", level
    yield shop, "product", "products/update", _read(folder, "shopify/product.json")["product"]
    for name in ("tender_transactions", "transactions"):
        found = _read(folder, f"shopify/{name}.json")
        for one in found if isinstance(found, list) else found[name]:
            yield shop, f"{name} {one['id']}", f"{name}/create", one


def _stripe(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {"id": "evt_1", "object": "event", "type": kind, "created": 1_234_567_890, "livemode": False,
            "data": {"object": thing}}  # fmt: skip


def outcome(scene: Scene, kind: str, payload: Any) -> str:
    """What a payload becomes, in a few words."""
    try:
        found = converted(scene, kind, payload)
    except Unreadable as error:
        return f"unreadable: {error.detail}"
    said = [f"{one.kind} {one.sale_id} of {one.amount} {one.currency}" for one in found.sales]
    said += [f"stock {one.item_id} at {one.location_id}: {one.quantity}" for one in found.stock]
    said += [f"refused ({one.code}): {one.detail}" for one in found.refused]
    return "; ".join(said) or explained(scene, kind)


def documented(scene: Scene) -> dict[str, str]:
    """Kinds of events, as docs/connections.md lists them for a platform → what it says becomes of each."""
    section = PAGE.split(f"\n## {scene.platform.name.capitalize()}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z_./*]+)` \| (.+) \|$", section, flags=re.MULTILINE))


def explained(scene: Scene, kind: str) -> str:
    """Why an event makes no records, in the words of the page."""
    said = next((told for name, told in documented(scene).items() if fnmatchcase(kind, name)), "NOT DOCUMENTED")
    return said if said.startswith("not kept: ") or kind not in scene.platform.reads else "nothing yet: no money moved"


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    for scene, name, kind, payload in samples(Path(os.environ["RESTOCK_SHARED"])):
        print(f"{scene.platform.name:8} {name:55} {kind:45} {outcome(scene, kind, payload)}")  # noqa: T201
