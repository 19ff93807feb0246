"""The guides under /docs: every link arrives, nothing runs, the index names every page, the wheel carries them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import pytest

from gateway.api.pages import guides, markdown
from tests import diagrams
from tests.api import tiny

if TYPE_CHECKING:
    import httpx

ROOT = Path(__file__).parents[1]
MARKDOWN = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
OFFSITE = re.compile(r"^[a-z]+:")


class Read(HTMLParser):
    """What a page holds: ids, links, pictures, and elements left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")


@pytest.mark.anyio
async def test_every_link_and_anchor_of_every_page_arrives() -> None:
    async with tiny.client(tiny.make()) as site:
        known: dict[str, httpx.Response] = {}
        walked: set[str] = set()
        waiting = ["/docs"]
        while waiting:
            address = waiting.pop()
            walked.add(address)
            read = Read((await _asked(site, known, address)).text)
            assert len(read.ids) == len(set(read.ids)), address
            for link in read.links:
                if OFFSITE.match(link):
                    continue
                target, _, part = urljoin(address, link).partition("#")
                answer = await _asked(site, known, target)
                assert answer.status_code == 200, f"{address} leads to {link}"
                if "html" in answer.headers["content-type"]:
                    assert not part or part in Read(answer.text).ids, f"{address} leads to {link}"
                    waiting += {target} - walked - set(waiting) if target.startswith("/docs") else set()
        pages = {"/docs" if name == "README" else f"/docs/{name}" for name in MARKDOWN}
        assert pages | {"/docs/python", "/docs/javascript", "/docs/api"} <= walked


async def _asked(site: httpx.AsyncClient, known: dict[str, httpx.Response], address: str) -> httpx.Response:
    if address not in known:
        known[address] = await site.get(address)
    return known[address]


@pytest.mark.anyio
async def test_a_page_runs_nothing_and_asks_nobody_else() -> None:
    async with tiny.client(tiny.make()) as site:
        for name in MARKDOWN:
            answer = await site.get(f"/docs/{name}")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            read = Read(answer.text)
            assert not read.tags & {"script", "style", "iframe", "object", "form"}
            assert not {one for one in read.attributes if one.startswith("on")} | {"style"} & read.attributes
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';")


@pytest.mark.anyio
@pytest.mark.parametrize("address", ["/docs/nothing", "/docs/nothing.md", "/docs/nothing.svg", "/docs/states/none.svg",
                                     "/docs/..%2fREADME", "/docs/states/..%2f..%2fREADME.md"])  # fmt: skip
async def test_what_is_not_there_is_a_problem_like_any_other(address: str) -> None:
    async with tiny.client(tiny.make()) as site:
        answer = await site.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.anyio
async def test_programs_find_the_same_pages_as_markdown() -> None:
    async with tiny.client(tiny.make()) as site:
        listed = (await site.get("/llms.txt")).text
        assert listed.startswith("# Restock\n\n> ")
        addresses = re.findall(r"^- \[.+\]\((.+)\): .+$", listed, flags=re.MULTILINE)
        assert len(addresses) == sum(map(len, guides.groups().values()))
        for address in addresses:
            answer = await site.get(address)
            assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
            assert answer.text.startswith("# ")


def test_the_index_names_every_page_once() -> None:
    assert list(guides.groups()) == ["Start", "Concepts", "Connect", "Money", "Operate", "Reference"]
    named = [entry.name for entries in guides.groups().values() for entry in entries]
    assert sorted([*named, "README"]) == sorted([*MARKDOWN, "python", "javascript"])


def test_links_work_on_a_code_host_too() -> None:
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "sdk_py" / "README.md", ROOT / "sdk_js" / "README.md"]:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\((?![a-z]+:)([^)#]*)", text):
            assert not target or (path.parent / target).exists(), f"{path.name}: {target}"


def test_raw_html_stays_text() -> None:
    page = markdown.render("# A\n\n<script>1</script>\n\n<b>x</b> [x](javascript:1) `<i>`\n\n| a |\n|:-:|\n| 1 |", str)
    assert not {"script", "b", "i"} & Read(page.body).tags
    assert "javascript:" not in " ".join(Read(page.body).links)
    assert "style" not in Read(page.body).attributes


def test_headings_are_named_as_code_hosts_name_them() -> None:
    page = markdown.render("# A `b` c\n\n## What's due?\n\n## 1. A key and a client\n\n## What's due?\n", str)
    assert [heading.id for heading in page.headings] == ["a-b-c", "whats-due", "1-a-key-and-a-client", "whats-due-1"]


def test_the_states_are_drawn_as_their_tables_have_them() -> None:
    for path, text in diagrams.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"run python -m tests.diagrams: {path.name}"
    shown = diagrams.PLACE.findall((ROOT / "docs" / "concepts.md").read_text(encoding="utf-8"))
    assert sorted(noun for _, noun in shown) == sorted(diagrams.NOUNS)
    assert {path.stem for path in (ROOT / "docs" / "states").iterdir()} == set(diagrams.NOUNS)


def test_a_diagram_has_every_state_and_every_move_once() -> None:
    for noun, moves in diagrams.NOUNS.items():
        drawn = ET.fromstring(diagrams.svg(noun, moves))  # noqa: S314 - ours
        named = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
        assert set(map(str, moves)) <= set(named), noun
        steps = sum(len(targets - {source}) for source, targets in moves.items())
        heads = [one.get("class") for one in drawn.iter("{http://www.w3.org/2000/svg}path")]
        chips = sum(max(0, len([t for t in targets if not moves[t] - {t}]) - 1) for targets in moves.values())
        assert sum(kind in {"h", "hb"} for kind in heads) - 1 == steps - chips, noun


def test_the_wheel_carries_the_guides() -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    builder = wheel.WheelBuilder(str(ROOT))
    forced = builder.recurse_forced_files(builder.config.get_force_include())
    carried = {Path(file.distribution_path).as_posix() for file in forced}
    assert {f"gateway/docs/{path.removeprefix('docs/')}" for path in guides.sources()} <= carried
