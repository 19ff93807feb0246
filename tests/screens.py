"""Every hosted page and state as a picture, zh and en, light and dark, at 390 px: `python -m tests.screens`.

Needs a Chromium, and fonts with Chinese among them. The pictures go to build/screens/.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.api.connect.pages import frame
from tests import gateways, visits

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

FOLDER = Path("build/screens")
WIDTH = 390
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-device-scale-factor=2",
)  # fmt: skip
_NAMES = {"zh": ("阿珍早餐铺", "掌勺收银"), "en": ("Azhen Breakfast", "Ladle POS")}
_LINK = '<link rel="stylesheet" href="/connect/style.css">'
_SWITCHED = ("merchant_data-credit_assessment-sales", "repayment_collection", "offers")


def main() -> None:
    """Walk through every page in both languages, then photograph what was seen."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no chromium was found")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for language in _NAMES:
            for page, html in asyncio.run(met(folder, language)).items():
                photograph(chromium, folder, f"{page}-{language}", html)


async def met(folder: Path, language: str) -> dict[str, str]:
    """What a merchant meets in a fresh gateway."""
    async with gateways.start(f"sqlite:///{folder / language}.db", folder / language) as gateway:
        return await walk(gateway, language)


async def walk(gateway: Gateway, language: str) -> dict[str, str]:
    """Page name → its HTML as a merchant met it on the way."""
    shop_name, client_name = _NAMES[language]
    partner = await gateway.partner(client_name)
    merchant_id = await visits.shop(partner, shop_name, "zhen@qinghe.example")
    asked = await visits.push(gateway, partner, merchant_id)
    seen: dict[str, str] = {}
    async with visits.browser(gateway) as browser:
        query = asked.query(lang=language)
        seen["sign-in"] = (await browser.see("/connect/sign-in" + query)).text
        await browser.send("/connect/sign-in" + query, {"do": "send"})
        seen["code"] = (await browser.see("/connect/code" + query)).text
        code = await visits.last_code(gateway)
        for tries in range(1, 6):
            told = await browser.send("/connect/code" + query, {"code": visits.wrong(code)})
            seen["code-wrong" if tries < 5 else "code-dead"] = told.text
        seen["outbox"] = (await browser.see("/sandbox/outbox?lang=" + language)).text
        await browser.sign_in(gateway, query)
        seen["consent"] = (await browser.see("/connect/consent" + query)).text
        seen["consent-nothing-on"] = (await browser.send("/connect/consent" + query, {"do": "agree"})).text
        seen["consent-on"] = switched(seen["consent"])
        seen["consent-full-text"] = seen["consent"].replace("<details>", "<details open>")
        await browser.send("/connect/consent" + query, {"do": "agree", **{f"line.{key}": "on" for key in _SWITCHED}})
        seen["problem-used-link"] = (await browser.see("/connect/consent" + query)).text
        seen |= await _permissions(gateway, browser, asked, language)
    seen["problem-no-contact"] = await _without_contact(gateway, partner, language)
    return seen


async def _permissions(
    gateway: Gateway, browser: visits.Browser, asked: visits.Request, language: str
) -> dict[str, str]:
    merchant_id, seen = asked.merchant_id, dict[str, str]()
    again = (await visits.push_again(gateway, asked)).query(lang=language)
    keys = [
        line.split('"')[0] for line in (await browser.see("/connect/consent" + again)).text.split(' name="line.')[1:]
    ]
    await browser.send("/connect/consent" + again, {"do": "agree", **{f"line.{key}": "on" for key in keys[:6]}})
    address = f"/connect/consents?merchant_id={merchant_id}&lang={language}"
    seen["permissions"] = (await browser.see(address)).text
    action = seen["permissions"].split('action="')[1].split('"')[0].replace("&amp;", "&")
    gone = await browser.send(action, {"stop": keys[1]})
    seen["permissions-stopped"] = (await browser.see(gone.headers["location"])).text
    gone = await browser.send(action, {"do": "revoke"})
    seen["permissions-revoked"] = (await browser.see(gone.headers["location"])).text
    leave = await browser.send(f"/connect/sign-out?lang={language}")
    return seen | {"signed-out": (await browser.see(leave.headers["location"])).text}


async def _without_contact(gateway: Gateway, partner: Partner, language: str) -> str:
    merchant_id = await visits.shop(partner, contact=None)
    async with visits.browser(gateway) as browser:
        return (await browser.see(f"/connect/sign-in?merchant_id={merchant_id}&lang={language}")).text


def switched(html: str) -> str:
    """The consent page as it looks with four lines turned on."""
    before, *after = html.split(' value="on">')
    return before + "".join(
        (' value="on" checked>' if n < 4 else ' value="on">') + part for n, part in enumerate(after)
    )


def photograph(chromium: str, folder: Path, name: str, html: str) -> None:
    """One page, light and dark, as high as it is."""
    sheet, page = frame.css(), folder / "page.html"
    height = 0
    for scheme in ("light", "dark"):
        # Chromium has no switch for what the reader prefers, so the sheet is told.
        styled = sheet if scheme == "light" else sheet.replace("(prefers-color-scheme: dark)", "all")
        body = html.replace(_LINK, f"<style>{styled}</style>")
        height = height or _height(chromium, folder, body)
        page.write_text(body, encoding="utf-8")
        shot = (FOLDER / f"{name}-{scheme}.png").resolve()
        _run(chromium, folder, f"--window-size={WIDTH},{height}", f"--screenshot={shot}", page.as_uri())


def _height(chromium: str, folder: Path, html: str) -> int:
    """How high the page is in CSS pixels. Only this copy of it has a script."""
    page = folder / "measured.html"
    # Chromium's windows are never as narrow as a phone, its screenshots are.
    narrow = f"<style>html {{ width: {WIDTH}px }}</style>"
    told = narrow + "<script>document.title = document.documentElement.offsetHeight</script>"
    page.write_text(html + told, encoding="utf-8")
    seen = _run(chromium, folder, f"--window-size={WIDTH},600", "--dump-dom", page.as_uri())
    return max(600, int(seen.split("<title>")[1].split("<")[0]))


def _run(chromium: str, folder: Path, *arguments: str) -> str:
    command = [chromium, *_FLAGS, f"--user-data-dir={folder / 'chromium'}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


if __name__ == "__main__":
    main()
