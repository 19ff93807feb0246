"""docs/states/*.svg and the lists of moves in docs/concepts.md, from the MOVES tables: `python -m tests.diagrams`.

States stand below each other, each below all it can follow. A move to the next one is an arrow down; any other is an
arc at the left, in a lane of its own where it would run beside another. Where a state ends stands at its right.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import (
    agreements,
    alerts,
    arrangements,
    authorities,
    changes,
    connections,
    consents,
    deliveries,
    drawdowns,
    erasures,
    mandates,
    merchants,
    notices,
    offers,
    remittances,
    repayments,
    reviews,
    schedules,
    webhooks,
)  # fmt: skip
from tests.catalogues import DOCS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NOUNS: dict[str, Mapping[Any, frozenset[Any]]] = {
    "merchant": merchants.MOVES, "consent": consents.MOVES, "erasure": erasures.MOVES, "connection": connections.MOVES,
    "offer": offers.MOVES, "notice": notices.MOVES, "authority": authorities.MOVES, "change": changes.MOVES,
    "drawdown": drawdowns.MOVES, "review": reviews.MOVES, "agreement": agreements.MOVES, "mandate": mandates.MOVES,
    "repayment": repayments.MOVES, "remittance": remittances.MOVES, "health": schedules.MOVES,
    "arrangement": arrangements.MOVES, "alert": alerts.MOVES, "webhook": webhooks.MOVES, "delivery": deliveries.MOVES,
}  # fmt: skip
"""What an integrator meets, in the order a loan lives."""
PLACE = re.compile(r"^(!\[[^\]]*\]\(states/(\w+)\.svg\)\n)\n*(?:- .*\n)*\n*", flags=re.MULTILINE)

BOX_HEIGHT, ROW, LANE, EDGE, LETTER, CHIP_LETTER = 38, 66, 20, 24, 8.9, 7.3
STYLE = """
    .bg{fill:#F1F5F5}.box{fill:#FFFFFF;stroke:#0B5563;stroke-width:1.5}.end{fill:#DDEDEF}
    .ink{fill:#0E2024}.ink2,.h{fill:#465A5E}.l{stroke:#465A5E;stroke-width:1.6;fill:none}
    .back{stroke:#A66A00;stroke-dasharray:5 4}.hb{fill:#A66A00}
    @media (prefers-color-scheme:dark){.bg{fill:#0A1315}.box{fill:#111D20;stroke:#74C9D5}.end{fill:#12363E}
      .ink{fill:#E9F1F2}.ink2,.h{fill:#A6B9BD}.l{stroke:#A6B9BD}.back{stroke:#DFA53A}.hb{fill:#DFA53A}}
"""


class Arc(msgspec.Struct):
    """A move between rows that do not follow each other, or back up; `both`: and the way back."""

    source: int
    target: int
    both: bool
    lane: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """Its upper and its lower row."""
        return min(self.source, self.target), max(self.source, self.target)


def pages() -> dict[Path, str]:
    """The files this version should have."""
    drawn = {DOCS / "states" / f"{noun}.svg": svg(noun, moves) for noun, moves in NOUNS.items()}
    concepts = (DOCS / "concepts.md").read_text(encoding="utf-8")
    filled = PLACE.sub(lambda place: f"{place[1]}\n{listed(NOUNS[place[2]])}\n", concepts + "\n")
    return drawn | {DOCS / "concepts.md": filled.rstrip() + "\n"}


def listed(moves: Mapping[Any, frozenset[Any]]) -> str:
    """The moves in words."""
    return "".join(_lines(moves))


def _lines(moves: Mapping[Any, frozenset[Any]]) -> Iterable[str]:
    for source in _ordered(moves):
        targets = ", ".join(f"`{target}`" for target in moves if target in moves[source])
        yield f"- `{source}` → {targets}\n"


def _ordered(moves: Mapping[Any, frozenset[Any]]) -> list[Any]:
    """The states that something follows, each below all that lead to it; moves that lead back count for nothing."""
    states, seen, finished = list(moves), set[Any](), list[Any]()
    forward: dict[Any, list[Any]] = {state: [] for state in states}

    def visit(state: Any) -> None:
        seen.add(state)
        for target in states:
            if target in moves[state] and (target in finished or target not in seen):
                forward[state].append(target)
                if target not in seen:
                    visit(target)
        finished.append(state)

    for state in states:
        if state not in seen:
            visit(state)
    depth = dict.fromkeys(states, 0)
    for state in reversed(finished):
        for target in forward[state]:
            depth[target] = max(depth[target], depth[state] + 1)
    going = (state for state in states if moves[state] - {state})
    return sorted(going, key=lambda state: (depth[state], states.index(state)))


def svg(noun: str, moves: Mapping[Any, frozenset[Any]]) -> str:
    """The diagram of one noun."""
    rows = _ordered(moves)
    arcs = _arcs(rows, moves)
    left = 24 + (LANE * (1 + max(arc.lane for arc in arcs)) + 10 if arcs else 0)
    width = round(max(len(str(state)) for state in rows) * LETTER + 34)
    parts = [*_downs(rows, moves, left + width / 2), *_drawn(arcs, left)]
    right: float = left + width
    for number, state in enumerate(rows):
        parts += _box(left, _y(number), width, str(state))
        ends = [target for target in moves if target in moves[state] and target not in rows]
        chips, reach = _chips(left + width, _y(number), list(map(str, ends)))
        parts, right = parts + chips, max(right, reach)
    says = ["At the right: where it ends."] if right > left + width else []
    says += ["Dashed: a way back."] if " back" in "".join(parts) else []
    height = _y(len(rows) - 1) + BOX_HEIGHT + (30 if says else 22)
    for line in says:
        parts.append(_text(24, height, line, "ink2", 13))
        height += 19
    whole = max(right + 24, 280)
    words = f"{noun}: " + "; ".join(line.removeprefix("- ").strip().replace("`", "") for line in _lines(moves))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="{height + 2:.0f}" '
        f'viewBox="0 0 {whole:.0f} {height + 2:.0f}" role="img" aria-labelledby="t d" '
        "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif\">\n"
        f'<title id="t">States: {noun}</title>\n<desc id="d">{words}</desc>\n<style>{STYLE}</style>\n'
        f'<rect class="bg" width="{whole:.0f}" height="{height + 2:.0f}" rx="12"/>\n'
    )
    return head + "\n".join([_start(left + width / 2), *parts]) + "\n</svg>\n"


def _arcs(rows: list[Any], moves: Mapping[Any, frozenset[Any]]) -> list[Arc]:
    """The moves that are no step to a neighbour, the shortest first, longer ones in lanes further out."""
    found: list[Arc] = []
    for upper, source in enumerate(rows):
        for lower in range(upper + 2, len(rows)):
            down, up = rows[lower] in moves[source], source in moves[rows[lower]]
            if down or up:
                found.append(Arc(upper, lower, both=up) if down else Arc(lower, upper, both=False))
    found.sort(key=lambda arc: (arc.span[1] - arc.span[0], arc.span))
    for number, arc in enumerate(found):
        beside = [other.lane for other in found[:number] if other.span[0] < arc.span[1] and arc.span[0] < other.span[1]]
        arc.lane = 1 + max(beside, default=-1)
    return found


def _ports(arcs: list[Arc]) -> dict[tuple[int, int], float]:
    """(arc, row) → how far from the middle of its box an arc meets it, so that arcs neither meet nor cross there."""
    found: dict[tuple[int, int], float] = {}
    for row in {end for arc in arcs for end in arc.span}:
        up = [(arc.lane, number) for number, arc in enumerate(arcs) if arc.span[1] == row]
        down = [(-arc.lane, number) for number, arc in enumerate(arcs) if arc.span[0] == row]
        order = [number for _, number in [*sorted(up), *sorted(down)]]
        gap = min(11.0, 33 / len(order))
        found |= {(number, row): (place - (len(order) - 1) / 2) * gap for place, number in enumerate(order)}
    return found


def _drawn(arcs: list[Arc], left: float) -> Iterable[str]:
    ports = _ports(arcs)
    for number, arc in enumerate(arcs):
        upper, lower = (_y(row) + BOX_HEIGHT / 2 + ports[number, row] for row in arc.span)
        lane = left - 24 - arc.lane * LANE
        back = arc.target < arc.source
        line = f"M{left:.0f} {upper:.1f}H{lane + 7:.0f}q-7 0 -7 7V{lower - 7:.1f}q0 7 7 7H{left:.0f}"
        yield f'<path class="l{" back" if back else ""}" d="{line}"/>'
        heads = [upper, lower] if arc.both else [upper if back else lower]
        yield from (_head(left, at, "right", back=back) for at in heads)


def _downs(rows: list[Any], moves: Mapping[Any, frozenset[Any]], x: float) -> Iterable[str]:
    """The steps between neighbours."""
    for number, (upper, lower) in enumerate(pairwise(rows)):
        down, up = lower in moves[upper], upper in moves[lower]
        start, end = _y(number) + BOX_HEIGHT, _y(number + 1)
        if down or up:
            yield f'<path class="l{"" if down else " back"}" d="M{x:.0f} {start}V{end}"/>'
        if down:
            yield _head(x, end, "down", back=False)
        if up:
            yield _head(x, start, "up", back=not down)


def _chips(x: float, y: float, ends: list[str]) -> tuple[list[str], float]:
    """The states in which it ends, and how far to the right they reach."""
    if not ends:
        return [], x
    middle = y + BOX_HEIGHT / 2
    parts = [f'<path class="l" d="M{x:.0f} {middle}h{EDGE}"/>', _head(x + EDGE, middle, "right", back=False)]
    at = x + EDGE + 1
    for end in ends:
        width = len(end) * CHIP_LETTER + 22
        parts.append(f'<rect class="end" x="{at:.1f}" y="{middle - 14}" width="{width:.1f}" height="28" rx="14"/>')
        parts.append(_text(at + width / 2, middle + 5, end, "ink", 14, anchor="middle"))
        at += width + 6
    return parts, at - 6


def _box(x: float, y: float, width: float, name: str) -> list[str]:
    box = f'<rect class="box" x="{x:.0f}" y="{y}" width="{width}" height="{BOX_HEIGHT}" rx="9"/>'
    return [box, _text(x + width / 2, y + 24.5, name, "ink", 15.5, anchor="middle", weight="600")]


def _text(x: float, y: float, words: str, kind: str, size: float, **more: str) -> str:
    names = {"anchor": "text-anchor", "weight": "font-weight"}
    written = "".join(f' {names[name]}="{value}"' for name, value in more.items())
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size}"{written}>{words}</text>'


def _head(x: float, y: float, way: str, *, back: bool) -> str:
    shapes = {"right": "l-8 -4.5v9z", "down": "l-4.5 -8h9z", "up": "l-4.5 8h9z"}
    return f'<path class="{"hb" if back else "h"}" d="M{x:.1f} {y:.1f}{shapes[way]}"/>'


def _start(x: float) -> str:
    return f'<circle class="h" cx="{x:.0f}" cy="18" r="5"/><path class="l" d="M{x:.0f} 18V{_y(0)}"/>' + _head(
        x, _y(0), "down", back=False
    )


def _y(row: int) -> int:
    return 44 + row * ROW


if __name__ == "__main__":
    (DOCS / "states").mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
