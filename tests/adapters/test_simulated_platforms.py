"""The platforms that the sandbox plays say what happened so that the real ones' own readers take it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from gateway.domain import scenarios
from gateway.domain.sales import NewSale, SaleKind
from gateway.domain.scenarios import Books, Scenario, ScenarioKind
from gateway.main import PLATFORMS, SIMULATED
from gateway.source_ports import About, Account, Forged, Platform, SimulatedPlatform, Told

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
BY_NAME = {platform.name: platform for platform in PLATFORMS}
ACCOUNTS = {"square": "6SSW7HV8K2ST5", "shopify": "corner.myshopify.com", "stripe": "acct_1PgafTB7WZ01zgkW"}


def day(currency: str) -> tuple[list[Told], NewSale]:
    """A day of refunds, those of its own sales and those of older ones, and a sale that one gives back."""
    books = Books(currency, "Europe/Amsterdam", "00:00")
    runs = Scenario("mer_1", ScenarioKind.refund_wave, 3, 80_000, AT.date(), AT)
    made = scenarios.day(runs, books, AT.date())
    sale = next(one for one in made if one.kind is SaleKind.sale)
    back = msgspec.structs.replace(
        sale, sale_id="r-1", kind=SaleKind.refund, refund_of=sale.sale_id,
        occurred_at=sale.occurred_at + timedelta(minutes=50),
    )  # fmt: skip
    return [*(Told(one, scenarios.refunded(runs, books, one)) for one in made), Told(back, sale)], sale


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "ISK"])
@pytest.mark.parametrize("plays", SIMULATED, ids=lambda one: one.name)
def test_what_it_says_of_a_day_is_read_back_as_that_day(plays: SimulatedPlatform, currency: str) -> None:
    platform: Platform = BY_NAME[plays.name]
    account = Account(ACCOUNTS[plays.name], "https://gateway.example/v1/sources/x/y", "one-of-our-own-making")
    told, sale = day(currency)
    names: dict[str, str] = {}
    seen = set()
    for one in told:
        call = plays.call(one, account, AT)
        assert call == plays.call(one, account, AT)
        platform.verify(call, account.secret)
        with pytest.raises(Forged):
            platform.verify(call, "another-secret-than-that")
        event = platform.identify(call)
        seen.add(event.event_id)
        assert (event.account_id, event.kind in platform.reads) == (account.id, True)
        found = platform.convert(event.kind, call.body, About(currency, "Europe/Amsterdam", "00:00"))
        assert found.refused == ()
        record = next(row for row in found.sales if row.kind is one.record.kind)
        kept = ("kind", "amount", "currency", "occurred_at")
        assert [getattr(record, name) for name in kept] == [getattr(one.record, name) for name in kept]
        assert names.setdefault(one.record.sale_id, record.sale_id) == record.sale_id
        if one.record.sale_id == "r-1":
            assert record.refund_of == names[sale.sale_id]
    assert len(seen) == len(told) == len(set(names.values()))
