"""A partner's till as a web site of its own, a shop that may borrow by one click, and the browser that shows both."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.demo.keys import SigningKey
from gateway.domain.money import Money
from gateway.outbound import Outbound
from tests import served, signatories
from tests.shops import Shop
from tests.signatories import BO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from playwright.async_api import Frame, Page

AMOUNT = 100_000
SECONDS = 20
EVERYTHING = ("tile", "offer", "manage", "consents")
TILL = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Till</title>
<body>{elements}<script src="{gateway}/widget/v1/restock.js"></script><script src="/till.js"></script></body></html>"""
HEARING = """
window.heard = [];
window.hear = (...what) => { heard.push(what); dispatchEvent(new Event("heard")); };
window.until = (name, count) => new Promise((done) => {
  const look = () => {
    const found = heard.filter(([, one]) => one === name);
    if (found.length >= count) done(found.map(([,, detail]) => detail));
  };
  addEventListener("heard", look);
  look();
});
"""
"""What every page here begins with: it keeps what it heard, and can be waited for."""
SCRIPT = """
for (const name of ["ready", "empty", "offer-loaded", "quote", "confirmed", "paid", "step", "error"]) {
  addEventListener(name, ({ target, detail }) => detail && hear(target.localName, name, detail), true);
}
window.fetchSession = async () => {
  const answer = await fetch("/restock-session", { method: "POST" });
  return answer.ok ? answer.json() : Promise.reject(answer.status);
};
window.restock = Restock.load({ gateway: "GATEWAY", fetchSession: () => fetchSession() });
"""


class Site:
    """A web site on this machine. `html` is its page, `files` what else lies there, `headers` go with each answer."""

    def __init__(self) -> None:
        self.origin, self.html = "", ""
        self.files: dict[str, tuple[str, str]] = {}
        """Path → media type and text."""
        self.headers: dict[str, str] = {}
        self.calls: dict[str, Callable[[], Awaitable[object]]] = {}
        """Path → what answers it, in JSON; None is a failure."""
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        self.asked.append(path)
        status, kind, body = 200, "text/html; charset=utf-8", self.html
        if path in self.files:
            kind, body = self.files[path]
        elif path in self.calls:
            found = await self.calls[path]()
            status, kind, body = (503 if found is None else 200), "application/json", json.dumps(found)
        lines = {"Content-Type": kind, "Content-Length": str(len(body.encode())), "Connection": "close"} | self.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n{body}".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def hosted() -> AsyncIterator[Site]:
    """A site for as long as the context lasts."""
    site = Site()
    async with await asyncio.start_server(site.answer, "127.0.0.1") as server:
        site.origin = "http://{}:{}".format(*server.sockets[0].getsockname())
        yield site


class Stage:
    """A shop, its partner's till and somebody else's site, and the browser that shows them."""

    def __init__(self, shop: Shop, browser: Page, till: Site, evil: Site) -> None:
        self.shop, self.browser, self.till, self.evil = shop, browser, till, evil
        self.issuer = shop.world.settings.issuer
        self.made: list[dict[str, Any]] = []
        """Every session that the till asked for, oldest first."""
        self.components: tuple[str, ...] = EVERYTHING
        self.complaints: list[str] = []
        till.calls["/restock-session"] = self.session
        browser.on("console", lambda message: self.complaints.append(message.text))

    async def session(self, **changes: Any) -> dict[str, Any]:
        """A session as the till's server gets it."""
        wanted = {
            "merchant_id": self.shop.id, "user": BO, "components": list(self.components),
            "parent_origins": [self.till.origin],
        }  # fmt: skip
        self.made.append(await self.shop.partner.done("/v1/widget/sessions", wanted | changes))
        return self.made[-1]

    async def shows(self, *components: str, more: str = "", at: Site | None = None, until: str = "ready") -> None:
        """Open the till's page with these elements; until the first has said `until`."""
        site = at or self.till
        elements = "".join(f"<restock-{component}></restock-{component}>" for component in components)
        site.html = TILL.format(elements=elements + more, gateway=self.issuer)
        site.files["/till.js"] = ("text/javascript", HEARING + SCRIPT.replace("GATEWAY", self.issuer))
        await self.browser.goto(f"{site.origin}/")
        if until:
            await self.hears(until)

    async def hears(self, name: str, count: int = 1) -> list[Any]:
        """Wait until the page heard so many events of a name; their details."""
        async with asyncio.timeout(SECONDS):
            found: list[Any] = await self.browser.evaluate(f"until('{name}', {count})")
            return found

    async def exchanged(self, client_secret: str) -> str:
        """Bring a secret as a program of one's own would; the error, or nothing when it was taken."""
        key, http, nonce = SigningKey(), self.shop.gateway.http, None
        while True:
            at = int(self.shop.gateway.clock.now().timestamp())
            proof = key.proof("POST", f"{self.issuer}/widget/v1/token", at, nonce=nonce)
            answer = await http.post("/widget/v1/token", json={"client_secret": client_secret}, headers={"dpop": proof})
            error: str = answer.json().get("error", "")
            if error != "use_dpop_nonce":
                return error
            nonce = answer.headers["dpop-nonce"]

    def frame(self, place: int = 0) -> Frame:
        """The gateway's frames on the page, in their order."""
        return [frame for frame in self.browser.frames if frame.url.startswith(self.issuer)][place]

    def stopped(self) -> list[str]:
        """What a policy had to stop, by the browser's own words."""
        return [line for line in self.complaints if "Security Policy" in line or "Trusted" in line]

    async def borrowed(self) -> int:
        """How many drawdowns the gateway knows."""
        page = await self.shop.partner.seen(f"/v1/merchants/{self.shop.id}/drawdowns", limit=100)
        return len(page["data"])


@asynccontextmanager
async def shop_at(folder: Path, bank_url: str) -> AsyncIterator[Shop]:
    """A shop on a socket with a loan behind it, whose merchant lets Bo borrow by one click."""
    async with Outbound() as outbound, served.gateway(folder, bank_url=bank_url) as gateway:
        controls = MockBankControls(bank_url, outbound)
        await controls.reset()
        await controls.set_balance("ACME", Money(10**12, "EUR"))
        shop = Shop(gateway, await gateway.partner("Ladle POS"), controls)
        await shop.open()
        mine = await signatories.of(gateway, shop.partner, shop.id)
        await mine.step_up((await shop.propose(await shop.quote(AMOUNT)))["id"])
        await shop.work()
        await shop.pass_days(2)
        await mine.authorizes()
        yield shop


@asynccontextmanager
async def set_up(shop: Shop, browser: Page) -> AsyncIterator[Stage]:
    """A stage for one test."""
    async with hosted() as till, hosted() as evil:
        yield Stage(shop, browser, till, evil)
