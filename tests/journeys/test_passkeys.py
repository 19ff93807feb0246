"""Passkeys in a real Chromium with its virtual authenticator, against a gateway on a socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from gateway.domain.merchants import NewMerchant
from gateway.domain.passkeys import PasskeyCopied, PasskeyRefused, PasskeyState
from gateway.oauth import tokens
from gateway.usecases import merchants, messages, passkeys, sign_in, work
from tests import browsers, served, visits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page, Route

    from gateway.domain.intents import Intent
    from gateway.store import Tx
    from gateway.usecases.passkeys import Answered
    from tests.browsers import Device
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio

INTENT: Intent = {"do": "confirm_drawdown", "drawdown": "drw_1", "amount": 1_560_000, "currency": "CNY"}
ASK = """async (options) => {
  const [form, field] = [document.createElement("form"), document.createElement("input")];
  field.name = "response";
  form.append(field, document.createElement("button"));
  form.dataset.passkey = options;
  await prove(form);
  return field.value;
}"""
"""Our own script's function, on a question that a page of another package would ask."""


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    async with served.gateway(tmp_path_factory.mktemp("site")) as started:
        yield started


class Person:
    """A shop's holder with a phone: a page, its authenticator, and the gateway's view of that browser."""

    def __init__(self, site: Gateway, page: Page, device: Device, merchant_id: str) -> None:
        self.world, self.site, self.page, self.device, self.merchant_id = site.world, site, page, device, merchant_id
        self.issuer = site.world.settings.issuer

    async def see(self, path: str) -> None:
        """Open a page of ours."""
        await self.page.goto(f"{self.issuer}{path}?merchant_id={self.merchant_id}&lang=en")

    async def press(self, name: str) -> None:
        """Press a button and wait for the page that follows."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name).click()

    async def sign_in_by_code(self) -> None:
        """With the code in the outbox."""
        await self.see("/connect/sign-in")
        send = "Send me a code instead" if await self.page.locator("form[data-passkey]").count() else "Send me a code"
        await self.press(send)
        await self.page.get_by_label("6-digit code").fill(await visits.last_code(self.site))
        await self.press("Continue")

    async def make_first(self) -> None:
        """Sign in by code and take the offer."""
        await self.sign_in_by_code()
        assert urlsplit(self.page.url).path == "/connect/passkeys/first"
        await self.press("Make a passkey")

    async def secret(self) -> str:
        """What the browser's cookie holds."""
        return next(c["value"] for c in await self.page.context.cookies() if c["name"] == "restock")

    async def asked(self, intent: Intent = INTENT) -> str:
        """Options of a question for this browser."""
        hashed = tokens.digest(await self.secret())
        return (await passkeys.ask(self.world.store, self.world, hashed, self.merchant_id, intent)).options

    async def signed(self, options: str) -> str:
        """What the phone answers, through our own script."""
        await self.see("/connect/passkeys")
        answer: str = await self.page.evaluate(ASK, options)
        return answer

    async def answers(self, response: str, secret: str | None = None) -> Answered:
        """Post it, as the pages do."""
        hashed = tokens.digest(secret or await self.secret())

        async def unit(tx: Tx) -> Answered:
            return await passkeys.answer(tx, self.world, hashed, self.merchant_id, response)

        return await passkeys.attempt(self.world, hashed, "192.0.2.1", unit)


async def someone(site: Gateway, page: Page, **options: Any) -> Person:
    partner = await site.partner()
    new = NewMerchant("Azhen Breakfast", "CN", "CNY", "Asia/Shanghai", contact_email=visits.CONTACT)
    shop = await site.world.store.write(lambda tx: merchants.add(tx, site.world, partner.partner_id, new))
    return Person(site, page, await browsers.authenticator(page, **options), shop.id)


async def test_a_first_passkey_after_a_code_then_sign_in_with_it(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    [kept] = await passkeys.held(site.world.store, me.merchant_id)
    assert (kept.name, len(await me.device.credentials())) == ("Linux", 1)
    await page.context.clear_cookies()
    await me.see("/connect/sign-in")
    await me.press("Sign in with your passkey")
    assert urlsplit(page.url).path == "/connect/consents"
    session = await sign_in.session(site.world, await me.secret())
    assert session is not None
    assert (session.method, session.passkey_id) == ("passkey", kept.id)
    await work.drain(site.world)
    assert "passkey_added" in {notice.kind for notice in await messages.latest(site.world)}


async def test_whoever_does_not_want_one_goes_on_without(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.sign_in_by_code()
    await page.get_by_role("link", name="Not now").click()
    assert urlsplit(page.url).path == "/connect/consents"
    assert await passkeys.kept(site.world.store, me.merchant_id) == []


async def test_the_page_the_holder_came_from_is_where_it_ends(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await page.goto(f"{me.issuer}/connect/passkeys?merchant_id={me.merchant_id}&lang=en")
    assert urlsplit(page.url).path == "/connect/sign-in"
    await me.press("Send me a code")
    await page.get_by_label("6-digit code").fill(await visits.last_code(site))
    await me.press("Continue")
    await me.press("Make a passkey")
    assert urlsplit(page.url).path == "/connect/passkeys"


async def test_a_step_up_is_answered_for_exactly_what_was_shown(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    response = await me.signed(await me.asked())
    answered = await me.answers(response)
    assert answered.intent == INTENT
    with pytest.raises(PasskeyRefused):
        await me.answers(response)


async def test_one_passkey_vouches_for_the_next_and_the_last_stays(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    await me.see("/connect/passkeys")
    assert await page.get_by_role("button", name="Remove with a passkey").count() == 0
    await me.press("Add another passkey")
    assert await page.get_by_role("heading", name="Now make the new one").count() == 1
    await page.get_by_role("button", name="Make a passkey").click()
    await page.get_by_text("This device already holds a passkey").wait_for()
    # The holder takes another phone; the page is still this one.
    second = await browsers.authenticator(page, transport="usb")
    await me.device.remove()
    await me.press("Make a passkey")
    assert await page.get_by_text("The passkey was added").count() == 1
    assert len(await second.credentials()) == 1
    async with page.expect_navigation():
        await page.get_by_role("button", name="Remove with a passkey").first.click()
    assert await page.get_by_text("The passkey was removed").count() == 1
    assert len(await passkeys.held(site.world.store, me.merchant_id)) == 1


async def test_a_code_cannot_replace_a_passkey(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    await page.context.clear_cookies()
    await me.device.clear()
    await me.sign_in_by_code()
    assert urlsplit(page.url).path == "/connect/consents"
    await me.see("/connect/passkeys/first")
    assert urlsplit(page.url).path == "/connect/passkeys"
    await page.get_by_role("button", name="Add another passkey").click()
    await page.get_by_text("No passkey was used").wait_for()
    assert len(await passkeys.held(site.world.store, me.merchant_id)) == 1


async def test_a_user_who_is_not_verified_signs_nothing(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    await me.device.verify(user=False)
    await page.context.clear_cookies()
    await me.see("/connect/sign-in")
    await page.get_by_role("button", name="Sign in with your passkey").click()
    await page.get_by_text("No passkey was used").wait_for()
    await me.device.verify(user=True)
    await me.press("Sign in with your passkey")
    # A browser that does not care about verification does not help: the flag is in what is signed.
    lax = json.loads(await me.asked())
    lax["publicKey"]["userVerification"] = "discouraged"
    await me.device.verify(user=False)
    response = await me.signed(json.dumps(lax))
    with pytest.raises(PasskeyRefused):
        await me.answers(response)
    await me.device.verify(user=True)
    assert (await me.answers(await me.signed(await me.asked()))).intent == INTENT


async def test_another_browsers_question_is_not_answered_here(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    response = await me.signed(await me.asked())
    with pytest.raises(PasskeyRefused):
        await me.answers(response, secret=tokens.mint())
    assert (await me.answers(response)).intent == INTENT


async def test_another_origin_cannot_collect_an_answer(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    question = await me.asked()
    # Another port of our host: the browser signs for our name there, and the origin in what it signs gives it away.
    await on_another_site(me, "http://localhost:1/")
    stolen: str = await page.evaluate(ASK, question)
    with pytest.raises(PasskeyRefused):
        await me.answers(stolen)
    # Another host: the browser does not sign for our name, and the device holds nothing for that one.
    await on_another_site(me, "http://evil.localhost/")
    assert await failure(page, question) == "SecurityError"
    theirs = json.loads(question)
    theirs["publicKey"]["rpId"] = "evil.localhost"
    assert await failure(page, json.dumps(theirs)) == "NotAllowedError"
    assert (await me.answers(await me.signed(question))).intent == INTENT


async def test_a_passkey_made_for_another_name_is_refused(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    question = json.loads(await me.asked())
    [kept] = await me.device.credentials()
    await me.device.clear()
    await me.device.put(kept | {"rpId": "evil.localhost", "isResidentCredential": False})
    await on_another_site(me, "http://evil.localhost/")
    question["publicKey"]["rpId"] = "evil.localhost"
    forged: str = await page.evaluate(ASK, json.dumps(question))
    with pytest.raises(PasskeyRefused):
        await me.answers(forged)


async def on_another_site(me: Person, address: str) -> None:
    """A page elsewhere that has our own script, as a thief would."""
    script = await (await me.page.request.get(f"{me.issuer}/connect/passkey.js")).text()

    async def fulfill(route: Route) -> None:
        await route.fulfill(body="<!doctype html><title>Elsewhere</title>", content_type="text/html")

    await me.page.route(f"{address}**", fulfill)
    await me.page.goto(address)
    await me.page.add_script_tag(content=script)


async def failure(page: Page, question: str) -> str:
    """The name of the error that a question ends with in the browser."""
    found: str = await page.evaluate(
        f"async (o) => {{ try {{ return await ({ASK})(o) }} catch (e) {{ return e.name }} }}", question
    )
    return found


async def test_a_counter_that_goes_back_locks_the_passkey(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    [copy] = await me.device.credentials()
    for _ in range(3):
        await me.answers(await me.signed(await me.asked()))
    await me.device.clear()
    await me.device.put(copy)
    with pytest.raises(PasskeyCopied):
        await me.answers(await me.signed(await me.asked()))
    [locked] = await passkeys.kept(site.world.store, me.merchant_id)
    assert locked.state is PasskeyState.locked
    await me.see("/connect/passkeys")
    assert await page.get_by_text("Nothing can be confirmed now").count() == 1


async def test_without_a_script_the_button_says_why_and_the_code_still_works(site: Gateway, page: Page) -> None:
    me = await someone(site, page)
    await me.make_first()
    async with browsers.opened(page.context.browser, java_script_enabled=False) as plain:  # type: ignore[arg-type]
        plainly = Person(site, plain, me.device, me.merchant_id)
        await plainly.see("/connect/sign-in")
        assert "<noscript>" in await plain.content()  # which Chromium does not show when told so by a debugger
        await plainly.press("Sign in with your passkey")
        assert await plain.get_by_text("That did not prove that it is you").count() == 1
        await plainly.sign_in_by_code()
        assert urlsplit(plain.url).path == "/connect/consents"


async def test_nothing_on_the_pages_breaks_their_own_policy(site: Gateway, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    me = await someone(site, page)
    await me.make_first()
    await me.see("/connect/passkeys")
    await me.see("/connect/sign-in")
    # Chromium would like RS256 as well, which we do not take.
    assert [text for text in said if "pubKeyCredParams" not in text] == []
