"""docs/sandbox.md: its calls are made as they stand, its tables name what there is. docs/connections.md: its calls."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import consents, drawdowns, repayments, schedules
from gateway.domain.sandbox_banks import BankBehaviour
from gateway.domain.scenarios import ScenarioKind
from tests import gateways

if TYPE_CHECKING:
    from enum import StrEnum

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "sandbox.md").read_text(encoding="utf-8")
CALL = re.compile(r"(?:(\w+)=\$\()?call (\w+) (\S+?)(?: ('[^']*'|\".*\"))?(?: \| jq -r \.(\w+))?\)?")
PICKED = re.compile(r"\"\$\(jq '\{(.*)\}' <<< \$(\w+)\)\"")


def rows(heading: str) -> set[str]:
    """The first column of the table under a heading."""
    section = re.split(r"^##+ ", PAGE.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "states"),
    [
        ("### drawdown", drawdowns.DrawdownState),
        ("### repayment", repayments.RepaymentState),
        ("### health", schedules.Health),
        ("### consent", consents.ConsentState),
        ("## A year of sales", ScenarioKind),
    ],
    ids=["drawdown", "repayment", "health", "consent", "scenario"],
)
def test_every_state_has_its_row(heading: str, states: type[StrEnum]) -> None:
    assert rows(heading) == set(states)


def test_every_behaviour_is_explained() -> None:
    for field in msgspec.structs.fields(BankBehaviour):
        assert f"`{field.name}`" in PAGE
        for value in getattr(field.type, "__members__", {}):
            assert f"`{value}`" in PAGE, (field.name, value)


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "least_count"), [("sandbox.md", 10), ("connections.md", 5)])
async def test_its_calls_answer_as_they_stand(tmp_path: Path, name: str, least_count: int) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path) as gateway:
        partner = await gateway.partner()
        shop = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "Europe/Amsterdam"}
        known = {"MERCHANT": (await partner.done("/v1/merchants", shop))["id"]}
        lines = [line for block in re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL) for line in block.splitlines()]
        for number, line in enumerate(lines):
            match = CALL.fullmatch(line)
            assert match is not None, line
            saved, method, path, body, field = match.groups()
            answer = await partner.send(
                method, _filled(path, known), headers={"idempotency-key": f"call-{number}"}, **_body(body, known)
            )
            assert answer.is_success, (line, answer.text)
            if saved:
                known[saved] = answer.json()[field] if field else answer.text
        assert len(lines) >= least_count


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"${name}", value)
    return text


def _body(text: str | None, known: dict[str, str]) -> dict[str, Any]:
    """What a shell makes of the last word."""
    if text is None:
        return {}
    if picked := PICKED.fullmatch(text):
        names = [part.partition(":")[::2] for part in picked[1].split(", ")]
        source = msgspec.json.decode(known[picked[2]])
        return {"json": {name: source[(path or name).strip(" .")] for name, path in names}}
    inner = text[1:-1] if text.startswith("'") else _filled(text[1:-1].replace('\\"', '"'), known)
    return {"json": msgspec.json.decode(inner)}
