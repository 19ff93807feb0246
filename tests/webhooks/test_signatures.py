"""Receivers' own libraries, of Python and of Node, believe what we send; and nothing that was changed."""

from __future__ import annotations

import base64
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from gateway import standard_webhooks
from gateway.domain import versions
from gateway.domain.event_catalogue import EVENTS
from gateway.usecases.courier import Courier
from tests import gateways
from tests.house.files import ROOT
from tests.oauth.openid_client import MODULES, needed
from tests.webhooks.receivers import Heard, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


@pytest.fixture
async def today(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway at the hour it is: libraries believe no old timestamp."""
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path, starts_at=datetime.now(UTC)) as gateway:
        yield gateway


async def sent(gateway: Gateway) -> tuple[list[str], str, Heard]:
    """The secrets of an endpoint, the newest last; its public key; and what it heard after a rotation."""
    partner = await gateway.partner()
    async with receiving() as receiver:
        webhook = await partner.done("/v1/webhooks", {"url": receiver.url})
        path = f"/v1/webhooks/{webhook['id']}"
        rotated = await partner.done(f"{path}/rotate-secret", {})
        await partner.done(f"{path}/ping")
        await Courier(gateway.world).settle()
    return [webhook["secret"], rotated["secret"]], webhook["public_key"], receiver.heard[0]


def spoiled(heard: Heard) -> list[tuple[dict[str, str], bytes]]:
    """What somebody might have changed on the way."""
    other_time = str(int(heard.headers["webhook-timestamp"]) + 1)
    return [
        (heard.headers, heard.body.replace(b"{", b"{ ", 1)),
        (heard.headers | {"webhook-id": "evt_other"}, heard.body),
        (heard.headers | {"webhook-timestamp": other_time}, heard.body),
        (heard.headers | {"webhook-signature": heard.headers["webhook-signature"].split(" ")[-1]}, heard.body),
    ]


async def test_pythons_library_verifies_by_either_secret(today: Gateway) -> None:
    secrets, _, heard = await sent(today)
    for secret in secrets:
        told = Webhook(secret).verify(heard.body, heard.headers)
        assert heard.headers["restock-version"] == versions.CURRENT
        assert (told["type"], set(told)) == ("webhook.pinged", {"type", "timestamp", "data"})
        msgspec.convert(told["data"], EVENTS["webhook.pinged"].data)
        for headers, body in spoiled(heard):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(standard_webhooks.shown(b"x" * 32)).verify(heard.body, heard.headers)


async def test_what_the_guide_does_by_hand_verifies_by_either_secret(today: Gateway) -> None:
    secrets, _, heard = await sent(today)
    guide = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(guide.partition("```python\n")[2].partition("```")[0], scope)  # noqa: S102 - our own page
    is_ours = scope["is_ours"]
    assert [is_ours(secret, heard.headers, heard.body) for secret in secrets] == [True, True]
    assert not any(is_ours(secrets[0], headers, body) for headers, body in spoiled(heard))


async def test_nodes_library_verifies_by_either_secret(today: Gateway, tmp_path: Path) -> None:
    needed("standardwebhooks")
    secrets, _, heard = await sent(today)
    good = [(secret, heard.headers, heard.body) for secret in secrets]
    bad = [(secrets[0], headers, body) for headers, body in spoiled(heard)]
    asked = [{"secret": s, "headers": h, "body": b.decode()} for s, h, b in good + bad]
    shutil.copy(Path(__file__).with_name("verify.mjs"), tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    done = await anyio.run_process(
        ["node", "verify.mjs"], cwd=tmp_path, input="\n".join(map(json.dumps, asked)).encode()
    )
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(one) for one in said] == [{"verified"}] * len(good) + [{"refused"}] * len(bad)
    assert said[0]["verified"]["type"] == "webhook.pinged"


async def test_the_public_key_alone_verifies_v1a(today: Gateway) -> None:
    _, public, heard = await sent(today)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    *others, last = heard.headers["webhook-signature"].split(" ")
    version, _, signature = last.partition(",")
    assert ([one.partition(",")[0] for one in others], version) == (["v1", "v1"], "v1a")
    content = f"{heard.headers['webhook-id']}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    key.verify(base64.b64decode(signature), content)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature), content + b" ")


async def test_a_day_after_a_rotation_the_old_secret_signs_no_more(site: Gateway) -> None:
    partner = await site.partner()
    async with receiving() as receiver:
        webhook = await partner.done("/v1/webhooks", {"url": receiver.url})
        path = f"/v1/webhooks/{webhook['id']}"
        await partner.done(f"{path}/rotate-secret", {})
        for days in (0, 1):
            site.clock.at += timedelta(days=days)
            await partner.done(f"{path}/ping")
            await Courier(site.world).settle()
    counts = [one.headers["webhook-signature"].count("v1,") for one in receiver.heard]
    assert counts == [2, 1]
    assert (await partner.seen(path))["previous_secret_until"] is None
