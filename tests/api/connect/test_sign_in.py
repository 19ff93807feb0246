from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import throttles
from tests import visits

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def request(gateway: Gateway, contact: str | None = visits.CONTACT) -> visits.Request:
    partner = await gateway.partner()
    return await visits.push(gateway, partner, await visits.shop(partner, contact=contact))


async def test_whoever_comes_from_the_till_signs_in_first(gateway: Gateway) -> None:
    query = (await request(gateway)).query()
    async with visits.browser(gateway) as browser:
        sent_on = await browser.see("/connect/consent" + query)
        assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/connect/sign-in" + query)
        page = await browser.see(sent_on.headers["location"])
        assert page.status_code == 200
        assert "z•••@s•••.example" in page.text
        assert visits.CONTACT not in page.text
        entered = await browser.sign_in(gateway, query)
        assert (entered.status_code, entered.headers["location"]) == (303, "/connect/consent" + query)
        assert (await browser.see("/connect/consent" + query)).status_code == 200


async def test_the_cookie_is_for_no_script_and_changes_at_sign_in(site: Gateway) -> None:
    query = (await request(site)).query()
    async with visits.browser(site) as browser:
        first = (await browser.see("/connect/sign-in" + query)).headers["set-cookie"]
        entered = (await browser.sign_in(site, query)).headers["set-cookie"]
    for cookie in (first, entered):
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert first.split(";")[0] != entered.split(";")[0]


async def test_a_wrong_code_says_how_many_tries_are_left_and_the_last_ends_them(site: Gateway) -> None:
    query = (await request(site)).query(lang="en")
    async with visits.browser(site) as browser:
        await browser.see("/connect/sign-in" + query)
        await browser.send("/connect/sign-in" + query, {"do": "send"})
        code = await visits.last_code(site)
        await browser.see("/connect/code" + query)
        for told in ("4 more tries", "3 more tries", "2 more tries", "1 more try", "no longer valid"):
            answer = await browser.send("/connect/code" + query, {"code": visits.wrong(code)})
            assert answer.status_code == 422
            assert told in answer.text
        again = await browser.send("/connect/code" + query, {"code": code})
        assert (again.status_code, "no longer valid" in again.text) == (422, True)
        assert (await browser.see("/connect/consent" + query)).status_code == 303


async def test_an_expired_code_is_refused(own_gateway: Gateway) -> None:
    query = "?merchant_id=" + (await request(own_gateway)).merchant_id
    async with visits.browser(own_gateway) as browser:
        await browser.see("/connect/sign-in" + query)
        await browser.send("/connect/sign-in" + query, {"do": "send"})
        code = await visits.last_code(own_gateway)
        await browser.see("/connect/code" + query)
        own_gateway.clock.at += timedelta(minutes=10)
        assert (await browser.send("/connect/code" + query, {"code": code})).status_code == 422


async def test_too_many_codes_lock_signing_in_for_a_while(own_gateway: Gateway) -> None:
    query = "?merchant_id=" + (await request(own_gateway)).merchant_id
    async with visits.browser(own_gateway) as browser:
        await browser.see("/connect/sign-in" + query)
        start = browser.page
        for _ in range(5):
            browser.page = start
            assert (await browser.send("/connect/sign-in" + query, {"do": "send"})).status_code == 303
        browser.page = start
        refused = await browser.send("/connect/sign-in" + query, {"do": "send"})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
        own_gateway.clock.at += timedelta(minutes=15)
        browser.page = start
        assert (await browser.send("/connect/sign-in" + query, {"do": "send"})).status_code == 303


async def test_who_does_not_want_to_sign_in_refuses_what_is_asked(gateway: Gateway) -> None:
    asked = await request(gateway)
    async with visits.browser(gateway) as browser:
        await browser.see("/connect/sign-in" + asked.query())
        gone = await browser.send("/connect/sign-in" + asked.query(), {"do": "none"})
        assert gone.status_code == 303
        assert gone.headers["location"].startswith(visits.BACK + "?error=access_denied&")
        assert (await browser.see("/connect/consent" + asked.query())).status_code == 422


@pytest.mark.parametrize("address", ["/connect/sign-in", "/connect/code", "/connect/consent", "/connect/consents"])
async def test_a_page_about_nobody_says_so(gateway: Gateway, address: str) -> None:
    async with visits.browser(gateway) as browser:
        for query in (
            "",
            "?merchant_id=%00",
            "?merchant_id=%ff",
            "?merchant_id=mer_" + "0" * 26,
            "?merchant_id=<script>",
        ):
            page = await browser.see(address + query)
            assert page.status_code in {303, 400}
            assert "<script" not in page.text
        gone = await browser.see(address + "?client_id=x&request_uri=urn:ietf:params:oauth:request_uri:nothing")
        assert gone.status_code in {400, 422}


async def test_a_shop_without_a_contact_is_told_whom_to_ask(site: Gateway) -> None:
    query = (await request(site, contact=None)).query(lang="zh")
    async with visits.browser(site) as browser:
        page = await browser.see("/connect/sign-in" + query)
    assert (page.status_code, "请联系收银软件的客服" in page.text) == (409, True)


async def test_signing_out_ends_the_session(gateway: Gateway) -> None:
    query = "?merchant_id=" + (await request(gateway)).merchant_id
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, query)
        assert (await browser.see("/connect/consents" + query)).status_code == 200
        held = dict(browser.http.cookies)
        left = await browser.send("/connect/sign-out")
        assert (await browser.see(left.headers["location"])).status_code == 200
        browser.http.cookies.update(held)
        assert (await browser.see("/connect/consents" + query)).status_code == 303


@pytest.mark.parametrize(
    ("lang", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, "fr, en;q=0.5, zh;q=0.9", "zh-CN"),
        (None, "zh;q=0, en", "en"),
        ("en", "zh", "en"),
        ("zh-CN", "en", "zh-CN"),
        ("<b>", "zh", "zh-CN"),
    ],
)
async def test_pages_speak_the_readers_language(site: Gateway, lang: str | None, accepted: str, language: str) -> None:
    async with visits.browser(site) as browser:
        page = await browser.see("/connect/done" + (f"?lang={lang}" if lang else ""), **{"accept-language": accepted})
    assert f'<html lang="{language}">' in page.text
    assert page.headers["content-language"] == language


async def test_live_mode_has_no_outbox() -> None:
    from gateway.main import ROUTES  # noqa: PLC0415

    assert not any("/sandbox" in path for route in ROUTES for path in getattr(route, "paths", ()))


async def test_wrong_codes_from_one_address_are_counted_over_all_shops(own_gateway: Gateway) -> None:
    tries, partner = 0, await own_gateway.partner()
    async with visits.browser(own_gateway) as browser:
        while tries <= throttles.ADDRESS_COUNT:
            query = f"?merchant_id={await visits.shop(partner)}"
            for _ in range(2):
                await browser.see("/connect/sign-in" + query)
                await browser.send("/connect/sign-in" + query, {"do": "send"})
                guess = visits.wrong(await visits.last_code(own_gateway))
                await browser.see("/connect/code" + query)
                answers = [await browser.send("/connect/code" + query, {"code": guess}) for _ in range(5)]
                tries += sum(answer.status_code == 422 for answer in answers)
                if answers[0].status_code == 429:
                    assert tries == throttles.ADDRESS_COUNT
                    return
    pytest.fail("nobody was stopped")
