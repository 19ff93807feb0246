"""Ids: sortable by time, as the ULID specification writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import ids
from gateway.usecases.world import RandomIds
from tests.gateways import StillClock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(at=INSTANTS, entropy=st.integers(0, 2**80 - 1))
def test_a_ulid_is_its_time_and_its_entropy(at: datetime, entropy: int) -> None:
    text = ids.make("offer", ids.milliseconds(at), entropy).removeprefix("off_")
    value = 0
    for character in text.upper():
        value = value * 32 + ALPHABET.index(character)
    assert value & (2**80 - 1) == entropy
    seconds, micros = divmod(value >> 80, 1_000)
    assert datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros * 1_000) <= at
    assert (at.microsecond // 1_000, len(text)) == (micros, 26)


def test_ids_of_one_process_come_in_order_even_within_a_millisecond() -> None:
    for microsecond in range(0, 1_000_000, 997):
        source = RandomIds(StillClock(datetime(2026, 3, 2, 9, 0, 0, microsecond, tzinfo=UTC)))
        made = [source.new("offer") for _ in range(3)]
        assert made == sorted(made)
        assert all(ids.PATTERN.match(one) for one in made)
