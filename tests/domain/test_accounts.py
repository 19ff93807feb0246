from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import accounts
from gateway.domain.accounts import IBAN_LENGTHS, is_valid_iban, is_valid_routing_number, sandbox_iban

# Published examples of the IBAN registry.
REAL = [
    "NL91ABNA0417164300",
    "DE89370400440532013000",
    "GB82WEST12345698765432",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
]


@pytest.mark.parametrize("iban", REAL)
def test_published_examples_are_valid(iban: str) -> None:
    assert is_valid_iban(iban)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NL91",
        "nl91abna0417164300",
        "NL91 ABNA 0417 1643 00",
        "NL91ABNA041716430",
        "ZZ91ABNA0417164300",
        "NL٩١ABNA0417164300",
        "NL91ABNA0417164300\n",
    ],
)
def test_other_shapes_lengths_and_countries_are_refused(text: str) -> None:
    assert not is_valid_iban(text)


@given(st.text())
def test_a_sandbox_iban_is_valid_and_always_the_same_for_its_seed(seed: str) -> None:
    iban = sandbox_iban(seed)
    assert is_valid_iban(iban)
    assert sandbox_iban(seed) == iban
    assert iban[4:8] == "REST"
    assert len(iban) == IBAN_LENGTHS["NL"]


@given(st.sampled_from(REAL), st.data())
def test_one_changed_digit_is_always_found(iban: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([i for i, character in enumerate(iban) if character.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != iban[place]]))
    assert not is_valid_iban(iban[:place] + digit + iban[place + 1 :])


@given(st.sampled_from(REAL), st.data())
def test_two_neighbours_swapped_are_always_found(iban: str, data: st.DataObject) -> None:
    pairs = [i for i in range(2, len(iban) - 1) if iban[i] != iban[i + 1] and iban[i : i + 2].isdigit()]
    place = data.draw(st.sampled_from(pairs))
    assert not is_valid_iban(iban[:place] + iban[place + 1] + iban[place] + iban[place + 2 :])


def test_check_digits_that_the_standard_never_produces_are_refused() -> None:
    # 99 leaves the same remainder as 02; MOD 97-10 only ever makes 02.
    seed = next(i for i in range(10_000) if sandbox_iban(str(i))[2:4] == "02")
    iban = sandbox_iban(str(seed))
    assert is_valid_iban(iban)
    assert not is_valid_iban("NL99" + iban[4:])


def test_a_thousand_sandbox_shops_get_a_thousand_accounts() -> None:
    assert len({sandbox_iban(f"shop {i}") for i in range(1000)}) == 1000


# --- US routing numbers ----------------------------------------------------------------------------------------------

ROUTING_NUMBERS = ["021000021", "121042882", "231380104", "026009593", "999999992"]


@pytest.mark.parametrize("number", ROUTING_NUMBERS)
def test_a_routing_number_with_its_check_digit_is_one(number: str) -> None:
    assert is_valid_routing_number(number)


@pytest.mark.parametrize("number", ["", "000000000", "02100002", "0210000210", "02100002A", "０21000021", "-21000021"])
def test_anything_else_is_no_routing_number(number: str) -> None:
    assert not is_valid_routing_number(number)


@given(st.sampled_from(ROUTING_NUMBERS), st.integers(0, 8), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_a_routing_number_is_always_found(number: str, place: int, digit: str) -> None:
    wrong = number[:place] + digit + number[place + 1 :]
    assert is_valid_routing_number(wrong) is (wrong == number)


@given(
    number=st.from_regex(r"\A[0-9A-Z]{6,34}\Z"),
    routing=st.none() | st.from_regex(r"\A[0-9]{9}\Z"),
    savings=st.booleans(),
)
def test_an_account_is_read_as_it_was_written_and_ends_in_its_own_number(
    number: str, routing: str | None, *, savings: bool
) -> None:
    account = accounts.Number(number, routing, savings and routing is not None)
    assert accounts.read(accounts.written(account)) == account
    assert accounts.tail(accounts.written(account)) == number[-4:]
