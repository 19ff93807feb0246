import { css } from "lit";

/** The chart, the slider and the steps of the offer; two columns where there is room. */
export const offerStyle = css`
  .columns { padding: 0 !important; }
  .columns section { padding: var(--pad); border-block-start: 1px solid var(--line); }
  .columns > :first-child > section:first-child { border-block-start: 0; }
  .limit .row { margin-block-start: 8px; }
  .center { text-align: center; }
  .counted { list-style: decimal; padding-inline-start: 20px; }
  ul.soft { list-style: disc; padding-inline-start: 20px; }

  .forecast { position: relative; }
  .forecast .numbers > summary { position: absolute; inset-block-start: var(--pad); inset-inline-end: var(--pad); }
  .forecast .figure { margin-inline-end: 4px; }
  .plot { display: flex; gap: 8px; direction: ltr; }
  .axis { width: 40px; flex: none; }
  .window { flex: 1; min-width: 0; clip-path: inset(0 -48px 0 0); }
  .days { width: 100%; display: block; overflow: visible; }
  text { font: 12px/18px var(--text); fill: var(--ink-2); font-variant-numeric: tabular-nums; }
  text.ahead { fill: var(--brass-text); font-weight: 600; }
  .grid { stroke: var(--line); }
  .foot { stroke: var(--control); }
  .bar { fill: var(--bar); }
  .bar.now { fill: var(--petrol); }
  .band { stroke: var(--brass); }
  .median { stroke: var(--brass-text); stroke-width: 2; }
  .today { stroke: var(--ink-2); stroke-dasharray: 2 3; stroke-linecap: butt; }
  .legend { font-size: 13px; line-height: 20px; color: var(--ink-2); gap: 4px 16px; }
  .legend li { display: flex; align-items: center; gap: 8px; }

  .sum { display: grid; grid-template-columns: 44px 1fr 44px; gap: 12px; }
  .step, .landmarks button { border: 1px solid var(--control); border-radius: min(8px, var(--radius)); background: none; color: var(--petrol); padding: 0; }
  .step { width: 44px; height: 44px; display: grid; place-items: center; }
  .step:hover, .landmarks button:hover { background: var(--tint); }
  .typed { display: flex; justify-content: center; align-items: baseline; border-block-end: 2px solid var(--control); min-width: 0; }
  .typed input { border: 0; padding: 0; background: none; font: inherit; text-align: start; min-width: 0; field-sizing: content; max-width: 100%; }
  .typed:focus-within { border-color: var(--brass); }
  .slider { position: relative; height: 44px; }
  .slider input { position: absolute; inset: 0; width: 100%; height: 44px; opacity: 0; cursor: pointer; touch-action: pan-y; }
  .slider input, ::-webkit-slider-thumb { appearance: none; }
  ::-webkit-slider-thumb { width: 32px; height: 44px; }
  ::-moz-range-thumb { width: 32px; height: 44px; border: 0; }
  .slider > svg { position: absolute; inset-block: 4px auto; inset-inline: 16px; width: calc(100% - 32px); height: 36px; overflow: visible; pointer-events: none; }
  .slider .edge .body { stroke: var(--surface); stroke-width: 3; paint-order: stroke; }
  .slider .ring { fill: none; stroke: none; }
  .slider input:focus-visible + svg .ring { stroke: var(--brass); stroke-width: 3; }
  .landmarks { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 8px; }
  .landmarks button { min-height: 50px; color: var(--ink-2); font-size: 13px; line-height: 20px; }
  .landmarks b { display: block; color: var(--ink); font-weight: 600; }
  .landmarks [aria-pressed="true"] { background: var(--tint); border: 2px solid var(--petrol); color: var(--petrol); }
  .landmarks [aria-pressed="true"] b { color: var(--petrol); }

  .held { color: var(--ink-2); display: inline-flex; align-items: center; gap: 6px; font-size: 13px; }
  .held .icon { width: 16px; height: 16px; }
  .held.soon, .held.over { color: var(--brass-text); font-weight: 600; }
  .waiting { opacity: 0.5; }
  .line details p { text-align: start; max-width: 44ch; }
  details ul { display: grid; gap: 8px; padding-block: 8px; }
  .press { padding-block-start: 12px; background: var(--surface); }
  .whole { white-space: nowrap; }
  .terms p { font-size: 13px; line-height: 20px; }

  .steps li { display: grid; grid-template-columns: 20px 1fr; column-gap: 12px; min-height: 58px; position: relative; color: var(--ink-2); }
  .steps .icon { color: var(--control); z-index: 1; background: var(--surface); height: 24px; }
  .steps .done .icon { color: var(--petrol); }
  .steps :is(.now, .doubt) .icon { color: var(--brass); }
  .steps .name { color: var(--ink); }
  .steps .now .name { font-weight: 600; }
  .steps small { grid-column: 2; }
  .steps li:not(:last-child)::before { content: ""; position: absolute; inset-block: 22px 0; inset-inline-start: 9px; border-inline-start: 2px solid var(--control); }
  .steps li.done::before { border-color: var(--petrol) !important; }
  .steps li:last-child { min-height: 0; }

  @container (max-width: 359px) { .days { width: calc(100% * 28 / 21); margin-inline-start: calc(-100% * 7 / 21); } }
  @container (max-width: 479px) { .press { position: sticky; inset-block-end: 0; z-index: 2; } }
  @container (min-width: 720px) {
    .columns { display: grid; grid-template-columns: 55fr 45fr; }
    .columns > :last-child { border-inline-start: 1px solid var(--line); }
    .columns > * > section:first-child { border-block-start: 0; }
  }
`;
