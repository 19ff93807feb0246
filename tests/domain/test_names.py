from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Corner Bakery", "CORNER  BAKERY"),
        ("Corner Bakery B.V.", "Corner Bakery"),
        ("Corner Bakery BV", "corner-bakery b.v."),
        ("Zhen Foods Co., Ltd.", "ZHEN FOODS CO LTD"),
        ("Zhen Foods Limited", "Zhen Foods Ltd"),
        ("Zhen Foods Pte. Ltd.", "Zhen Foods"),
        ("Grüner & Söhne GmbH & Co. KG", "Grüner & Söhne"),
        ("Straße 7 GmbH", "STRASSE 7"),
        ("Boulangerie d'Été S.A.R.L.", "BOULANGERIE D’ÉTÉ"),
        ("Boulangerie d'Été S à r l", "boulangerie dété sàrl"),
        ("Piekarnia Sp. z o.o.", "Piekarnia"),
        ("Ｃｏｒｎｅｒ　Bakery", "Corner Bakery"),
        ("青禾餐饮有限公司", "青禾餐饮有限责任公司"),
        ("青禾（上海）餐饮有限公司", "青禾(上海)餐饮"),
        ("阿珍早餐铺（个体工商户）", "阿珍早餐铺"),
        ("株式会社青木", "青木株式会社"),
        ("Café", "Cafe\N{COMBINING ACUTE ACCENT}"),
        ("李 雷", "李雷"),
    ],
)
def test_the_same_name_written_differently(one: str, other: str) -> None:
    assert names.same(one, other)
    assert names.same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Corner Bakery", "Corner Bakers"),
        ("Corner Bakery", "Corner"),
        ("Corner", "Corner Shop Ltd"),
        ("Casa", "Ca"),  # the form S.A. is a word of its own
        ("Zhen 1", "Zhen 2"),
        ("青禾餐饮有限公司", "青木餐饮有限公司"),
        ("青禾餐饮有限公司", "有限公司"),
        ("Ltd", "Limited"),  # nothing but a form is a name
        ("Corner", "Соrner"),
        ("", ""),
        ("...", "---"),
    ],
)
def test_another_name(one: str, other: str) -> None:
    assert not names.same(one, other)
    assert not names.same(other, one)


@given(st.text(min_size=1, max_size=60))
def test_a_name_is_the_same_as_itself_however_it_is_cased(name: str) -> None:
    if names.core_of(name):
        assert names.same(name, name)
        assert names.same(name, f" {name}, Ltd.")


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_sameness_is_an_equivalence(one: str, two: str, three: str) -> None:
    assert names.same(one, two) == names.same(two, one)
    if names.same(one, two) and names.same(two, three):
        assert names.same(one, three)
