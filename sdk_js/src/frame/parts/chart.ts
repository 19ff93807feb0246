import { html, nothing, svg, type TemplateResult } from "lit";
import { picture } from "../model/forecast.js";
import type { Summary } from "../model/summary.js";
import type { Said } from "../said.js";
import { hatch } from "./beam.js";
import { figure, numbers } from "./parts.js";

const TOP = 26;
const HEIGHT = 126;
const BOTTOM = TOP + HEIGHT;
const SLOTS = 28;
const AHEAD = 7;
const MONDAY = 1;
const of = (slots: number): string => `${Math.round((slots / SLOTS) * 10_000) / 100}%`;

/** Days past as bars, the week ahead as a stepped band with its median; from 0, with its numbers as a table. */
export function chart(said: Said, summary: Summary): TemplateResult {
  const { words } = said;
  const { past, ahead, running, ticks } = picture(summary);
  const week = summary.forecast!.forecast_7;
  const most = ticks.at(-1)!;
  const y = (amount: number) => BOTTOM - (Math.max(0, amount) / most) * HEIGHT;
  const today = SLOTS - AHEAD;
  const first = today - past.length + (running ? 1 : 0);
  const between = words.forecast(said.about(week.p10_amount), said.about(week.p90_amount));
  const table = [
    ...past.map(({ on, amount }) => [said.day(on), said.cost(amount), ""]),
    ...ahead.map(({ on, low, likely, high }) => [said.day(on), said.cost(likely), `${said.about(low)}–${said.about(high)}`]),
  ];
  return html`<section class="stack forecast">
    <div><p class="soft">${words.sales_ahead}</p>
    <p class="row">${figure(said, Math.round(week.p50_amount / said.unit) * said.unit, "small")}<span class="soft">${between}</span></p></div>
    ${numbers(said, `${words.legend[0]} · ${words.week_ahead}`, words.heads, table)}
    <div class="plot">
      <svg class="axis" aria-hidden="true" height=${BOTTOM + 26}>${ticks.map(
        (tick) => svg`<text x="100%" y=${y(tick) + 4} text-anchor="end">${said.number(tick / said.unit)}</text>`,
      )}</svg>
      <div class="window"><svg class="days" role="img" height=${BOTTOM + 26} aria-label="${words.sales_ahead} ${said.about(week.p50_amount)}, ${between}">
        ${hatch()}${ticks.map((tick) => svg`<line class=${tick ? "grid" : "foot"} x2="100%" y1=${y(tick)} y2=${y(tick)} />`)}
        ${past.map(
          ({ on, amount, today: now }, n) => svg`<rect class=${now ? "bar now" : "bar"} x=${of(first + n + 0.1)} width=${of(0.8)} y=${y(amount)}
            height=${BOTTOM - y(amount)} rx="1.500"/>${monday(on) ? svg`<text x=${of(first + n + 0.5)} y=${BOTTOM + 20} text-anchor="middle">${said.day(on)}</text>` : nothing}`,
        )}
        ${ahead.map(
          ({ low, high }, n) => svg`<rect class="band" x=${of(today + n)} width=${of(1)} y=${y(high)} height=${Math.max(1, y(low) - y(high))} fill="url(#hatch)"/>`,
        )}
        ${ahead.map(({ likely }, n) => {
          const [at, before] = [of(today + n), ahead[n - 1]?.likely ?? likely];
          return svg`<line class="median" x1=${at} x2=${at} y1=${y(before)} y2=${y(likely)}/><line class="median" x1=${at} x2=${of(today + n + 1)} y1=${y(likely)} y2=${y(likely)}/>`;
        })}
        <line class="today" x1=${of(today)} x2=${of(today)} y1="6" y2=${BOTTOM}/>
        <svg x=${of(today)} y="0" overflow="visible"><text x="-6" y="14" text-anchor="end">${words.today}</text><text class="ahead" x="6" y="14">${words.week_ahead}</text></svg>
      </svg></div>
    </div>
    <ul class="legend row" aria-hidden="true">${words.legend.slice(0, ahead.length ? 3 : 1).map((word, n) => html`<li>${key(n)}${word}</li>`)}</ul>
  </section>`;
}

const monday = (on: string): boolean => new Date(on).getUTCDay() === MONDAY;
const KEYS = [
  svg`<rect class="bar" x="8" width="8" height="12"/>`,
  svg`<rect class="band" x=".5" y=".5" width="19" height="11" fill="url(#hatch)"/>`,
  svg`<line class="median" x1="1" x2="19" y1="6" y2="6"/>`,
];
const key = (n: number): TemplateResult => html`<svg width="20" height="12">${n === 1 ? hatch() : nothing}${KEYS[n]}</svg>`;
