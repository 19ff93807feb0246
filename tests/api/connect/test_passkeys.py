"""The passkey pages, posted to by an authenticator in software; the browser itself has tests in tests/journeys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway import passkeys as webauthn
from gateway.api.connect.passkeys import device
from gateway.domain.passkeys import PasskeyState
from gateway.usecases import passkeys
from tests import authenticators, visits
from tests.authenticators import Authenticator, options_on

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"


async def shop(gateway: Gateway) -> str:
    """A shop's id."""
    return await visits.shop(await gateway.partner())


def about(merchant_id: str, **more: str) -> str:
    """The query of the pages about a shop, in English."""
    return f"?merchant_id={merchant_id}&lang=en" + "".join(f"&{name}={value}" for name, value in more.items())


async def make(browser: visits.Browser, query: str, phone: Authenticator) -> httpx.Response:
    """Take the offer on the page seen last."""
    response = phone.make(options_on(browser.page))
    return await browser.send("/connect/passkeys" + query, {"response": response}, **{"user-agent": PHONE})


async def test_an_offer_made_list_and_removed_again(gateway: Gateway) -> None:
    merchant_id = await shop(gateway)
    query = about(merchant_id)
    first, second = (Authenticator(gateway.world.settings.issuer) for _ in range(2))
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, query)
        empty = await browser.see("/connect/passkeys" + query)
        assert empty.headers["location"].startswith("/connect/passkeys/first")
        await browser.see("/connect/passkeys/first" + query)
        made = await make(browser, query, first)
        assert (made.status_code, made.headers["location"]) == (303, f"/connect/passkeys{query}&done=added")
        told = await browser.see(made.headers["location"])
        assert "The passkey was added" in told.text
        assert "iPhone" in told.text
        assert "The last one stays" in told.text
        proof = first.answer(options_on(browser.page))
        assert (await browser.send("/connect/passkeys/prove" + query, {"response": proof})).status_code == 200
        await make(browser, query, second)
        kept = await passkeys.held(gateway.world.store, merchant_id)
        await browser.see("/connect/passkeys" + query)
        # The first button removes the first one; the second one may say so.
        proof = second.answer(options_on(browser.page, 0))
        gone = await browser.send(f"/connect/passkeys/{kept[0].id}/remove" + query, {"response": proof})
        assert "The passkey was removed" in (await browser.see(gone.headers["location"])).text
    [left] = await passkeys.kept(gateway.world.store, merchant_id)
    assert left.credential_id == second.credential_id


async def test_signing_in_with_a_passkey_changes_the_cookie_and_leads_on(gateway: Gateway) -> None:
    merchant_id = await shop(gateway)
    phone = await authenticators.given_to(gateway, merchant_id)
    query = about(merchant_id, back="/connect/passkeys")
    async with visits.browser(gateway) as browser:
        page = await browser.see("/connect/sign-in" + query)
        assert "script-src 'self'" in page.headers["content-security-policy"]
        before = dict(browser.http.cookies)
        entered = await browser.send("/connect/sign-in/passkey" + query, {"response": phone.on(page.text)})
        assert (entered.status_code, entered.headers["location"]) == (303, "/connect/passkeys" + about(merchant_id))
        assert dict(browser.http.cookies) != before
        assert (await browser.see("/connect/consents" + query)).status_code == 200


async def test_an_answer_to_something_else_signs_nobody_in(gateway: Gateway) -> None:
    merchant_id = await shop(gateway)
    phone = await authenticators.given_to(gateway, merchant_id)
    query = about(merchant_id)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, query)
        add = phone.on((await browser.see("/connect/passkeys" + query)).text)
        wrong = await browser.send("/connect/sign-in/passkey" + query, {"response": add})
        assert (wrong.status_code, "That did not prove that it is you" in wrong.text) == (422, True)
        start = phone.on((await browser.see("/connect/sign-in" + query)).text)
        await browser.see("/connect/passkeys" + query)
        wrong = await browser.send("/connect/passkeys/prove" + query, {"response": start})
        assert (wrong.status_code, "Now make the new one" in wrong.text) == (422, False)
        other = (await passkeys.held(gateway.world.store, merchant_id))[0].id
        wrong = await browser.send(f"/connect/passkeys/{other}/remove" + query, {"response": add})
        assert wrong.status_code == 422
    assert len(await passkeys.held(gateway.world.store, merchant_id)) == 1


async def test_a_code_alone_never_makes_a_second_passkey(gateway: Gateway) -> None:
    merchant_id = await shop(gateway)
    query, stranger = about(merchant_id), Authenticator(gateway.world.settings.issuer)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, query)
        await browser.see("/connect/passkeys/first" + query)
        offer = browser.page
        phone = await authenticators.given_to(gateway, merchant_id)
        late = await make(browser, query, stranger)
        assert (late.status_code, "The passkey was not accepted" in late.text) == (409, True)
        assert offer != browser.page
    assert [one.credential_id for one in await passkeys.kept(gateway.world.store, merchant_id)] == [phone.credential_id]


async def test_nobody_who_is_not_signed_in_gets_anywhere(gateway: Gateway) -> None:
    merchant_id, other = await shop(gateway), await shop(gateway)
    phone = await authenticators.given_to(gateway, merchant_id)
    query = about(merchant_id)
    async with visits.browser(gateway) as browser:
        page = await browser.see("/connect/sign-in" + query)
        for address in ("/connect/passkeys", "/connect/passkeys/first"):
            assert (await browser.see(address + query)).headers["location"].startswith("/connect/sign-in")
        browser.page = page.text
        for address in ("/connect/passkeys", "/connect/passkeys/prove", "/connect/passkeys/psk_1/remove"):
            sent = await browser.send(address + query, {"response": phone.on(page.text)})
            assert sent.headers["location"].startswith("/connect/sign-in")
        await browser.sign_in(gateway, about(other))
        assert (await browser.see("/connect/passkeys" + query)).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["/connect/sign-in/passkey", "/connect/passkeys", "/connect/passkeys/prove", "/connect/passkeys/x/remove"],
)
async def test_a_form_that_is_not_ours_or_is_damaged_does_nothing(gateway: Gateway, address: str) -> None:
    merchant_id = await shop(gateway)
    phone = await authenticators.given_to(gateway, merchant_id)
    query = about(merchant_id)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, query)
        page = await browser.see("/connect/passkeys" + query)
        response = phone.on(page.text)
        assert (await browser.send(address + query, {"form": "x" * 64, "response": response})).status_code == 403
        for damaged in ("", "null", "{}", "[]", response[:-9], json.dumps({"asked": "QUFB"}), "x" * 7_000):
            browser.page = page.text
            assert (await browser.send(address + query, {"response": damaged})).status_code in {422, 429}
    [kept] = await passkeys.held(gateway.world.store, merchant_id)
    assert kept.state is PasskeyState.active


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/connect/../v1/x", "/docs", "/connect/%0d"]
)
async def test_signing_in_leads_to_no_page_but_ours(gateway: Gateway, back: str) -> None:
    merchant_id = await shop(gateway)
    phone = await authenticators.given_to(gateway, merchant_id)
    async with visits.browser(gateway) as browser:
        page = await browser.see("/connect/sign-in" + about(merchant_id, back=back))
        query = about(merchant_id, back=back)
        entered = await browser.send("/connect/sign-in/passkey" + query, {"response": phone.on(page.text)})
    assert entered.headers["location"] == "/connect/consents" + about(merchant_id)


async def test_only_pages_with_a_passkey_button_may_run_a_script(site: Gateway) -> None:
    merchant_id = await shop(site)
    async with visits.browser(site) as browser:
        page = await browser.see("/connect/sign-in" + about(merchant_id))
        assert "script" not in page.text + page.headers["content-security-policy"]
        script = await browser.see("/connect/passkey.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


async def test_five_wrong_answers_lock_the_browser(own_gateway: Gateway) -> None:
    merchant_id = await shop(own_gateway)
    await authenticators.given_to(own_gateway, merchant_id)
    async with visits.browser(own_gateway) as browser:
        page = await browser.see("/connect/sign-in" + about(merchant_id))
        for _ in range(5):
            browser.page = page.text
            await browser.send("/connect/sign-in/passkey" + about(merchant_id), {"response": "{}"})
        browser.page = page.text
        locked = await browser.send("/connect/sign-in/passkey" + about(merchant_id), {"response": "{}"})
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")


@pytest.mark.parametrize(
    ("agent", "name"), [(PHONE, "iPhone"), ("Mozilla/5.0 (Linux; Android 16)", "Android"), ("curl/8", "")]
)
def test_a_passkey_is_called_after_its_device(agent: str, name: str) -> None:
    assert device(agent) == name


def test_options_say_what_the_standard_wants() -> None:
    at = webauthn.site("https://id.restock.example:8443")
    assert (at.rp_id, at.origin) == ("id.restock.example", "https://id.restock.example:8443")
    made = webauthn.creation_options(at, b"\xff\xfe", ("mer_1", "阿珍早餐铺"), ["AAAA"])
    assert (made["challenge"], made["user"]["name"], made["rp"]["id"]) == ("__4", "阿珍早餐铺", "id.restock.example")
    assert made["authenticatorSelection"] == {"residentKey": "preferred", "userVerification": "required"}
    assert webauthn.request_options(at, b"x", ["AAAA"])["userVerification"] == "required"
