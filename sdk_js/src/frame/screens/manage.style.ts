import { css } from "lit";

/** What only the manage screen needs. */
export const manageStyle = css`
  .card > .loan { padding: 0; }
  .loan > div > * { padding: var(--pad); border-block-start: 1px solid var(--line); }
  .loan > :first-child > :first-child { border-block-start: 0; }
  .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; line-height: 20px; }
  .legend span { display: inline-flex; align-items: center; gap: 6px; }
  i { width: 12px; height: 12px; border: 1px solid var(--petrol); border-radius: 3px; }
  i.done { background: var(--petrol); }
  i.coming { background: repeating-linear-gradient(135deg, var(--tint) 0 2px, var(--petrol) 2px 3.500px); }
  i.band { border-color: var(--brass); background: repeating-linear-gradient(135deg, var(--brass-tint) 0 2px, var(--brass) 2px 3.500px); }
  i.rebate { display: none; }
  i.actual, i.planned { width: 16px; height: 0; border: 0; border-block-start: 2.500px solid var(--petrol); border-radius: 0; }
  i.planned { border-block-start: 2px dashed var(--control); }
  .loan > div > .halves { display: flex; padding: 0; }
  .halves > div { flex: 1; padding: 16px 12px; min-width: 0; }
  .halves > :first-child { padding-inline-start: var(--pad); }
  .halves > :last-child { padding-inline-end: var(--pad); }
  .days + .link { margin-block-start: 8px; }
  .halves > div + div { border-inline-start: 1px solid var(--line); }
  .halves p:first-child { font-size: 13px; line-height: 20px; color: var(--ink-2); }
  .loan > div > .strip { display: flex; gap: 8px; padding-block: 10px; border: 0; color: var(--ink); }
  .strip.leaf .icon { color: var(--leaf); }
  .strip.neutral { background: var(--sunken); }

  .chart { display: block; width: 100%; overflow: visible; margin-block: 12px 8px; }
  .chart text { font-size: 12px; fill: var(--ink-2); }
  .chart .mark { stroke: var(--line); }
  .chart path { fill: none; stroke: var(--petrol); stroke-width: 2.500; stroke-linejoin: round; }
  .chart .planned { stroke: var(--control); stroke-width: 1.500; stroke-dasharray: 4 3; }
  .chart .band { fill: url(#hatch); stroke: var(--brass); stroke-width: 1; }
  .chart pattern path { stroke-width: 2; }
  .chart pattern .ground { fill: var(--brass-tint); stroke: none; }
  .chart pattern .stroke { stroke: var(--brass); }
  .now { fill: var(--petrol); stroke: var(--surface); stroke-width: 2; }

  .days { font-size: inherit; margin-block-start: 4px; }
  .days tbody th { white-space: nowrap; }
  .days tbody tr:last-child > * { border: 0; }
  fieldset { border: 0; margin: 0; padding: 0; }
  .choice { display: flex; gap: 12px; padding: 11px 12px; border: 1px solid var(--control); border-radius: 8px; }
  .choice:has(:checked) { border-color: var(--petrol); background: var(--tint); }
  .choice input { accent-color: var(--petrol); width: 20px; height: 20px; }
  .field { color: var(--ink-2); }
  .field input { width: 100%; border: 0; border-block-end: 2px solid var(--control); background: none; color: var(--ink); padding: 4px 0; }
  .wrong { color: var(--brick); }
  [tabindex="-1"]:focus { outline: none; }
  code { font: 600 20px/26px ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; text-align: center; }
  .center { display: grid; justify-items: center; gap: 8px; text-align: center; }
  .center .icon { width: 32px; height: 32px; }
  .center h2 { font-size: 17px; }
  .one { display: flex; align-items: center; gap: 8px; width: 100%; min-height: 64px; padding: 8px 0; border: 0; border-block-start: 1px solid var(--line); background: none; text-align: start; }
  .one > :first-child { flex: 1; }
  .one b, .one small { display: block; font-weight: 600; }
  .one small { font-weight: 400; }
  .badges { justify-content: flex-end; gap: 4px; }
  .head h2 { white-space: nowrap; }
  .note { text-align: center; }
  .pair > :only-child { grid-column: 1 / -1; }

  @container (max-width: 359px) { .days .tag .icon { display: none; } }
  @container (min-width: 720px) {
    .loan { display: grid; grid-template: auto 1fr / 1fr 1fr; }
    .flow { grid-area: 1 / 2 / 3; border-inline-start: 1px solid var(--line); }
    .loan > .flow > :first-child { border: 0; }
  }
`;
