"""A merchant's walk through every hosted page and state: what each page said, for pictures of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.domain.accounts import sandbox_iban
from gateway.usecases import work
from tests import authenticators, gateways, shops, signatories, visits
from tests.authenticators import Authenticator, options_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateways import Gateway, Partner
    from tests.shops import Shop
    from tests.visits import Browser

NAMES = {"zh": ("阿珍早餐铺", "掌勺收银"), "en": ("Azhen Breakfast", "Ladle POS")}
SWITCHED = ("merchant_data-credit_assessment-sales", "repayment_collection", "offers")
PEOPLE = {"zh": (("阿珍", "店主"), ("小李", "收银员")), "en": (("Zhen", "owner"), ("Li", "cashier"))}
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"
Seen = dict[str, str]
"""Page name → its HTML."""


class Walk:
    """One merchant in one language, and what it has seen."""

    def __init__(self, gateway: Gateway, partner: Partner, browser: Browser, language: str) -> None:
        self.gateway, self.partner, self.browser, self.language = gateway, partner, browser, language
        self.shop_name, _ = NAMES[language]
        self.seen: Seen = {}
        self.merchant_id = ""

    async def found(self) -> None:
        """The shop."""
        self.merchant_id = await visits.shop(self.partner, self.shop_name, "zhen@qinghe.example")

    def query(self, **more: str) -> str:
        """How its pages are addressed."""
        values = {"merchant_id": self.merchant_id, "lang": self.language} | more
        return "?" + "&".join(f"{name}={value}" for name, value in values.items())

    async def look(self, name: str, address: str) -> str:
        """GET a page and keep it."""
        answer = await self.browser.see(address)
        assert answer.status_code != 303, f"{address} leads to {answer.headers['location']}"
        self.seen[name] = answer.text
        return answer.text

    async def post(self, name: str, address: str, **fields: str) -> None:
        """POST a form and keep the page it leads to."""
        answer = await self.browser.send(address, fields, **{"user-agent": PHONE})
        if answer.status_code == 303:
            await self.look(name, answer.headers["location"])
        else:
            self.seen[name] = answer.text


@asynccontextmanager
async def _begun(folder: Path, language: str) -> AsyncIterator[Walk]:
    url = f"sqlite:///{folder / 'restock.db'}"
    async with gateways.start(url, folder) as gateway, visits.browser(gateway) as browser:
        walk = Walk(gateway, await gateway.partner(NAMES[language][1]), browser, language)
        await walk.found()
        yield walk


async def met(folder: Path, bank_url: str, language: str) -> Seen:
    """Everything, each part in a fresh gateway."""
    seen: Seen = {}
    for name, part in {"entry": _entry, "passkeys": _passkeys, "changes": _changes}.items():
        async with _begun(folder / f"{language}-{name}", language) as walk:
            await part(walk)
            seen |= walk.seen
    there = folder / f"{language}-loan"
    async with shops.opened(f"sqlite:///{there / 'restock.db'}", there, bank_url) as shop:
        return seen | await _loan(shop, language)


async def _entry(walk: Walk) -> None:
    """Sign-in, consent and the list of permissions."""
    gateway, browser = walk.gateway, walk.browser
    asked = await visits.push(gateway, walk.partner, walk.merchant_id)
    query = asked.query(lang=walk.language)
    await walk.look("sign-in", "/connect/sign-in" + query)
    await browser.send("/connect/sign-in" + query, {"do": "send"})
    await walk.look("code", "/connect/code" + query)
    wrong = visits.wrong(await visits.last_code(gateway))
    for tries in range(1, 6):
        await walk.post("code-wrong" if tries < 5 else "code-dead", "/connect/code" + query, code=wrong)
    await walk.look("outbox", f"/sandbox/outbox?lang={walk.language}")
    await browser.sign_in(gateway, query)
    consent = await walk.look("consent", "/connect/consent" + query)
    await walk.post("consent-nothing-on", "/connect/consent" + query, do="agree")
    walk.seen |= {"consent-on": switched(consent), "consent-full-text": consent.replace("<details>", "<details open>")}
    lines = {f"line.{key}": "on" for key in SWITCHED}
    await browser.send("/connect/consent" + query, {"do": "agree", **lines})
    await walk.look("problem-used-link", "/connect/consent" + query)
    await _permissions(walk, asked)
    shop_id = await visits.shop(walk.partner, contact=None)
    async with visits.browser(gateway) as other:
        page = await other.see(f"/connect/sign-in?merchant_id={shop_id}&lang={walk.language}")
        walk.seen["problem-no-contact"] = page.text


async def _permissions(walk: Walk, asked: visits.Request) -> None:
    browser, address = walk.browser, "/connect/consents" + walk.query()
    again = (await visits.push_again(walk.gateway, asked)).query(lang=walk.language)
    page = (await browser.see("/connect/consent" + again)).text
    keys = [line.split('"', maxsplit=1)[0] for line in page.split(' name="line.')[1:]]
    await browser.send("/connect/consent" + again, {"do": "agree", **{f"line.{key}": "on" for key in keys[:6]}})
    page = await walk.look("permissions", address)
    action = page.split('action="')[1].split('"', maxsplit=1)[0].replace("&amp;", "&")
    await walk.post("permissions-stopped", action, stop=keys[1])
    await walk.post("permissions-revoked", action, do="revoke")
    await walk.post("signed-out", f"/connect/sign-out?lang={walk.language}")


async def _passkeys(walk: Walk) -> None:
    """The offer, the list, one more, one less, and the only one locked."""
    gateway, query = walk.gateway, walk.query()
    issuer = gateway.world.settings.issuer
    phone, key = Authenticator(issuer), Authenticator(issuer)
    await walk.browser.sign_in(gateway, query)
    page = await walk.look("passkey-first", "/connect/passkeys/first" + query)
    await walk.post("passkeys-first-made", "/connect/passkeys" + query, response=phone.make(options_on(page)))
    page = await walk.look("passkeys-one", "/connect/passkeys" + query)
    await walk.post("passkeys-refused", "/connect/passkeys/prove" + query, response="{}")
    await walk.post("passkey-another", "/connect/passkeys/prove" + query, response=phone.on(page))
    made = key.make(options_on(walk.seen["passkey-another"]))
    await walk.post("passkeys-two", "/connect/passkeys" + query, response=made)
    remove = walk.seen["passkeys-two"].split('action="')[1].split('"', maxsplit=1)[0].replace("&amp;", "&")
    await walk.post("passkeys-removed", remove, response=phone.answer(options_on(walk.seen["passkeys-two"])))
    asked = options_on(walk.seen["passkeys-removed"])
    key.count = 0  # as if a copy of it answered
    await walk.post("passkeys-locked", "/connect/passkeys/prove" + query, response=key.answer(asked))
    await work.drain(gateway.world)
    await walk.look("outbox-passkeys", f"/sandbox/outbox?lang={walk.language}")
    await walk.browser.send("/connect/sign-out" + query)
    await walk.found()
    await authenticators.given_to(gateway, walk.merchant_id)
    there = (await visits.push(gateway, walk.partner, walk.merchant_id)).query(lang=walk.language)
    await walk.look("sign-in-passkey", "/connect/sign-in" + there)
    await walk.post("sign-in-passkey-refused", "/connect/sign-in/passkey" + there, response="{}")


async def _changes(walk: Walk) -> None:
    """Another payout account: asked, approved, stopped."""
    gateway, query = walk.gateway, walk.query()
    device = await authenticators.given_to(gateway, walk.merchant_id)
    await walk.browser.sign_in(gateway, query)
    await walk.look("changes-none", "/connect/changes" + query)
    iban = {"iban": sandbox_iban("new"), "holder_name": walk.shop_name}
    change_id = await _asks(walk, "payout-account", iban)
    await walk.look("changes-asked", "/connect/changes" + query)
    there = f"/connect/changes/{change_id}"
    page = await walk.look("change-approve", there + query)
    await walk.post("change-refused", f"{there}/approve{query}", response="{}")
    await walk.post("changes-waiting", f"{there}/approve{query}", response=device.on(page))
    await walk.post("changes-stopped", f"{there}/stop{query}")
    change_id = await _asks(walk, "contact", {"email": "li@qinghe.example"})
    await walk.look("change-contact", f"/connect/changes/{change_id}{query}")


async def _asks(walk: Walk, what: str, body: dict[str, Any]) -> str:
    path, key = f"/v1/merchants/{walk.merchant_id}/{what}", {"idempotency-key": what}
    answer = await walk.partner.send("PUT", path, json=body, headers=key)
    assert answer.is_success, answer.text
    found: str = answer.json()["id"]
    return found


async def _loan(shop: Shop, language: str) -> Seen:
    """The signatory's authority, a loan confirmed, one canceled, one expired."""
    gateway, partner = shop.gateway, shop.partner
    async with visits.browser(gateway) as browser:
        walk = Walk(gateway, partner, browser, language)
        walk.merchant_id = shop.id
        await _called(shop, *NAMES[language])
        mine = await signatories.of(gateway, partner, shop.id)
        await signatories.with_contact(mine)
        await browser.sign_in(gateway, walk.query())
        await _authority(walk, mine.device)
        drawn = [await shop.propose(await shop.quote(amount)) for amount in (100_000, 50_000, 40_000)]
        first, second, third = (f"/connect/confirm/{one['id']}?lang={language}" for one in drawn)
        page = await walk.look("confirm", first)
        await walk.post("confirm-refused", first, do="confirm", response="{}")
        await walk.post("confirm-on-its-way", first, do="confirm", response=mine.device.on(page))
        await shop.work()
        await walk.look("confirm-paid", first)
        await browser.see(second)
        await walk.post("confirm-canceled", second, do="cancel")
        await mine.loses_passkey()
        await walk.look("confirm-no-passkey", third)
        gateway.clock.at += timedelta(minutes=16)
        await browser.sign_in(gateway, walk.query())
        await walk.look("confirm-expired", third)
    return walk.seen


async def _called(shop: Shop, shop_name: str, partner_name: str) -> None:
    """Give both their names in this language."""
    url = shop.world.settings.database_url
    await shops.execute(url, "UPDATE merchants SET legal_name = ?1 WHERE id = ?2", shop_name, shop.id)
    await shops.execute(url, "UPDATE partners SET name = ?1 WHERE id = ?2", partner_name, shop.partner.partner_id)


async def _authority(walk: Walk, device: Authenticator) -> None:
    people = [{"id": f"u{n}", "name": name, "role": role} for n, (name, role) in enumerate(PEOPLE[walk.language])]
    body = {"users": people, "caps": signatories.CAPS}
    there = "/connect/authority" + walk.query()
    await walk.look("authority-none", there)
    proposed = await walk.partner.done(f"/v1/merchants/{walk.merchant_id}/authority", body)
    page = await walk.look("authority-asked", there)
    await walk.post("authority-refused", there, do="approve", id=proposed["id"], response="{}")
    await walk.post("authority-approved", there, do="approve", id=proposed["id"], response=device.on(page))
    await walk.post("authority-revoked", there, do="revoke", id=proposed["id"])


def switched(html: str) -> str:
    """The consent page as it looks with four lines turned on."""
    before, *after = html.split(' value="on">')
    return before + "".join(
        (' value="on" checked>' if n < 4 else ' value="on">') + part for n, part in enumerate(after)
    )
