"""Which version answers is a person's word, kept with its reason; what fails its checks never answers."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from gateway import scorer
from gateway.domain import calibrations
from gateway.domain.calibrations import Calibration, CalibrationRefused
from gateway.domain.models import BadSaid, ModelRefused, ModelUnknown, NothingBefore, Said
from gateway.store import sql
from gateway.usecases import audit, decisions, models, recalibrating, work
from tests import gateways, model_files, tills

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.store import Tx
    from gateway.usecases.models import Version
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio
SAID = Said("officer-1", "Better on last year's loans")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped models, and a second version of the PD."""
    model_files.copied(tmp_path / "models", scorer.OUTPUTS)
    model_files.add_version(tmp_path / "models", "pd", 2)
    return tmp_path / "models"


@pytest.fixture
async def place(database_url: str, tmp_path: Path, folder: Path) -> AsyncIterator[Gateway]:
    async with gateways.start(database_url, tmp_path, models_dir=folder) as started:
        yield started


def serves(gateway: Gateway, name: str = "pd") -> int:
    return models.running(gateway.world).loaded[name].card.version


async def versions(gateway: Gateway, name: str = "pd") -> list[Version]:
    return next(one.versions for one in await models.listed(gateway.world) if one.name == name)


async def actions(gateway: Gateway) -> list[tuple[str, str, dict[str, Any]]]:
    found = [entry async for page in audit.pages(gateway.world.store) for entry in page]
    return [(one.action, one.subject, one.facts) for one in found if one.action.startswith("model.")]


async def test_a_promoted_version_answers_at_once_and_after_a_start(
    place: Gateway, database_url: str, tmp_path: Path, folder: Path
) -> None:
    assert serves(place) == 2
    made = await models.promote(place.world, "pd", 1, SAID)
    assert (made.version, made.previous, made.made_by, made.reason) == (1, 0, "officer-1", SAID.reason)
    assert serves(place) == 1
    assert [(one.version, one.serves, one.refused) for one in await versions(place)] == [
        (2, False, None), (1, True, None),
    ]  # fmt: skip
    facts = {"by": "officer-1", "version": 1, "calibration": None}
    assert await actions(place) == [("model.promoted", "pd", facts)]
    if place.world.settings.shared_database:
        async with gateways.start(database_url, tmp_path, models_dir=folder) as other:
            assert serves(other) == 1


async def test_a_start_takes_over_what_was_promoted(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    async with gateways.start(url, tmp_path, models_dir=folder) as before:
        await models.promote(before.world, "pd", 1, SAID)
    async with gateways.start(url, tmp_path, models_dir=folder) as after:
        assert serves(after) == 1


async def test_another_process_takes_over_a_promotion(fresh_postgres_url: str, tmp_path: Path, folder: Path) -> None:
    async with (
        gateways.start(fresh_postgres_url, tmp_path, models_dir=folder) as one,
        gateways.start(fresh_postgres_url, tmp_path, models_dir=folder) as other,
    ):
        await models.promote(one.world, "pd", 1, SAID)
        assert serves(other) == 2
        await other.world.keep_up()
        assert serves(other) == 1


@pytest.mark.parametrize("fault", ["a bit", "an older schema", "another's file", "no file"])
async def test_a_version_that_fails_its_checks_is_not_promoted_and_the_old_one_serves_on(
    site: Gateway, tmp_path: Path, folder: Path, fault: str
) -> None:
    model_files.add_version(folder, "pd", 3)
    third = folder / "pd" / "3" / "model.onnx"
    if fault == "a bit":
        model_files.spoil(folder, "pd", 3)
    elif fault == "an older schema":
        model_files.change(folder, "pd", lambda card: card.update(schema="restock-model/0"), 3)
    elif fault == "another's file":
        third.write_bytes((folder / "rules" / "1" / "model.onnx").read_bytes())
    else:
        third.unlink()
    async with gateways.start(f"sqlite:///{tmp_path / 'own.db'}", tmp_path, models_dir=folder) as place:
        assert serves(place) == 2
        with pytest.raises(ModelRefused, match="pd: "):
            await models.promote(place.world, "pd", 3, SAID)
        assert (serves(place), await actions(place)) == (2, [])
        newest = (await versions(place))[0]
        assert (newest.version, newest.serves) == (3, False)
        assert newest.refused is not None
    assert site.world.scorer.usable("pd")


async def test_what_serves_goes_on_where_a_promoted_forecast_has_no_version_left(place: Gateway, folder: Path) -> None:
    model_files.add_version(folder, "forecast_30", 2)
    model_files.spoil(folder, "forecast_30")
    before, world = place.world.scorer, place.world
    row = {"name": "forecast_30", "version": 1, "calibration_json": None, "previous": 0, "made_by": "officer-1"}

    async def unit(tx: Tx) -> None:  # as a process with sound files would have promoted it
        await tx.run(sql.models.add, **row, reason="?", made_at=world.clock.now())

    await world.store.write(unit)
    await models.follow(world)
    assert world.scorer is before
    assert serves(place, "forecast_30") == 1


async def test_a_rollback_goes_further_back_each_time_and_then_says_so(place: Gateway) -> None:
    await models.promote(place.world, "pd", 1, SAID)
    await models.recalibrate(place.world, Calibration(900_000, 100_000), SAID)
    await models.promote(place.world, "pd", 2, SAID)
    for version, calibrated in ((1, True), (1, False), (2, False)):
        made = await models.roll_back(place.world, "pd", SAID)
        assert serves(place) == version
        assert ("calibration" in place.world.scorer.hashes(), made.calibration is not None) == (calibrated, calibrated)
    with pytest.raises(NothingBefore):
        await models.roll_back(place.world, "pd", SAID)
    assert [name for name, *_ in await actions(place)][-3:] == ["model.rolled_back"] * 3


async def test_twenty_promotions_at_once_are_kept_in_one_order(place: Gateway) -> None:
    await asyncio.gather(*[models.promote(place.world, "pd", 1 + n % 2, SAID) for n in range(20)])
    rows = await place.world.store.all(sql.models.serving)
    assert [(row[0], row[1], row[4]) for row in rows] == [(20, "pd", 19)]
    assert serves(place) == rows[0][2]


@pytest.mark.parametrize(
    ("said", "reason"),
    [(Said("An Officer", "Why not"), "account"), (Said("", "Why not"), "account"), (Said("officer-1", " "), "Say why")],
    ids=["a name", "nobody", "no reason"],
)
async def test_a_change_names_an_account_and_a_reason(place: Gateway, said: Said, reason: str) -> None:
    with pytest.raises(BadSaid, match=reason):
        await models.promote(place.world, "pd", 1, said)
    with pytest.raises(BadSaid, match=reason):
        await models.recalibrate(place.world, Calibration(), said)
    with pytest.raises(ModelUnknown):
        await models.promote(place.world, "oracle", 1, SAID)


async def test_after_a_promotion_every_merchant_is_judged_by_what_answers_now(place: Gateway) -> None:
    till = await tills.trading(await place.partner(), 90)
    await models.recalibrate(place.world, Calibration(1_000_000, 3_000_000), SAID)
    await work.drain(place.world)
    made = await till.decisions()
    assert len(made) == 2
    assert made[-1]["limit_amount"] < made[0]["limit_amount"]


async def test_a_calibrated_decision_is_made_again_and_one_of_before_says_that_other_models_answered(
    place: Gateway,
) -> None:
    till = await tills.trading(await place.partner(), 90)
    await models.recalibrate(place.world, Calibration(1_100_000, 1_500_000), SAID)
    await work.drain(place.world)
    before, after = await till.decisions()
    world = place.world
    again = await decisions.replay(world.store, world.scorer, world.programme, after["id"])
    assert (again.differences, again.same_models) == ((), True)
    assert not (await decisions.replay(world.store, world.scorer, world.programme, before["id"])).same_models


def outcomes(folder: Path, offset: float, count: int = 1_500) -> str:
    chance = random.Random(8)
    lines = ["pd,defaulted"]
    for _ in range(count):
        logit = chance.gauss(-2.5, 1)
        bad = chance.random() < calibrations.chance(logit + offset)
        lines.append(f"{calibrations.chance(logit):.6f},{int(bad)}")
    (folder / "outcomes.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "outcomes.csv")


async def test_a_recalibration_is_only_told_until_it_is_applied(place: Gateway, tmp_path: Path) -> None:
    path = outcomes(tmp_path, offset=1.0)
    told = await recalibrating.recalibrate(place.world, path, None)
    assert told.applied is None
    assert told.learned.before.ece > 2 * told.learned.held_out.ece
    assert "calibration" not in place.world.scorer.hashes()
    done = await recalibrating.recalibrate(place.world, path, SAID)
    assert done.applied is not None
    assert done.applied.calibration == told.learned.calibration
    assert place.world.scorer.hashes()["calibration"] == str(told.learned.calibration)
    (_, subject, facts) = (await actions(place))[-1]
    assert (subject, facts["calibration"]) == ("pd", str(told.learned.calibration))


async def decided(gateway: Gateway, folder: Path, count: int) -> tuple[Till, str]:
    """A file of outcomes of one stored decision and many unknown ones."""
    till = await tills.trading(await gateway.partner(), 60)
    (one,) = await till.decisions()
    lines = ["decision_id,defaulted", f"{one['id']},1", *[f"dec_unknown{n},0" for n in range(count)]]
    (folder / "outcomes.csv").write_text("\n".join(lines))
    return till, str(folder / "outcomes.csv")


async def test_outcomes_of_decisions_nobody_knows_teach_nothing(place: Gateway, tmp_path: Path) -> None:
    _, path = await decided(place, tmp_path, 500)
    with pytest.raises(CalibrationRefused, match="1 outcomes are too few"):
        await recalibrating.recalibrate(place.world, path, SAID)


async def test_the_logit_of_a_calibrated_decision_is_the_models_own(place: Gateway) -> None:
    till = await tills.trading(await place.partner(), 90)
    await models.recalibrate(place.world, Calibration(1_200_000, 1_200_000), SAID)
    await work.drain(place.world)
    before, after = await till.decisions()
    found = []
    for one in (before, after):
        row = await place.world.store.one(sql.models.said_of_decision, recalibrating._Said, id=one["id"])
        assert row is not None
        pd = row.scores.pd
        assert pd is not None
        found.append((recalibrating._own_logit(place.world, row.scores), calibrations.logit_of(pd)))
    (own_before, said_before), (own_after, said_after) = found
    assert own_before == said_before
    assert own_after is not None
    assert own_after < said_after - 0.5


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "header"),
        (b"pd;defaulted\n0.1;1\n", "header"),
        (b"pd,defaulted\n0.1,2\n", "line 2: defaulted"),
        (b"pd,defaulted\n0.1,1\n1.5,0\n", "line 3: the PD"),
        (b"pd,defaulted\nnan,1\n", "line 2: the PD"),
        (b"pd,defaulted\n0.1\n", "line 2: 1 columns"),
        (b"decision_id,defaulted\ndec_1,1\ndec_1,0\n", "line 3: it stands here twice"),
        (b"pd,defaulted\n\xff\n", "cannot be read"),
        (b'pd,defaulted\n"0.1,1\n' + b"9" * 200_000, "cannot be read"),
    ],
    ids=["empty", "semicolons", "two", "certain", "nan", "short", "twice", "bytes", "huge field"],
)
async def test_a_faulty_file_is_refused_by_its_lines(site: Gateway, tmp_path: Path, body: bytes, reason: str) -> None:
    (tmp_path / "outcomes.csv").write_bytes(body)
    with pytest.raises(CalibrationRefused, match=reason):
        await recalibrating.recalibrate(site.world, str(tmp_path / "outcomes.csv"), None)


async def test_a_file_that_is_not_there_is_refused(site: Gateway, tmp_path: Path) -> None:
    with pytest.raises(CalibrationRefused, match="cannot be read"):
        await recalibrating.recalibrate(site.world, str(tmp_path / "nothing.csv"), None)


async def test_a_start_says_which_version_was_refused_and_who_answers_instead(
    tmp_path: Path, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for version in (1, 2):
        model_files.spoil(folder, "pd", version)
    async with gateways.start(f"sqlite:///{tmp_path / 'own.db'}", tmp_path, models_dir=folder):
        told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    refused = [(line["model"], line["version"]) for line in told if line["event"] == "model.refused"]
    assert refused == [("pd", 2), ("pd", 1)]
    assert all("SHA-256" in line["error"] for line in told if line["event"] == "model.refused")
    assert [line["outcome"] for line in told if line["event"] == "model.replaced"] == ["rules"]


async def test_without_a_pd_that_passes_the_rules_answer_and_shops_still_get_offers(
    tmp_path: Path, folder: Path
) -> None:
    for version in (1, 2):
        model_files.spoil(folder, "pd", version)
    async with gateways.start(f"sqlite:///{tmp_path / 'own.db'}", tmp_path, models_dir=folder) as place:
        assert not place.world.scorer.usable("pd")
        till = await tills.trading(await place.partner(), 90)
        (decision,) = await till.decisions()
        assert decision["outcome"] == "offered"
        with pytest.raises(ModelRefused, match="may answer"):
            await models.recalibrate(place.world, Calibration(), SAID)
