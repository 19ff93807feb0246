"""The vendors' own payloads convert, or are taken note of: none is unreadable to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.adapters.platforms import PLATFORMS
from tests.adapters.source_samples import documented, outcome, samples

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.source_contract import Scene

CONVERTED = {
    ("square", "InventoryCountUpdatedEvent"): "stock FGQ5JJWT2PYTHF35CKZ2DSKP at YYQR03DGCTXA4: 10",
    ("square", "PaymentUpdatedEvent"): "sale hYy9pRFVxpDsO1FB05SunFWUe9JZY of 100 USD",
    ("square", "RefundUpdatedEvent"):
        "refund KkAkhdMsgzn59SM8A89WgKwekxLZY_ptNBVqHYxt5gAdfcobBe4u1AZsXhoz06KTtuq9Ls24P of 1000 USD",
    ("shopify", "order, paid"): "sale 450789469 of 40994 USD",
    ("shopify", "order, with the refund"): "sale 450789469 of 40994 USD; refund 509562969 of 20900 USD",
    ("shopify", "inventory level 1"): "stock 39072856 at 487838322: 27",
    ("shopify", "inventory level 2"): "stock 808950810 at 905684977: 1",
    ("shopify", "inventory level 3"): "stock 808950810 at 487838322: 9",
    ("shopify", "inventory level 4"): "stock 39072856 at 905684977: 3",
    ("stripe", "charge, captured"): "sale ch_1PgafuB7WZ01zgkWXYmPNZs8 of 100 USD",
    ("stripe", "refund"): "refund re_1Pgc72B7WZ01zgkWqPvrRrPE of 100 USD",
}  # fmt: skip
"""What makes records; everything else tells of the same money once more, of money not taken yet, or of none."""


def test_every_sample_converts_or_is_taken_note_of(shared: Path) -> None:
    found = {
        (scene.platform.name, name): outcome(scene, kind, payload) for scene, name, kind, payload in samples(shared)
    }
    assert len(found) > 60
    assert {key: said for key, said in found.items() if not said.startswith(("not kept: ", "nothing yet"))} == CONVERTED


@pytest.mark.parametrize("speaks", PLATFORMS)
def test_the_page_names_every_kind_of_event_that_is_read_and_no_other_as_read(speaks: type[Scene]) -> None:
    scene = speaks()
    read = {kind for kind, said in documented(scene).items() if not said.startswith("not kept: ")}
    assert read == scene.platform.reads
