import { html, nothing, svg, type TemplateResult } from "lit";
import type { Tone } from "../model/badges.js";
import { type Day, daysBetween, line, marks, type Progress, rows } from "../model/progress.js";
import type { Said } from "../said.js";
import { hatch } from "./beam.js";
import type { Icon } from "./icons.js";
import { numbers, quiet, tag } from "./parts.js";

const HEIGHT = 146;
const LEFT = 52;
/** Two words along the axis stand at least so far apart. */
const APART = 64;

/** When the loan is likely to be paid off, against the plan. */
export const likely = ({ words: { manage }, date }: Said, { payoff, planned_payoff_on }: Progress): string =>
  payoff ? manage.likely(date(payoff.p50_on), planned_payoff_on ? daysBetween(payoff.p50_on, planned_payoff_on) : 0) : "";

/** What has been repaid against the plan, and between what the rest will come 8 times in 10. `width` in pixels. */
export function chart(said: Said, progress: Progress, total: number, today_on: string, width: number): TemplateResult {
  const { words: { manage }, cost, day, number, unit } = said;
  const end = Math.max(120, width - LEFT - 4);
  const { plan, paid, band, now, first_on, last_on, x, y } = line(progress, total, today_on, end, HEIGHT);
  const today = x(today_on);
  const below = (at: number, text: string, anchor: string) => svg`<text x=${at} y=${HEIGHT + 20} text-anchor=${anchor}>${text}</text>`;
  return html`<svg class="chart" viewBox="${-LEFT} -10 ${end + LEFT + 4} ${HEIGHT + 34}" role="img"
      aria-label="${manage.line}: ${manage.repaid(cost(progress.paid.at(-1)?.amount ?? 0))}. ${likely(said, progress)}">
    ${hatch()}
    ${marks(total, unit).map((amount) => svg`<line class="mark" x2=${end} y1=${y(amount)} y2=${y(amount)} /><text x="-8" y=${y(amount) + 4} text-anchor="end">${number(Math.round(amount / unit))}</text>`)}
    <path class="band" d=${band} /><path class="planned" d=${plan} /><path class="actual" d=${paid} />
    ${now ? svg`<circle class="now" cx=${now[0]} cy=${now[1]} r="5.500" />` : nothing}
    ${today > APART ? below(0, day(first_on), "start") : nothing}
    ${below(Math.min(Math.max(today, 16), end - 16), manage.today, "middle")}
    ${end - today > APART ? below(end, day(last_on), "end") : nothing}
  </svg>
  <p class="legend"><span><i class="actual"></i>${manage.actual}</span><span><i class="planned"></i>${manage.plan}</span>
    ${band ? html`<span><i class="band"></i>${manage.eight}</span>` : nothing}</p>
  ${numbers(said, manage.line, [manage.day, manage.plan, manage.actual, manage.eight], rows(progress).map((row) =>
    [day(row.on), ...[row.amount, row.paid].map((one) => one === undefined ? "" : cost(one)), row.low_amount === undefined ? "" : `${cost(row.low_amount)} – ${cost(row.high_amount!)}`]))}`;
}

const STATES: Record<Day["state"], readonly [Tone, Icon]> = {
  settled: ["leaf", "check"],
  pending: ["petrol", "most"],
  returned: ["brass", "back"],
  carried_over: ["neutral", "stop"],
  canceled: ["neutral", "stop"],
  failed: ["brick", "cross"],
  paused: ["petrol", "pause"],
};
const FEW = 5;

/** What each day's sales repaid, newest first: five days, or `all` there are. */
export function dayTable({ words: { manage }, day, plain }: Said, days: readonly Day[], all: boolean, more: () => void): TemplateResult {
  if (!days.length) return html`<p class="soft">${manage.no_days}</p>`;
  return html`<table class="days">
      <thead><tr>${[manage.day, manage.net, manage.share_paid, manage.status].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${(all ? days : days.slice(0, FEW)).map(({ business_on, net_amount, amount, state }) => html`<tr>
        <th scope="row">${day(business_on)}</th><td>${plain(net_amount)}</td><td><b>${plain(amount)}</b></td>
        <td>${tag(...STATES[state], manage.states[state])}</td></tr>`)}</tbody>
    </table>
    ${all || days.length <= FEW ? nothing : quiet(manage.all_days(days.length), more)}`;
}
