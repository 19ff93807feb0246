from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.demo.keys import SigningKey
from gateway.domain import details
from gateway.domain import widget_sessions as rules
from gateway.domain.authorities import User
from gateway.domain.consents import ConsentRequired
from gateway.domain.drawdowns import DrawdownState, NewDrawdown
from gateway.domain.errors import NotFound, Unauthenticated
from gateway.domain.rights import OWN, Caller, Right
from gateway.domain.widget_sessions import BadOrigin, Component, NewSession, UnknownSession, UnregisteredOrigin
from gateway.oauth import tokens
from gateway.oauth.errors import Refusal
from gateway.store import sql
from gateway.usecases import audit, clients, consents, widget_sessions
from gateway.usecases.widget_sessions import SECRET_LIFETIME
from tests import gateways, signatories
from tests.shops import rows

if TYPE_CHECKING:
    from gateway.usecases.widget_sessions import Drawn, Made, Opened
    from tests.gateways import Gateway, Partner
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
USER = User("u-17", "Wang Fang", "cashier")
PARENT = "https://till.example"
JKT = gateways.KEY.thumbprint()
EVERYTHING = list(Component)
SHOP = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "UTC"}


class Till:
    """A partner's page at one shop."""

    def __init__(self, gateway: Gateway, partner: Partner, merchant_id: str) -> None:
        self.gateway, self.world, self.partner, self.merchant_id = gateway, gateway.world, partner, merchant_id
        self.caller = Caller(partner.client_id, partner.partner_id, OWN, jkt=JKT)

    async def session(self, components: list[Component] = EVERYTHING, **changes: Any) -> Made:
        wanted: dict[str, Any] = {"merchant_id": self.merchant_id, "user": USER, "parent_origins": [PARENT]}
        new = NewSession(**wanted | {"components": components} | changes)
        return await self.world.store.write(lambda tx: widget_sessions.make(tx, self.world, self.caller, new))

    async def opened(self, components: list[Component] = EVERYTHING) -> Opened:
        return await widget_sessions.exchange(self.world, (await self.session(components)).client_secret, JKT)

    async def ends(self, session_id: str, caller: Caller | None = None) -> None:
        asks = caller or self.caller
        await self.world.store.write(lambda tx: widget_sessions.end(tx, self.world, asks, session_id))

    async def who(self, token: str) -> Caller | None:
        try:
            found: Caller = await self.world.tokens.identify(token)
        except Unauthenticated:
            return None
        return found

    async def agrees_to(self, *kinds: str) -> None:
        """The merchant's consent covers these types alone, from now on."""
        kept = [d for d in gateways.everything(self.merchant_id, "EUR") if d["type"] in kinds]
        today = self.world.clock.now().date()
        agreed = details.parse(msgspec.json.encode(kept), today)
        asked = gateways.Consenting(self.partner.client_id, self.partner.partner_id, self.merchant_id, agreed)
        await self.world.store.write(lambda tx: consents.grant(tx, self.world, asked, agreed, gateways.EVIDENCE))

    async def takes_back(self) -> None:
        """The merchant's consent ends."""
        grant_id = await self.grant_id()
        await self.world.store.write(lambda tx: consents.revoke(tx, self.world, grant_id, self.merchant_id))

    async def grant_id(self) -> str:
        values = {"client_id": self.partner.client_id, "merchant_id": self.merchant_id}
        row = await self.world.store.one(sql.consents.in_force, **values)
        assert row is not None
        return str(row[0])


async def till_of(gateway: Gateway) -> Till:
    partner = await gateway.partner()
    return Till(gateway, partner, (await partner.done("/v1/merchants", SHOP))["id"])


@pytest.fixture
async def till(gateway: Gateway) -> Till:
    return await till_of(gateway)


@pytest.fixture
async def own_till(own_gateway: Gateway) -> Till:
    return await till_of(own_gateway)


async def refused(till: Till, secret: str, *, says: str) -> None:
    with pytest.raises(Refusal, match=says) as found:
        await widget_sessions.exchange(till.world, secret, JKT)
    assert found.value.error == "invalid_grant"


async def test_a_secret_brings_a_token_of_little_right_for_one_person_at_one_shop(till: Till) -> None:
    opened = await till.opened()
    caller = await till.who(opened.access_token)
    assert caller == Caller(
        till.partner.client_id, till.partner.partner_id,
        frozenset(
            {Right.merchants_read, Right.offers_read, Right.quotes_write, Right.drawdowns_read, Right.drawdowns_write}
        ),
        await till.grant_id(), till.merchant_id, JKT, USER.id,
    )  # fmt: skip
    assert (opened.token_type, opened.expires_in, opened.merchant_id) == ("DPoP", 300, till.merchant_id)
    assert (opened.components, opened.user) == (tuple(Component), USER)


@pytest.mark.parametrize(
    ("components", "wanted"),
    [
        ([Component.tile], {Right.merchants_read, Right.offers_read}),
        ([Component.manage], {Right.merchants_read, Right.drawdowns_read, Right.drawdowns_write}),
        ([Component.consents], {Right.merchants_read}),
        (
            [Component.tile, Component.manage, Component.tile],
            {Right.merchants_read, Right.offers_read, Right.drawdowns_read, Right.drawdowns_write},
        ),
    ],
)
async def test_a_token_has_what_its_components_need_and_no_more(
    till: Till, components: list[Component], wanted: set[Right]
) -> None:
    caller = await till.who((await till.opened(components)).access_token)
    assert caller is not None
    assert caller.rights == wanted


async def test_a_token_comes_back_the_same_from_the_database(till: Till) -> None:
    opened = await till.opened()
    before = await till.who(opened.access_token)
    till.world.tokens.forget(till.partner.client_id)
    assert await till.who(opened.access_token) == before


async def test_a_secret_lives_for_sixty_seconds(own_till: Till) -> None:
    early, late = await own_till.session(), await own_till.session()
    own_till.gateway.clock.at += SECRET_LIFETIME - timedelta(seconds=1)
    assert (await widget_sessions.framed(own_till.world, early.id)).origins == (PARENT,)
    await widget_sessions.exchange(own_till.world, early.client_secret, JKT)
    own_till.gateway.clock.at += timedelta(seconds=1)
    await refused(own_till, late.client_secret, says="has expired")
    with pytest.raises(UnknownSession):
        await widget_sessions.framed(own_till.world, late.id)


async def test_a_secret_used_again_ends_what_it_brought(till: Till) -> None:
    made = await till.session()
    opened = await widget_sessions.exchange(till.world, made.client_secret, JKT)
    other = await till.opened()
    await refused(till, made.client_secret, says="used before")
    assert await till.who(opened.access_token) is None
    assert await till.who(other.access_token) is not None


async def test_of_twenty_with_one_secret_one_gets_a_token(till: Till) -> None:
    made = await till.session()
    found = await asyncio.gather(
        *(widget_sessions.exchange(till.world, made.client_secret, JKT) for _ in range(20)), return_exceptions=True
    )
    won = [one for one in found if not isinstance(one, BaseException)]
    assert len(won) == 1
    assert {one.error for one in found if isinstance(one, Refusal)} == {"invalid_grant"}
    assert await till.who(won[0].access_token) is None, "who came second may be the rightful one"


async def test_without_a_key_a_secret_brings_nothing_and_stays_good(till: Till) -> None:
    made = await till.session()
    with pytest.raises(Refusal):
        await widget_sessions.exchange(till.world, made.client_secret, None)
    await widget_sessions.exchange(till.world, made.client_secret, JKT)


async def test_a_guess_is_refused(till: Till) -> None:
    await refused(till, tokens.mint(), says="unknown")


async def test_the_token_ends_with_the_consent_and_none_is_had_without(till: Till) -> None:
    opened, waiting = await till.opened(), await till.session()
    await till.takes_back()
    assert await till.who(opened.access_token) is None
    await refused(till, waiting.client_secret, says="consent has ended")
    with pytest.raises(ConsentRequired):
        await till.session()


async def test_the_token_ends_with_the_client(till: Till) -> None:
    opened, waiting = await till.opened(), await till.session()
    await clients.disable(till.world, till.partner.client_id)
    assert await till.who(opened.access_token) is None
    await refused(till, waiting.client_secret, says="has expired")


async def test_the_token_ends_with_the_session_and_an_ended_one_cannot_be_opened(till: Till) -> None:
    made, waiting = await till.session(), await till.session()
    opened = await widget_sessions.exchange(till.world, made.client_secret, JKT)
    for session in (made, waiting):
        await till.ends(session.id)
    assert await till.who(opened.access_token) is None
    await refused(till, waiting.client_secret, says="its session ended")
    with pytest.raises(UnknownSession):
        await widget_sessions.framed(till.world, made.id)


async def test_another_partner_neither_makes_nor_ends_a_session_here(till: Till) -> None:
    stranger = await till_of(till.gateway)
    made = await till.session()
    with pytest.raises(NotFound):
        await stranger.session(merchant_id=till.merchant_id)
    with pytest.raises(UnknownSession):
        await till.ends(made.id, stranger.caller)
    await widget_sessions.exchange(till.world, made.client_secret, JKT)


@pytest.mark.parametrize(
    ("agreed", "components", "missing"),
    [
        (("offers",), [Component.offer], "drawdown"),
        (("drawdown", "repayment_collection"), [Component.tile], "offers"),
        (("merchant_data",), [Component.manage], "drawdown"),
    ],
)
async def test_a_component_needs_the_merchants_consent_to_what_it_does(
    till: Till, agreed: tuple[str, ...], components: list[Component], missing: str
) -> None:
    await till.agrees_to(*agreed)
    with pytest.raises(ConsentRequired) as refusal:
        await till.session(components)
    assert refusal.value.facts["kind"] == missing


async def test_a_consent_narrowed_meanwhile_narrows_the_token(till: Till) -> None:
    made = await till.session([Component.tile, Component.manage])
    grant_id = await till.grant_id()
    await till.world.store.write(
        lambda tx: consents.narrow(tx, till.world, grant_id, ["offers"], gateways.EVIDENCE),
    )
    opened = await widget_sessions.exchange(till.world, made.client_secret, JKT)
    caller = await till.who(opened.access_token)
    assert caller is not None
    assert caller.rights == {Right.merchants_read, Right.offers_read}


async def test_neither_secret_nor_name_lies_open_in_the_database(till: Till) -> None:
    made = await till.session()
    kept = repr(await rows(till.world.settings.database_url, "SELECT * FROM widget_sessions"))
    assert made.id in kept
    assert made.client_secret not in kept
    assert USER.name not in kept
    assert len(made.client_secret) * 6 >= 128


async def test_making_one_is_noted(till: Till) -> None:
    made = await till.session()
    found = [entry async for page in audit.pages(till.world.store) for entry in page if entry.subject == made.id]
    assert [(entry.actor, entry.action) for entry in found] == [(till.partner.client_id, "widget_session.made")]
    assert found[0].facts == {"merchant_id": till.merchant_id}


async def test_a_client_with_registered_pages_shows_the_frame_on_those_alone(own_till: Till) -> None:
    world, client_id = own_till.world, own_till.partner.client_id
    placed = await clients.place(world, client_id, [PARENT, "http://localhost:3000"])
    assert placed.origins == (PARENT, "http://localhost:3000")
    await own_till.session()
    with pytest.raises(UnregisteredOrigin, match=r"https://other\.example"):
        await own_till.session(parent_origins=[PARENT, "https://other.example"])
    await clients.place(world, client_id, [])
    await own_till.session(parent_origins=["https://other.example"])
    with pytest.raises(BadOrigin):
        await clients.place(world, client_id, ["https://till.example/path"])


def test_in_live_mode_each_page_is_registered() -> None:
    with pytest.raises(UnregisteredOrigin):
        rules.check_registered([PARENT], [], sandbox=False)
    rules.check_registered([PARENT], [PARENT, "https://other.example"], sandbox=False)


async def test_a_page_that_the_session_was_not_made_for_gets_no_token_and_spends_nothing(till: Till) -> None:
    made = await till.session()
    with pytest.raises(Refusal, match="other pages"):
        await widget_sessions.exchange(till.world, made.client_secret, JKT, "https://evil.example")
    caller = await till.who((await widget_sessions.exchange(till.world, made.client_secret, JKT, PARENT)).access_token)
    assert caller is not None
    assert caller.page_origin == PARENT


async def test_old_sessions_are_forgotten(own_till: Till) -> None:
    made = await own_till.session()
    await widget_sessions.forget(own_till.world)
    assert await rows(own_till.world.settings.database_url, "SELECT id FROM widget_sessions") == [(made.id,)]
    own_till.gateway.clock.at += timedelta(days=2)
    await widget_sessions.forget(own_till.world)
    assert await rows(own_till.world.settings.database_url, "SELECT id FROM widget_sessions") == []


# --- a click in the frame ------------------------------------------------------------------------------------------


class Counter:
    """A person at the till of a shop that may borrow, in front of our frame."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.world = shop, shop.world
        self.till = Till(shop.gateway, shop.partner, shop.id)

    async def clicks(self, user: str = "bo", page: str | None = None) -> Drawn:
        """Quote, read, click: in our frame, or on a page of the partner's own."""
        made = await self.till.session(user=User(user, "Bo", "cashier"))
        opened = await widget_sessions.exchange(self.world, made.client_secret, JKT, page)
        self.world.tokens.forget(self.shop.partner.client_id)  # what stands in the database counts
        caller = await self.till.who(opened.access_token)
        assert caller is not None
        quote = await self.shop.quote()
        new = NewDrawdown(quote["id"], quote["terms_hash"])
        return await self.world.store.write(lambda tx: widget_sessions.draw(tx, self.world, caller, new, "192.0.2.7"))


async def test_a_click_in_the_frame_waits_for_a_passkey_outside_the_authority_and_stays(shop_on_both: Shop) -> None:
    counter = Counter(shop_on_both)
    drawn = await counter.clicks()
    assert drawn.drawdown.state is DrawdownState.awaiting_confirmation
    assert drawn.required_action is not None
    assert drawn.required_action.type == "step_up"
    assert str(drawn.required_action.url).endswith(f"/connect/confirm/{drawn.drawdown.id}")
    assert "no_authority" in drawn.required_action.why
    kept = await shop_on_both.drawdown(drawn.drawdown.id)
    assert kept["state"] == "awaiting_confirmation"
    await shop_on_both.work()
    assert await shop_on_both.states(drawn.drawdown.id) == ["awaiting_confirmation"]


async def test_a_click_in_the_frame_borrows_within_the_authority(shop_on_both: Shop) -> None:
    shop, counter = shop_on_both, Counter(shop_on_both)
    signatory = await signatories.of(shop.gateway, shop.partner, shop.id)
    await signatory.authorizes()
    first = await counter.clicks()
    assert first.required_action is not None
    assert first.required_action.why == ("first_draw",)
    await signatory.step_up(first.drawdown.id)
    await shop.work()
    drawn = await counter.clicks()
    assert (drawn.drawdown.state, drawn.required_action) == (DrawdownState.requested, None)
    evidence = drawn.drawdown.evidence
    assert evidence is not None
    assert (evidence.method, evidence.confirmed_by, evidence.remote_address) == ("click", "bo", "192.0.2.7")
    forged = await counter.clicks(page=PARENT)
    assert forged.drawdown.state is DrawdownState.awaiting_confirmation
    assert forged.required_action is not None
    assert (forged.required_action.type, forged.required_action.why) == ("step_up", ("foreign_page",))
    stranger = await counter.clicks("eve")
    assert stranger.required_action is not None
    assert stranger.required_action.why == ("new_user",)
    assert (await shop.verify()).problems == ()


async def test_a_partners_own_call_only_proposes(shop_on_both: Shop) -> None:
    counter, world = Counter(shop_on_both), shop_on_both.world
    quote = await shop_on_both.quote()
    server = await world.tokens.identify(shop_on_both.partner.grants[shop_on_both.id])
    new = NewDrawdown(quote["id"], quote["terms_hash"])
    drawn = await world.store.write(lambda tx: widget_sessions.draw(tx, counter.world, server, new, None))
    assert (drawn.drawdown.state, drawn.required_action) == (DrawdownState.awaiting_confirmation, None)


async def test_a_secret_made_with_a_clients_old_keys_ends_with_them(till: Till) -> None:
    made = await till.session()
    await clients.rotate(till.world, till.partner.client_id, SigningKey().jwks())
    await refused(till, made.client_secret, says="has expired")
