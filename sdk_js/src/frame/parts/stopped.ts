import { html, nothing, type TemplateResult } from "lit";
import type { Schemas } from "../../client/client.js";
import { stars } from "../model/beam.js";
import type { Reason, Summary } from "../model/summary.js";
import type { OfferState } from "../model/standing.js";
import type { Said } from "../said.js";
import { beam } from "./beam.js";
import { type Content, notice } from "./parts.js";

const WEEK = 7;
const NEEDED = 28;
/** How many ways to change a refusal are shown. */
const WAYS = 3;

/** A reason in the merchant's language. */
export const reasonOf = ({ locale }: Said, { text }: Pick<Reason, "text">): string => (locale === "en" ? text.en : text.zh);

/** How many open days there are, and how many are needed. */
export function openDays(summary: Summary): { count: number; needed: number; left: number } {
  const needed = summary.trading_days_needed_count ?? NEEDED;
  const count = Math.min(needed, summary.trading_days_count ?? (summary.past ?? []).filter(({ net_amount }) => net_amount > 0).length);
  return { count, needed, left: Math.max(1, needed - count) };
}

/** Why nothing can be borrowed now, what would change it, and what stays as it is. */
export function stopped(said: Said, summary: Summary, state: Exclude<OfferState, "open">, decision?: Schemas["DecisionView"]): TemplateResult {
  const { words } = said;
  const reasons = summary.offer?.reasons ?? [];
  const why = reasons[0] ? reasonOf(said, reasons[0]) : nothing;
  switch (state) {
    case "stale":
      return box(notice("brass", "offline", words.stale(summary.data_as_of ? said.day(summary.data_as_of) : "–"), words.stale_body));
    case "frozen":
      return box(notice("neutral", "pause", words.frozen, why));
    case "used":
      return box(notice("neutral", "full", words.used, words.used_body));
    case "none":
      return box(notice("neutral", "stop", words.none, words.no_need));
    case "thin":
      return thin(said, summary);
    case "declined": {
      const ways = (decision?.counterfactuals ?? []).slice(0, WAYS);
      const list = html`<ol class=${reasons.length > 1 ? "counted" : ""}>${reasons.map((one) => html`<li>${reasonOf(said, one)}</li>`)}</ol>`;
      return box(
        notice("neutral", "stop", words.declined(reasons.length), list),
        ways.length
          ? html`<div><h3>${words.change}</h3><ul class="soft">${ways.map((way) => html`<li>${reasonOf(said, way)}: ${words.would(said.limit(way.limit_amount))}</li>`)}</ul></div>`
          : nothing,
        html`<p class="soft">${words.no_need}</p>`,
      );
    }
  }
}

const box = (...content: Content[]): TemplateResult => html`<section class="stack">${content}</section>`;

function thin(said: Said, summary: Summary): TemplateResult {
  const { words } = said;
  const { count, needed, left } = openDays(summary);
  const title = words.thin(left);
  return box(
    html`<h3>${title}</h3>`,
    html`<p><span class="figure middle">${count}</span><b class="soft">${words.open_days(needed)}</b></p>`,
    beam(needed, count, 0, stars(0, needed, 1, WEEK), title),
    html`<p class="soft">${words.thin_body}</p>`,
  );
}
