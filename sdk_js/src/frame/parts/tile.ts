import { html, type TemplateResult } from "lit";
import type { Tone } from "../model/badges.js";
import type { Summary } from "../model/summary.js";
import { tileState } from "../model/standing.js";
import type { Said } from "../said.js";
import type { Around } from "../words/both.js";
import { type Icon, icon } from "./icons.js";
import type { Content } from "./parts.js";
import { openDays, reasonOf } from "./stopped.js";

/** What one line says: its icon, its title with a figure in it, why, and where a press leads. */
interface Line {
  tone: Tone;
  icon: Icon;
  name: Content;
  why: Content;
  to: "offer" | "manage";
}

const around = ([before, figure, after]: Around): Content => html`${before} <b>${figure}</b> ${after}`;

/** What the tile says of a summary; nothing when there is nothing to say. */
export function lineOf(said: Said, summary: Summary): Line | undefined {
  const { words, limit, day } = said;
  const state = tileState(summary);
  const offer = summary.offer;
  const why = offer?.reasons[0] ? reasonOf(said, offer.reasons[0]) : "";
  if ("drawdown" in state) return ofDrawdown(said, state);
  if ("moved" in state) {
    const { up, amount, reason } = state.moved;
    const change = html`<span class="tag ${up ? "petrol" : "neutral"}">${(up ? words.up : words.down)(limit(amount))}</span>`;
    const name = html`${around(words.tile_moved(limit(offer!.available_amount)))}${change}`;
    return { tone: up ? "petrol" : "neutral", icon: up ? "up" : "down", name, why: reason ? reasonOf(said, reason) : words.tile_reason, to: "offer" };
  }
  const neutral = (name: Content, why: Content, icon: Icon): Line => ({ tone: "neutral", icon, name, why, to: "offer" });
  switch (state.kind) {
    case "offer":
      return { tone: "petrol", icon: "weight", name: around(words.tile(limit(offer!.available_amount))), why: words.tile_reason, to: "offer" };
    case "used": return neutral(words.tile_used, words.tile_used_reason, "full");
    case "stale": return neutral(words.tile_stale(summary.data_as_of ? day(summary.data_as_of) : "–"), words.tile_stale_reason, "offline");
    case "frozen": return neutral(words.frozen, why, "pause");
    case "declined": return neutral(words.tile_declined, words.tile_declined_reason(offer!.reasons.length), "stop");
    case "thin": {
      const { count, needed, left } = openDays(summary);
      return neutral(words.tile_thin(left), words.tile_thin_reason(count, needed), "calendar");
    }
  }
  return undefined;
}

function ofDrawdown(said: Said, { kind, drawdown }: Extract<ReturnType<typeof tileState>, { drawdown: unknown }>): Line {
  const { words, limit, cost, day } = said;
  const line = (tone: Tone, icon: Icon, name: Around, why: string, to: Line["to"] = "manage"): Line => ({ tone, icon, name: around(name), why, to });
  const { amount, bank, interval } = drawdown;
  switch (kind) {
    case "in_doubt": return line("doubt", "doubt", words.tile_in_doubt(limit(amount)), words.tile_in_doubt_reason, "offer");
    case "confirm": return line("petrol", "dotted", words.tile_confirm(limit(amount)), words.tile_confirm_reason, "offer");
    case "late": return line("brick", "warn", words.tile_late(cost(drawdown.past_due_amount), drawdown.past_due_days), words.tile_late_reason);
    case "short": return line("brass", "warn", words.tile_short(cost(interval?.remaining_amount ?? 0), interval ? day(interval.due_on) : ""), words.tile_short_reason);
    case "pending": {
      const approved = drawdown.state !== "requested" && drawdown.state !== "reviewing";
      const due = drawdown.expected_on ? words.tile_expected(day(drawdown.expected_on)) : "";
      return line("petrol", approved ? "most" : "ring", words.tile_pending(limit(amount)), (approved ? words.tile_approved : words.tile_asked)(bank.name) + due, "offer");
    }
    case "repaying": {
      const share = Math.floor((100 * drawdown.repaid_amount) / Math.max(1, drawdown.repaid_amount + drawdown.outstanding_amount));
      return line("petrol", "weight", words.tile_repaying(cost(drawdown.outstanding_amount)), words.tile_repaid(`${share}%`));
    }
  }
}

/** The tile of a line. */
export const pressed = (line: Line, press: (to: string) => void): TemplateResult => html`<div class="card"><button class="tile" type="button" @click=${() => press(line.to)}>
    <span class="box ${line.tone}">${icon(line.icon)}</span>
    <span class="text"><span class="name">${line.name}</span><span class="why">${line.why}</span></span>
    ${icon("chevron")}
  </button></div>`;
