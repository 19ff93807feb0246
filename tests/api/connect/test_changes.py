from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.domain.accounts import sandbox_iban
from gateway.usecases import changes, work
from tests import authenticators, visits
from tests.api.test_changes import CONTACT, put

if TYPE_CHECKING:
    import httpx

    from tests.authenticators import Authenticator
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio

IBAN = sandbox_iban("new")
WANTED = {"holder_name": "Azhen Breakfast Ltd", "iban": IBAN}


class Scene:
    """A shop with a passkey and a request for another payout account; its holder's browser is signed in."""

    def __init__(self, partner: Partner, merchant_id: str, browser: visits.Browser) -> None:
        self.partner, self.id, self.browser = partner, merchant_id, browser
        self.change_id = ""
        self.key: Authenticator
        self.query = f"?merchant_id={merchant_id}&lang=en"

    async def see(self, change_id: str | None = None) -> httpx.Response:
        return await self.browser.see(f"/connect/changes/{change_id or self.change_id}{self.query}")

    async def post(self, verb: str, **fields: str) -> httpx.Response:
        return await self.browser.send(f"/connect/changes/{self.change_id}/{verb}{self.query}", fields)


async def scene(gateway: Gateway, browser: visits.Browser, *, has_key: bool = True, signed_in: bool = True) -> Scene:
    partner = await gateway.partner("Ladle POS " + gateway.world.ids.new("partner"))
    found = Scene(partner, await visits.shop(partner), browser)
    if has_key:
        found.key = await authenticators.given_to(gateway, found.id)
    found.change_id = (await put(partner, found.id, "payout-account", WANTED)).json()["id"]
    if signed_in:
        await browser.sign_in(gateway, found.query)
    return found


async def state(gateway: Gateway, at: Scene) -> str:
    return (await changes.find(gateway.world.store, at.change_id, at.id)).state


async def test_the_list_shows_what_is_in_force_and_what_is_asked_masked(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        at = await scene(site, browser)
        page = (await browser.see("/connect/changes" + at.query)).text
    assert "z•••@s•••.example" in page
    for words in (
        "Waiting for you",
        f"•••• {IBAN[-4:]}",
        "Azhen Breakfast Ltd",
        "Ladle POS",
        "2 Mar 2026",
        "9 Mar 2026",
    ):
        assert words in page
    assert IBAN not in page


async def test_the_page_that_asks_for_the_passkey_shows_the_whole_account(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        at = await scene(site, browser)
        answer = await at.see()
    assert " ".join(IBAN[n : n + 4] for n in range(0, len(IBAN), 4)) in answer.text
    assert "72 hours" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_the_holders_passkey_approves_it(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        at = await scene(gateway, browser)
        done = await at.post("approve", response=at.key.on((await at.see()).text))
        assert (done.status_code, await state(gateway, at)) == (303, "waiting")
        page = (await browser.see(done.headers["location"])).text
        assert "You can stop it until it takes effect." in page
        assert "5 Mar 2026 17:00" in page  # 72 hours on, by the shop's own clock
        assert (await at.see()).status_code == 303  # nothing is left to approve


async def test_one_click_stops_it_without_a_passkey_and_a_second_does_no_harm(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        at = await scene(gateway, browser)
        await at.post("approve", response=at.key.on((await at.see()).text))
        await browser.see("/connect/changes" + at.query)
        for _ in range(2):
            gone = await at.post("stop")
            assert "Everything stays as it was." in (await browser.see(gone.headers["location"])).text
    assert await state(gateway, at) == "stopped"


async def test_a_code_alone_approves_nothing(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        at = await scene(gateway, browser)
        await at.see()
        for response in ("", "{}", "nonsense"):
            refused = await at.post("approve", response=response)
            assert (refused.status_code, "Nothing has changed" in refused.text) == (422, True)
    assert await state(gateway, at) == "awaiting_approval"


async def test_a_passkey_made_for_the_purpose_is_not_offered_the_button_and_refused(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        at = await scene(gateway, browser, has_key=False)
        page = (await at.see()).text
        assert "A code is not enough for this" in page
        assert "data-passkey" not in page
        at.key = await authenticators.given_to(gateway, at.id)
        assert "data-passkey" not in (await at.see()).text
    assert await state(gateway, at) == "awaiting_approval"


async def test_an_answer_given_for_another_change_is_refused(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser:
        at = await scene(gateway, browser)
        signed = at.key.on((await at.see()).text)
        other = WANTED | {"iban": sandbox_iban("thief")}
        at.change_id = (await put(at.partner, at.id, "payout-account", other, "k2")).json()["id"]
        await at.see()
        refused = await at.post("approve", response=signed)
    assert (refused.status_code, "Something changed meanwhile" in refused.text) == (422, True)
    assert await state(gateway, at) == "awaiting_approval"


async def test_whoever_is_not_signed_in_signs_in_and_comes_back(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        at = await scene(site, browser, signed_in=False)
        sent_on = await browser.see("/connect/changes" + at.query)
        assert sent_on.headers["location"].startswith("/connect/sign-in?merchant_id=")
        query = "?" + sent_on.headers["location"].partition("?")[2]
        signed_in = await browser.sign_in(site, query)
        assert signed_in.headers["location"].partition("?")[0] == "/connect/changes"
        assert (await browser.see(signed_in.headers["location"])).status_code == 200


async def test_without_session_or_form_nothing_is_approved_or_stopped(gateway: Gateway) -> None:
    async with visits.browser(gateway) as browser, visits.browser(gateway) as nobody:
        at = await scene(gateway, browser)
        await nobody.see("/connect/sign-in" + at.query)
        for verb in ("approve", "stop"):
            sent_on = await nobody.send(f"/connect/changes/{at.change_id}/{verb}{at.query}", {"response": "{}"})
            assert sent_on.headers["location"].startswith("/connect/sign-in")
            assert (await at.post(verb, form="x")).status_code == 403
    assert await state(gateway, at) == "awaiting_approval"


async def test_another_shops_change_is_not_there(gateway: Gateway) -> None:
    async with visits.browser(gateway) as mine, visits.browser(gateway) as theirs:
        at, other = await scene(gateway, mine), await scene(gateway, theirs)
        assert (await other.see(at.change_id)).status_code == 404
        await other.see()
        change_id, other.change_id = other.change_id, at.change_id
        for verb in ("approve", "stop"):
            assert (await other.post(verb, response=other.key.on((await other.see(change_id)).text))).status_code == 404
        assert (await theirs.see("/connect/changes" + at.query)).status_code == 403
    assert await state(gateway, at) == "awaiting_approval"


@pytest.mark.parametrize("change_id", ["chg_" + "0" * 26, "%00", "x" * 300])
async def test_a_change_that_is_not_there_is_not_found(site: Gateway, change_id: str) -> None:
    async with visits.browser(site) as browser:
        at = await scene(site, browser)
        assert (await at.see(change_id)).status_code == 404


async def test_a_change_of_contact_reads_in_chinese(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        partner = await site.partner()
        merchant_id = await visits.shop(partner)
        await authenticators.given_to(site, merchant_id)
        change = (await put(partner, merchant_id, "contact", CONTACT)).json()
        query = f"?merchant_id={merchant_id}&lang=zh"
        await browser.sign_in(site, query)
        page = (await browser.see(f"/connect/changes/{change['id']}{query}")).text
    for words in ("要把验证码和通知改发到别处吗？", CONTACT["email"], "批准后 72 小时生效", "停掉，保持不变"):
        assert words in page


async def test_the_notice_leads_to_the_page_and_a_shops_name_leads_nowhere(site: Gateway) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner, "http://evil.example/connect/x")
    await put(partner, merchant_id, "contact", CONTACT)
    await work.drain(site.world)
    async with visits.browser(site) as browser:
        page = (await browser.see("/sandbox/outbox?lang=en")).text
    assert f'<a href="{changes.address(site.world, merchant_id)}">' in page
    assert 'href="http://evil.example' not in page


async def test_what_can_still_be_stopped_is_shown_however_much_was_asked_since(
    site: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SHOWN_COUNT", 2)
    async with visits.browser(site) as browser:
        at = await scene(site, browser)
        for number in range(changes.SHOWN_COUNT):
            key = {"idempotency-key": f"contact-{number}"}
            there = f"/v1/merchants/{at.id}/contact"
            asked = await at.partner.send("PUT", there, json={"email": f"z{number}@else.example"}, headers=key)
            assert asked.status_code == 201
        page = (await browser.see("/connect/changes" + at.query)).text
    assert f"/connect/changes/{at.change_id}/stop" in page
