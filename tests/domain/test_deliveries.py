from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.deliveries import JITTER_BPS, LONGEST_WISH, PAUSES, DeliveryState, Failure, Heard, settled, wished
from gateway.domain.webhooks import BadReplay, Replay, check, wanted

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@given(st.integers(1, len(PAUSES)), st.integers(0, JITTER_BPS))
def test_a_failed_attempt_is_made_again_after_its_pause_and_at_most_a_tenth_later(number: int, jitter_bps: int) -> None:
    verdict = settled(Heard(500), number, NOW, jitter_bps)
    assert verdict.state is DeliveryState.pending
    assert PAUSES[number - 1] <= verdict.due_at - NOW <= PAUSES[number - 1] * 11 / 10


def test_the_tenth_attempt_is_the_last() -> None:
    assert settled(Heard(failure=Failure.slow), len(PAUSES) + 1, NOW, 0).state is DeliveryState.failed
    assert settled(Heard(200), len(PAUSES) + 1, NOW, 0).state is DeliveryState.delivered


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (200, None), (204, None), (299, None), (301, Failure.redirected), (307, Failure.redirected),
        (400, Failure.refused), (410, Failure.gone), (429, Failure.refused), (503, Failure.refused),
        (100, Failure.refused), (None, Failure.broken),
    ],
)  # fmt: skip
def test_only_a_status_of_two_hundred_and_some_is_a_delivery(status: int | None, problem: Failure | None) -> None:
    assert Heard(status).problem is problem


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        (None, None), ("120", timedelta(minutes=2)), (" 7 ", timedelta(seconds=7)), ("0", timedelta()),
        ("9" * 30, LONGEST_WISH), ("Mon, 02 Mar 2026 09:30:00 GMT", timedelta(minutes=30)),
        ("Sun, 01 Mar 2026 09:30:00 GMT", timedelta()), ("Mon, 02 Mar 2099 09:30:00 GMT", LONGEST_WISH),
        ("-5", None), ("soon", None), ("\u0661", None), ("", None), ("1.5", None),
    ],
)  # fmt: skip
def test_a_receivers_wish_to_be_left_alone_is_bounded(text: str | None, wish: timedelta | None) -> None:
    assert wished(text, NOW) == wish


@given(st.text(max_size=60))
def test_no_text_of_a_receiver_is_a_fault_of_ours(text: str) -> None:
    found = wished(text, NOW)
    assert found is None or timedelta() <= found <= LONGEST_WISH


@given(st.integers(0, 10**6))
def test_the_next_attempt_is_not_before_the_receivers_wish(seconds: int) -> None:
    verdict = settled(Heard(503, retry_after=str(seconds)), 1, NOW, 0)
    assert verdict.due_at == NOW + max(PAUSES[0], min(timedelta(seconds=seconds), LONGEST_WISH))


@pytest.mark.parametrize(
    ("patterns", "name", "taken"),
    [
        (("*",), "offer.created", True), (("offer.*",), "offer.created", True),
        (("offer.*",), "offers.created", False), (("offer.created",), "offer.created", True),
        (("offer.created",), "offer.expired", False),
        (("drawdown.*", "offer.expired"), "offer.expired", True),
    ],
)  # fmt: skip
def test_a_filter_takes_names_and_whole_nouns(patterns: tuple[str, ...], name: str, *, taken: bool) -> None:
    assert wanted(patterns, name) is taken


@pytest.mark.parametrize(
    "replay",
    [
        Replay(), Replay(event_ids=("evt_x",), from_position=1), Replay(to_position=5), Replay(from_at=NOW),
        Replay(to_at=NOW), Replay(from_position=1, from_at=NOW, to_at=NOW),
    ],
)  # fmt: skip
def test_a_replay_names_either_events_or_one_range(replay: Replay) -> None:
    with pytest.raises(BadReplay):
        check(replay)
