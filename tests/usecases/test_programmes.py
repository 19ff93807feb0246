"""A new version of the programme: tried without a trace, applied once, taken over by everybody, on both engines."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import programme_files
from gateway.domain.errors import GatewayError
from gateway.domain.programme_files import BadProgramme
from gateway.domain.programmes import (
    INVENTORY,
    Eligibility,
    Grade,
    Programme,
    ReviewRule,
    ThinRule,
    TierRule,
    UnknownProgramme,
)
from gateway.usecases import audit, decisions, programmes, trials, work
from gateway.usecases.programmes import NotTried, OtherProgramme
from tests import gateways, tills
from tests.gateways import Partner
from tests.tills import TODAY, Till, row

if TYPE_CHECKING:
    from gateway.domain.trials import Trial
    from gateway.usecases.world import World
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
GUIDE = Path(__file__).parents[2] / "docs" / "programmes.md"
HALF = INVENTORY.base_bps // 2


def following(current: Programme, **changes: Any) -> str:
    """The file of the next version."""
    return programme_files.write(msgspec.structs.replace(current, version=current.version + 1, **changes))


async def attempt(world: World, text: str) -> tuple[str, Trial]:
    """The whole trial of a file; what to confirm, and what it comes to."""
    tried = await trials.attempt(world, text)
    while tried.after is not None:
        tried = await trials.attempt(world, text, tried.trial, tried.after)
    return tried.hash, tried.trial


async def apply(world: World, text: str) -> None:
    """Try, apply, and let the worker look at everybody."""
    tried, _ = await attempt(world, text)
    await programmes.apply(world, text, tried=tried, by="officer-1")
    await work.drain(world)


async def test_a_trial_says_who_would_get_what_and_writes_nothing(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    big, small, _ = await tills.trading(partner), await tills.trading(partner, amount=20_000), await tills.new(partner)
    before = [(await till.offer())["limit_amount"] for till in (big, small)]
    _, trial = await attempt(world, following(INVENTORY, base_bps=HALF))
    after = [shift.after_amount for shift in trial.biggest]
    assert [shift.merchant_id for shift in trial.biggest] == [big.id, small.id]
    assert [shift.before_amount for shift in trial.biggest] == before
    assert all(0 < less < more for less, more in zip(after, before, strict=True))
    assert (trial.merchants_count, trial.lose_count, trial.gain_count) == (3, 2, 0)
    assert (trial.stop_count, trial.start_count) == (0, 0)
    (sums,) = trial.currencies.values()
    assert (sums.before_amount, sums.after_amount) == (sum(before), sum(after))
    assert sum(counts.before_count for counts in trial.grades.values()) == 2
    assert [len(await till.decisions()) for till in (big, small)] == [1, 1]
    assert world.programme == INVENTORY
    assert [one.version for one in await programmes.listed(world)] == [INVENTORY.version]


async def test_a_trial_tells_who_would_be_stopped_and_who_would_start(own_gateway: Gateway) -> None:
    till, world = await tills.trading(await own_gateway.partner()), own_gateway.world
    excluded = msgspec.structs.replace(INVENTORY.eligibility, countries=("XX",))
    _, trial = await attempt(world, following(INVENTORY, eligibility=excluded))
    assert (trial.stop_count, trial.biggest[0].reason) == (1, "country_excluded")
    assert trial.biggest[0].after_grade is None
    await apply(world, following(INVENTORY, eligibility=excluded))
    assert [one["outcome"] for one in await till.decisions()] == ["offered", "declined"]
    _, trial = await attempt(world, following(world.programme, eligibility=INVENTORY.eligibility))
    assert (trial.start_count, trial.biggest[0].before_grade) == (1, None)


async def test_an_applied_version_judges_everybody_and_earlier_decisions_stay_under_theirs(
    own_gateway: Gateway,
) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    shops = [await tills.trading(partner) for _ in range(3)]
    before = [await till.offer() for till in shops]
    await apply(world, following(INVENTORY, base_bps=HALF))
    assert world.programme.ref.version == INVENTORY.version + 1
    for till, offer in zip(shops, before, strict=True):
        now = await till.offer()
        assert now["limit_amount"] < offer["limit_amount"]
        assert now["id"] != offer["id"]
        made = await till.decisions()
        assert [one["programme"]["version"] for one in made] == [INVENTORY.version, INVENTORY.version + 1]
    for one, programme in zip(made, (INVENTORY, world.programme), strict=True):
        decision = await decisions.find(world.store, one["id"], partner.partner_id)
        assert await programmes.find(world.store, decision.programme) == programme
        again = await decisions.replay(world.store, world.scorer, programme, decision.id)
        assert again.differences == ()
    page = [entry async for found in audit.pages(world.store) for entry in found if "programme" in entry.action]
    assert [(entry.subject, entry.facts["version"], entry.facts["by"]) for entry in page] == [
        (INVENTORY.id, INVENTORY.version + 1, "officer-1")
    ]


async def test_judging_everybody_again_changes_nothing_more(own_gateway: Gateway) -> None:
    till, world = await tills.trading(await own_gateway.partner()), own_gateway.world
    await apply(world, following(INVENTORY, base_bps=HALF))
    made = await till.decisions()
    await apply(world, following(world.programme))
    assert await till.decisions() == made


async def test_sales_between_the_applying_and_the_worker_are_judged_by_the_new_version(own_gateway: Gateway) -> None:
    till, world = await tills.trading(await own_gateway.partner()), own_gateway.world
    text = following(INVENTORY, base_bps=HALF)
    await programmes.apply(world, text, tried=(await attempt(world, text))[0], by="officer-1")
    await till.push(row(100))
    assert (await till.offer())["limit_amount"] <= 30 * 40_000 * HALF // 10_000 + 100
    assert (await till.decisions())[-1]["programme"]["version"] == INVENTORY.version + 1


async def test_an_offer_keeps_its_price_until_the_worker_makes_one_at_the_new_price(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner)
    offer = await till.offer() | await partner.seen(f"/v1/offers/{(await till.offer())['id']}")
    dearer = tuple(Grade(f"A{n}", one.pd_max, one.limit_bps, 400) for n, one in enumerate(INVENTORY.grades))
    rules = {"tiers": {}, "thin": ThinRule(), "grades": dearer, "term_days": 182, "target_days": 180}
    text = following(INVENTORY, all_in_cap_bps=10_000, **rules)
    await programmes.apply(world, text, tried=(await attempt(world, text))[0], by="officer-1")
    quote = await partner.done("/v1/quotes", {"offer_id": offer["id"], "amount": 300 * offer["step_amount"]})
    most = offer["price"]["fee_bps"] * quote["amount"] // 10_000
    assert quote["fee_amount"] <= most
    assert quote["final_due_on"] == str(TODAY + timedelta(days=INVENTORY.term_days))
    await work.drain(world)
    renewed = await partner.seen(f"/v1/offers/{(await till.offer())['id']}")
    assert renewed["price"] == {"kind": "flat_fee", "fee_bps": 400, "withhold_bps": 1_500, "term_days": 182}
    quote = await partner.done("/v1/quotes", {"offer_id": renewed["id"], "amount": 300 * offer["step_amount"]})
    assert quote["fee_amount"] > most


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"version": INVENTORY.version}, "so the next one is"),
        ({"version": INVENTORY.version + 2}, "so the next one is"),
        ({"id": "prg_other"}, "version: prg_other is new here, so the next one is 1, not 3"),
        ({"bank_id": "bnk_other"}, "bank_id: prg_inventory is of bnk_sandbox"),
    ],
    ids=["again", "later", "other", "bank"],
)
async def test_only_the_next_version_of_the_same_programme_is_tried_or_applied(
    site: Gateway, changes: dict[str, Any], because: str
) -> None:
    programme = msgspec.structs.replace(INVENTORY, **{"version": INVENTORY.version + 1} | changes)
    text = programme_files.write(programme)
    with pytest.raises(OtherProgramme, match=because):
        await trials.attempt(site.world, text)
    with pytest.raises(OtherProgramme, match=because):
        await programmes.apply(site.world, text, tried=programmes.digest(programme), by="officer-1")


async def test_only_the_file_that_was_tried_is_applied_and_by_somebody(site: Gateway) -> None:
    text = following(INVENTORY)
    tried, _ = await attempt(site.world, text)
    with pytest.raises(NotTried):
        await programmes.apply(site.world, following(INVENTORY, base_bps=1), tried=tried, by="officer-1")
    with pytest.raises(NotTried):
        await programmes.apply(site.world, text, tried=tried, by="Jane Doe")
    with pytest.raises(BadProgramme):
        await trials.attempt(site.world, text + "[more]")
    with pytest.raises(UnknownProgramme):
        await programmes.show(site.world, INVENTORY.id, 99)
    assert site.world.programme == INVENTORY


async def test_of_several_that_apply_at_once_one_wins(own_gateway: Gateway) -> None:
    world = own_gateway.world
    texts = [following(INVENTORY, base_bps=1_000 + n) for n in range(8)]
    tried = [(await attempt(world, text))[0] for text in texts]
    answers = await asyncio.gather(
        *(programmes.apply(world, text, tried=one, by="officer-1") for text, one in zip(texts, tried, strict=True)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, GatewayError)]
    assert [type(one) for one in refused] == [OtherProgramme] * 7
    (listed,) = await programmes.listed(world)
    assert (listed.version, listed.in_force, listed.applied_by) == (3, True, "officer-1")
    assert programmes.digest(world.programme) == listed.hash


async def test_a_version_outlives_the_process_and_can_be_shown_and_followed(database_url: str, tmp_path: Path) -> None:
    async with gateways.start(database_url, tmp_path) as first:
        await apply(first.world, following(INVENTORY, name="二号"))
    async with gateways.start(database_url, tmp_path) as again:
        world = again.world
        assert (world.programme.version, world.programme.name) == (INVENTORY.version + 1, "二号")
        assert programme_files.read(await programmes.show(world, INVENTORY.id)) == world.programme
        assert programme_files.read(await programmes.show(world, INVENTORY.id, INVENTORY.version)) == INVENTORY
        await apply(world, following(world.programme))
        assert [one.version for one in await programmes.listed(world)] == [4, 3]
        assert await programmes.find(world.store, INVENTORY.ref) == INVENTORY
        assert await programmes.find(world.store, msgspec.structs.replace(INVENTORY.ref, version=77)) is None


async def test_another_replica_takes_a_version_over(fresh_postgres_url: str, tmp_path: Path) -> None:
    async with (
        gateways.start(fresh_postgres_url, tmp_path) as one,
        gateways.start(fresh_postgres_url, tmp_path) as other,
    ):
        partner = await one.partner()
        till = await tills.trading(partner)
        there = Partner(other.http, other.world, partner.token, partner.partner_id, partner.client_id)
        there.grants = partner.grants
        await apply(one.world, following(INVENTORY, base_bps=HALF))
        await other.world.keep_up()
        assert other.world.programme == one.world.programme
        limit = (await till.offer())["limit_amount"]
        assert (await Till(there, till.id).offer())["limit_amount"] == limit


async def test_the_example_of_the_guide_is_tried_and_applied_and_the_guide_names_every_key(
    own_gateway: Gateway,
) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    till, world = await tills.trading(await own_gateway.partner()), own_gateway.world
    await apply(world, example)
    assert world.programme.name == "Season loan"
    assert (await till.offer())["terms"]["programme_cap_amount"] == 40_000 * 100
    rules = (Programme, Grade, Eligibility, TierRule, ThinRule, ReviewRule)
    missing = {name for rule in rules for name in rule.__struct_fields__ if f"`{name}`" not in guide}
    assert missing == {"tiers"}  # named as `tiers.declared` and so on
