from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.api.connect.pages import erasure
from gateway.api.connect.words import Words
from gateway.domain import erasures
from gateway.domain.erasures import Erasure, ErasureState, Held
from gateway.usecases import consent_records, work
from tests import visits
from tests.api.connect.test_consent import ON, given, waiting

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def agreed(gateway: Gateway, browser: visits.Browser) -> tuple[visits.Request, str]:
    """A shop that is signed in and has agreed to two lines; what it was asked, and the grant's id."""
    asked = await waiting(gateway)
    await browser.sign_in(gateway, asked.query())
    await browser.see("/connect/consent" + asked.query())
    await browser.send("/connect/consent" + asked.query(), ON)
    (held,) = await consent_records.of_merchant(gateway.world.store, asked.merchant_id)
    return asked, held.consent.grant_id


async def test_it_shows_what_who_why_until_and_when_last_used(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        asked, _ = await agreed(site, browser)
        page = (await browser.see(f"/connect/consents?merchant_id={asked.merchant_id}&lang=en")).text
    for words in (
        "Read my sales and refunds",
        "To work out how much",
        "29 Aug 2026",
        "2 Mar 2026",
        "Not yet",
        "In force",
    ):
        assert words in page


async def test_one_click_takes_it_back_and_a_second_does_no_harm(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        asked, grant_id = await agreed(gateway, browser)
        await browser.see("/connect/consents?lang=en")
        for _ in range(2):
            gone = await browser.send(f"/connect/consents/{grant_id}/revoke?lang=en", {"do": "revoke"})
            page = await browser.see(gone.headers["location"])
            assert "Taken back." in page.text
            assert "Nothing is shared" in page.text
    assert await given(gateway, asked) == ["revoked"]


async def test_one_line_can_be_stopped_and_the_last_one_ends_it(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        asked, grant_id = await agreed(gateway, browser)
        await browser.see("/connect/consents")
        for _ in range(2):
            await browser.send(f"/connect/consents/{grant_id}/revoke", {"stop": "offers"})
        (held,) = await consent_records.of_merchant(gateway.world.store, asked.merchant_id)
        assert (held.consent.version, len(held.details)) == (2, 1)
        await browser.send(f"/connect/consents/{grant_id}/revoke", {"stop": "merchant_data-credit_assessment-sales"})
    assert await given(gateway, asked) == ["revoked"]


async def test_the_record_can_be_downloaded_word_for_word(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        _, grant_id = await agreed(site, browser)
        answer = await browser.see(f"/connect/consents/{grant_id}/record")
    assert answer.headers["content-disposition"] == f'attachment; filename="{grant_id}.json"'
    kept = answer.json()
    (version,) = kept["versions"]
    written = json.dumps(version["details"], separators=(",", ":")).encode()
    assert hashlib.sha256(written).hexdigest() == version["details_hash"]
    assert (kept["consent"]["grant_id"], version["method"]) == (grant_id, "one_time_code")


async def test_what_was_erased_and_what_is_kept_is_shown_and_goes_into_the_record(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        _, grant_id = await agreed(gateway, browser)
        page = await browser.see("/connect/consents?lang=en")
        assert "Your data" not in page.text
        await browser.send(f"/connect/consents/{grant_id}/revoke", {"do": "revoke"})
        for language, words in (
            ("en", ("Your sales data was erased", "What you agreed to, word for word (1)", "Kept until 2 Mar 2031.")),
            ("zh", ("销售数据已删除", "你同意过的原文（1）", "保存到 2031年3月2日。")),
        ):
            await work.drain(gateway.world)
            page = await browser.see(f"/connect/consents?lang={language}")
            assert [word for word in words if word not in page.text] == []
        kept = (await browser.see(f"/connect/consents/{grant_id}/record")).json()
    assert kept["erasure"]["erasure"]["state"] == "erased"
    assert {"consents", "audit", "shop"} <= {one["kind"] for one in kept["erasure"]["kept"]}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_and_every_reason_has_words(language: str) -> None:
    held = Held(1, 2, 3, 4, 5, 6, 7, 8)
    at, on = datetime(2026, 3, 2, tzinfo=UTC), date(2031, 3, 2)
    for state in ErasureState:
        for until in (None, on):
            found = Erasure("era", "mer", "grt", state, at, 10, 20, 3, 1, at, at, None, until)
            shown = erasure.card(Words(language), erasures.report(found, held))
            assert shown.startswith("<article")
            assert "{" not in shown


async def test_another_merchants_consent_cannot_be_seen_or_taken_back(gateway: Gateway) -> None:
    async with visits.browser(gateway) as mine, visits.browser(gateway) as theirs:
        asked, grant_id = await agreed(gateway, mine)
        await agreed(gateway, theirs)
        await theirs.see("/connect/consents")
        assert (await theirs.send(f"/connect/consents/{grant_id}/revoke", {"do": "revoke"})).status_code == 404
        await theirs.see("/connect/consents")
        assert (await theirs.send(f"/connect/consents/{grant_id}/revoke", {"stop": "offers"})).status_code == 404
        assert (await theirs.see(f"/connect/consents/{grant_id}/record")).status_code == 404
        assert (await theirs.see(f"/connect/consents?merchant_id={asked.merchant_id}")).status_code == 403
    assert await given(gateway, asked) == ["authorised"]


async def test_without_a_session_or_our_form_nothing_is_taken_back(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser, visits.browser(gateway) as nobody:
        asked, grant_id = await agreed(gateway, browser)
        await nobody.see("/connect/sign-in?merchant_id=" + asked.merchant_id)
        sent_on = await nobody.send(f"/connect/consents/{grant_id}/revoke", {"do": "revoke"})
        assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/connect/sign-in")
        await browser.see("/connect/consents")
        assert (await browser.send(f"/connect/consents/{grant_id}/revoke", {"form": "x"})).status_code == 403
    assert await given(gateway, asked) == ["authorised"]


@pytest.mark.parametrize("grant_id", ["grt_" + "0" * 26, "%00", "x" * 300, "..%2f..%2fetc"])
async def test_a_consent_that_is_not_there_is_not_found(gateway: Gateway, grant_id: str) -> None:
    async with visits.browser(gateway) as browser:
        await agreed(gateway, browser)
        assert (await browser.see(f"/connect/consents/{grant_id}/record")).status_code == 404


async def test_refused_requests_do_not_push_a_consent_in_force_off_the_page(site: Gateway) -> None:
    async with visits.browser(site) as browser, visits.browser(site) as nobody:
        asked, grant_id = await agreed(site, browser)
        for _ in range(consent_records.SHOWN_COUNT):
            query = (await visits.push_again(site, asked)).query()
            await nobody.see("/connect/sign-in" + query)
            await nobody.send("/connect/sign-in" + query, {"do": "none"})
        page = (await browser.see(f"/connect/consents?merchant_id={asked.merchant_id}")).text
    assert f"/connect/consents/{grant_id}/revoke" in page
