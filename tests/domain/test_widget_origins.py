"""Which pages may show the frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import widget_sessions as rules
from gateway.domain.widget_sessions import BadOrigin

PARENT = "https://till.example"


@pytest.mark.parametrize(
    "origin",
    [
        "https://till.example", "https://a-b.till.example:8443", "https://xn--fiq228c.example", "http://localhost:3000",
        "http://127.0.0.1", "http://[::1]:8080",
    ],
)  # fmt: skip
def test_these_pages_may_show_the_frame_of_a_sandbox(origin: str) -> None:
    assert rules.origins([origin, origin], sandbox=True) == (origin,)
    if not origin.startswith("https:"):
        with pytest.raises(BadOrigin):
            rules.origins([origin], sandbox=False)


@pytest.mark.parametrize(
    "origin",
    [
        "http://till.example", "https://till.example/", "https://till.example/path", "https://Till.example",
        "https://till.example:443", "https://till.example:0", "https://till.example:65536", "https://*.example",
        "https://localhost", "https://10.0.0.1", "https://till.example ", "https://till.example;script-src *",
        "https://till.example\nX: y", "https://user@till.example", "https://till.example.", "null", "*", "file://",
        "https://-a.example", "http://localhost:80", "http://localhost.evil.example", "https://till.example?x",
    ],
)  # fmt: skip
def test_no_other_page_may(origin: str) -> None:
    with pytest.raises(BadOrigin):
        rules.origins([PARENT, origin], sandbox=True)


@given(st.text(max_size=40))
def test_nothing_that_is_let_through_can_end_a_directive(text: str) -> None:
    try:
        found = rules.origins([f"https://{text}.example"], sandbox=True)
    except BadOrigin:
        return
    assert not set(found[0]) & set(" \t\r\n;,'\"*<>")
