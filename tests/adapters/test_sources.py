"""Each platform passes the contract; what each alone does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from gateway.source_ports import Forged
from tests.adapters.platforms import ShopifyShop, SquareSeller, StripeAccount
from tests.adapters.source_contract import NOW, OTHER, SECRET, SourceContract, call, converted, sold

if TYPE_CHECKING:
    from tests.adapters.source_contract import Scene


class TestSquare(SourceContract):
    speaks: ClassVar[type[Scene]] = SquareSeller

    def test_the_address_is_signed_too(self, scene: SquareSeller) -> None:
        kind, payload = scene.payment(500)
        made = call(scene, kind, json.dumps(payload).encode())
        with pytest.raises(Forged):
            scene.platform.verify(msgspec.structs.replace(made, url=made.url + "/"), SECRET)

    def test_a_tip_is_part_of_the_amount(self, scene: SquareSeller) -> None:
        (sale,) = converted(scene, *scene.payment(1_250, tip=50)).sales
        assert (sale.amount, sale.tip_amount, sale.tax_amount) == (1_250, 50, 0)
        assert [(one.means, one.amount) for one in sale.tenders or ()] == [("card", 1_250)]

    def test_stock_is_never_below_nothing(self, scene: SquareSeller) -> None:
        for said, known in (("10", "10"), ("-3", "0"), ("2.500000", "2.5"), ("0", "0"), ("0.1", "0.1")):
            (count,) = converted(scene, *scene.stock(said)).stock
            assert count.quantity == known


class TestShopify(SourceContract):
    speaks: ClassVar[type[Scene]] = ShopifyShop

    def test_decimal_strings_become_minor_units_of_the_currency(self) -> None:
        for currency, price, amount in (("EUR", "12.50", 1_250), ("JPY", "1250", 1_250), ("KWD", "1.234", 1_234)):
            scene = ShopifyShop(currency=currency)
            (sale,) = converted(scene, *scene.order(price, total_tax="0", line_items=[])).sales
            assert (sale.amount, sale.currency) == (amount, currency)
        (refusal,) = converted(scene, *scene.order("1.2345")).refused
        assert refusal.code == "bad_amount"

    def test_what_was_paid_in_part_counts_in_part(self, scene: ShopifyShop) -> None:
        told = scene.order("100.00", status="partially_paid", total_outstanding="75.00", total_tax="20.00")
        (sale,) = converted(scene, *told).sales
        assert (sale.amount, sale.tax_amount) == (2_500, 500)
        (refusal,) = converted(scene, *scene.order("9.00", status="partially_paid", total_outstanding=None)).refused
        assert refusal.code == "paid_unknown"

    def test_a_cancelled_order_is_void_as_far_as_it_was_not_given_back_before(self, scene: ShopifyShop) -> None:
        over = NOW + timedelta(minutes=10)
        back = scene.refund("30.00", NOW + timedelta(minutes=5), name=801)
        after = scene.refund("70.00", over, name=802)
        for refunds in ([back], [back, after]):
            _, order = scene.order("100.00", name=800, refunds=refunds, cancelled=over, updated=700)
            found = converted(scene, "orders/cancelled", order)
            assert sold(found) == [("sale", "800", 10_000), ("void", "800:void", 7_000), ("refund", "801", 3_000)]
        _, whole = scene.order("30.00", name=803, refunds=[back], cancelled=over, updated=700)
        assert sold(converted(scene, "orders/cancelled", whole)) == [("sale", "803", 3_000), ("refund", "801", 3_000)]

    def test_what_was_on_its_way_back_when_an_order_was_cancelled_is_not_void_too(self, scene: ShopifyShop) -> None:
        over = NOW + timedelta(minutes=10)
        ends: dict[str, list[tuple[str, str, int]]] = {
            "pending": [], "success": [("refund", "811", 10_000)], "failure": [("void", "810:void", 10_000)],
        }  # fmt: skip
        for status, made in ends.items():
            back = scene.refund("100.00", NOW + timedelta(minutes=5), name=811, status=status)
            _, order = scene.order("100.00", name=810, refunds=[back], cancelled=over, updated=700)
            assert sold(converted(scene, "orders/cancelled", order)) == [("sale", "810", 10_000), *made]

    def test_a_refund_says_how_much_of_it_is_tax_where_shopify_does(self, scene: ShopifyShop) -> None:
        _, order = scene.order("100.00", refunds=[scene.refund("30.00", NOW)], updated=5)
        _, refund = converted(scene, "orders/updated", order).sales
        assert (refund.amount, refund.tax_amount, refund.refund_of) == (3_000, 30, str(order["id"]))

    def test_an_order_of_the_owner_trying_its_shop_is_a_test(self, scene: ShopifyShop) -> None:
        kind, order = scene.order("5.00", test=True)
        assert scene.platform.identify(call(scene, kind, json.dumps(order).encode())).is_test


class TestStripe(SourceContract):
    timed: ClassVar[bool] = True
    speaks: ClassVar[type[Scene]] = StripeAccount

    def test_one_of_several_signatures_is_enough_while_a_secret_is_rolled(self, scene: StripeAccount) -> None:
        kind, payload = scene.charge(500)
        body = json.dumps(payload).encode()
        ours, theirs = (scene.sign(body, kind=kind, secret=secret)["stripe-signature"] for secret in (SECRET, OTHER))
        both = f"{theirs},{ours.split(',')[1]}"
        made = call(scene, kind, body)
        scene.platform.verify(msgspec.structs.replace(made, headers={"stripe-signature": both}), SECRET)
        many = theirs + ",v1=00" * 30 + "," + ours.split(",")[1]
        for wrong in (theirs, many, f"{ours},t=1", ours.replace("v1=", "v0=")):
            with pytest.raises(Forged):
                scene.platform.verify(msgspec.structs.replace(made, headers={"stripe-signature": wrong}), SECRET)

    @pytest.mark.parametrize(
        ("currency", "sent", "amount"), [("EUR", 1_250, 1_250), ("JPY", 1_250, 1_250), ("ISK", 125_000, 1_250)]
    )
    def test_amounts_are_of_stripes_smallest_unit(self, currency: str, sent: int, amount: int) -> None:
        scene = StripeAccount(currency=currency)
        (sale,) = converted(scene, *scene.charge(sent)).sales
        assert (sale.amount, sale.currency) == (amount, currency)

    def test_a_payload_of_test_mode_says_so(self, scene: StripeAccount) -> None:
        kind, payload = scene.charge(500, livemode=False)
        assert scene.platform.identify(call(scene, kind, json.dumps(payload).encode())).is_test
