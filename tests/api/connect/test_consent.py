from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.usecases import consent_records
from tests import visits

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio

CANARY = "<img src=x onerror=alert(1)>\"'&{0}{code}"
KEYS = re.compile(r'name="line\.([^"]+)"')
ON = {"do": "agree", "line.merchant_data-credit_assessment-sales": "on", "line.offers": "on"}


async def waiting(gateway: Gateway, partner: Partner | None = None, name: str = "Azhen Breakfast") -> visits.Request:
    partner = partner or await gateway.partner()
    return await visits.push(gateway, partner, await visits.shop(partner, name))


async def given(gateway: Gateway, asked: visits.Request) -> list[str]:
    """The states of what the shop decided."""
    return [one.consent.state for one in await consent_records.of_merchant(gateway.world.store, asked.merchant_id)]


def answer_of(gone: httpx.Response) -> dict[str, list[str]]:
    assert gone.status_code == 303, gone.text
    assert gone.headers["location"].startswith(visits.BACK + "?")
    return parse_qs(urlsplit(gone.headers["location"]).query)


async def test_every_line_has_its_own_switch_and_all_are_off(site: Gateway) -> None:
    asked = await waiting(site)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        page = (await browser.see("/connect/consent" + asked.query(lang="en"))).text
    assert KEYS.findall(page) == [
        "merchant_data-credit_assessment-sales", "merchant_data-credit_assessment-bnk_sandbox", "offers",
        "repayment_collection", "merchant_data-credit_assessment-goods", "merchant_data-credit_assessment-tax",
        "merchant_data-repayment_servicing-sales", "drawdown",
    ]  # fmt: skip
    assert "checked" not in page
    for words in (
        "Read my sales and refunds", "24 months, then each new one", "5 years", "Share these with Sandbox Bank",
        "at most 15%", "¥5,000.00", "29 Aug 2026", "Agree to none",
    ):  # fmt: skip
        assert words in page


async def test_agreeing_grants_what_is_on_and_nothing_else(gateway: Gateway) -> None:
    asked = await waiting(gateway)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, asked.query())
        await browser.see("/connect/consent" + asked.query(lang="zh"))
        gone = answer_of(await browser.send("/connect/consent" + asked.query(lang="zh"), ON))
    assert gone["state"] == ["st-1"]
    assert gone.keys() >= {"code", "iss"}
    (held,) = await consent_records.of_merchant(gateway.world.store, asked.merchant_id)
    data, offers = held.details
    assert (str(data.datatypes), data.recipients) == ("(<Datatype.sales: 'sales'>,)", ())  # type: ignore[union-attr]
    assert offers.actions == ("read",)
    (kept,) = await consent_records.history(gateway.world.store, held.consent.grant_id)
    assert (kept.locale, kept.method, kept.remote_address) == ("zh-CN", "one_time_code", "127.0.0.1")


async def test_agreeing_to_none_grants_nothing(gateway: Gateway) -> None:
    asked = await waiting(gateway)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, asked.query())
        await browser.see("/connect/consent" + asked.query())
        gone = answer_of(await browser.send("/connect/consent" + asked.query(), ON | {"do": "none"}))
    assert gone["error"] == ["access_denied"]
    assert await given(gateway, asked) == []


async def test_agreeing_with_nothing_on_asks_again(site: Gateway) -> None:
    asked = await waiting(site)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        await browser.see("/connect/consent" + asked.query())
        for lines in ({}, {"line.unheard-of": "on"}, {"line.merchant_data-credit_assessment-bnk_sandbox": "on"}):
            again = await browser.send("/connect/consent" + asked.query(), {"do": "agree", **lines})
            assert (again.status_code, 'role="alert"' in again.text) == (422, True)
        answer_of(await browser.send("/connect/consent" + asked.query(), ON))


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
async def test_a_form_without_our_token_changes_nothing(site: Gateway, token: str) -> None:
    asked = await waiting(site)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        await browser.see("/connect/consent" + asked.query())
        refused = await browser.send("/connect/consent" + asked.query(), ON | {"form": token})
        assert refused.status_code == 403
        assert await given(site, asked) == []
        await browser.see("/connect/consent" + asked.query())
        answer_of(await browser.send("/connect/consent" + asked.query(), ON))


async def test_another_browsers_token_changes_nothing(site: Gateway) -> None:
    asked = await waiting(site)
    async with visits.browser(site) as browser, visits.browser(site) as other:
        await browser.sign_in(site, asked.query())
        await other.see("/connect/sign-in" + asked.query())
        stolen = visits.FORM.search(other.page)
        assert stolen is not None
        refused = await browser.send("/connect/consent" + asked.query(), ON | {"form": stolen[1]})
    assert (refused.status_code, await given(site, asked)) == (403, [])


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
     ({"content-type": "text/plain"}, 400), ({"content-type": "application/json"}, 400)],
)  # fmt: skip
async def test_another_sites_form_changes_nothing(site: Gateway, headers: dict[str, str], status: int) -> None:
    asked = await waiting(site)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        await browser.see("/connect/consent" + asked.query())
        refused = await browser.send("/connect/consent" + asked.query(), ON, **headers)
    assert (refused.status_code, await given(site, asked)) == (status, [])


async def test_a_session_of_another_merchant_decides_nothing(gateway: Gateway) -> None:
    partner = await gateway.partner()
    mine, theirs = await waiting(gateway, partner), await waiting(gateway, partner)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, mine.query())
        await browser.see("/connect/consent" + mine.query())
        assert (await browser.send("/connect/consent" + theirs.query(), ON)).status_code == 403
        sent_on = await browser.see("/connect/consent" + theirs.query())
        assert sent_on.headers["location"] == "/connect/sign-in" + theirs.query()
    assert await given(gateway, theirs) == []


async def test_a_request_of_another_client_is_unknown(site: Gateway) -> None:
    asked, other = await waiting(site), await waiting(site)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        page = await browser.see("/connect/consent" + asked.query().replace(asked.client_id, other.client_id))
    assert page.status_code == 422


async def test_twenty_approvals_at_once_have_one_winner_and_no_crash(gateway: Gateway) -> None:
    asked = await waiting(gateway)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, asked.query())
        await browser.see("/connect/consent" + asked.query())
        sent = await asyncio.gather(*(browser.send("/connect/consent" + asked.query(), ON) for _ in range(20)))
    assert sorted(one.status_code for one in sent) == [303] + [422] * 19
    assert await given(gateway, asked) == ["authorised"]


async def test_nothing_is_loaded_framed_or_run_and_the_form_leads_to_us_and_the_client(site: Gateway) -> None:
    asked = await waiting(site)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        page = await browser.see("/connect/consent" + asked.query())
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "style-src": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
        "form-action": "'self' https://till.example",
    }  # fmt: skip
    assert (page.headers["x-frame-options"], page.headers["cache-control"]) == ("DENY", "no-store")
    assert not re.search(r"<script|\son\w+=|\sstyle=", page.text)


async def test_a_partners_address_cannot_write_the_policy(site: Gateway) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner)
    bad = "https://till.example;script-src/x"
    asked = await visits.push(site, partner, merchant_id, redirect_uri=bad)
    async with visits.browser(site) as browser:
        await browser.sign_in(site, asked.query())
        page = await browser.see("/connect/consent" + asked.query())
    assert "form-action 'self';" in page.headers["content-security-policy"]


async def test_names_are_text_and_never_markup(gateway: Gateway) -> None:
    partner = await gateway.partner(CANARY)
    asked = await waiting(gateway, partner, CANARY)
    async with visits.browser(gateway) as browser:
        pages = [await browser.see("/connect/sign-in" + asked.query())]
        await browser.sign_in(gateway, asked.query())
        pages.append(await browser.see("/connect/consent" + asked.query()))
        pages.append(await browser.send("/connect/consent" + asked.query(), {"do": "agree"}))
        await browser.send("/connect/consent" + asked.query(), ON)
        pages.append(await browser.see("/connect/consents?merchant_id=" + asked.merchant_id))
        pages.append(await browser.see("/sandbox/outbox"))
    for page in pages:
        assert page.status_code in {200, 422}
        assert "<img" not in page.text
        assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;{0}{code}" in page.text


async def test_a_renewal_says_so_and_keeps_its_grant(gateway: Gateway) -> None:
    asked = await waiting(gateway)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, asked.query())
        await browser.see("/connect/consent" + asked.query())
        answer_of(await browser.send("/connect/consent" + asked.query(), ON))
        (held,) = await consent_records.of_merchant(gateway.world.store, asked.merchant_id)
        again = await visits.push_again(gateway, asked, grant_id=held.consent.grant_id)
        page = await browser.see("/connect/consent" + again.query(lang="en"))
        assert "would like to renew" in page.text
        answer_of(await browser.send("/connect/consent" + again.query(), ON))
    (renewed,) = await consent_records.of_merchant(gateway.world.store, asked.merchant_id)
    assert (renewed.consent.grant_id, renewed.consent.version) == (held.consent.grant_id, 2)
