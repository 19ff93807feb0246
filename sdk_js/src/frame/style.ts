import { css } from "lit";

/** The one style sheet of all screens. Parts have a class each; a screen's own styles stand beside it. */
export const style = css`
  * { box-sizing: border-box; }
  :host {
    display: block; container-type: inline-size; color: var(--ink); background: transparent; --pad: 20px;
    font: 400 15px/22px var(--text); font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
  }
  :host(:lang(en)) { font-size: 14px; }
  h2, h3, p, dl, dd, ol, ul, figure { margin: 0; padding: 0; }
  ol, ul { list-style: none; }
  button, input { font: inherit; color: inherit; margin: 0; }
  button { cursor: pointer; transition: background-color 120ms, border-color 120ms; -webkit-tap-highlight-color: transparent; }
  button:disabled { cursor: default; }
  :focus-visible { outline: 3px solid var(--brass); outline-offset: 2px; border-radius: 4px; }
  .card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); }
  .card > * { padding: var(--pad); border-block-start: 1px solid var(--line); }
  .card > :first-child { border-block-start: 0; }
  .stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; }
  .between { justify-content: space-between; }
  .soft, small { color: var(--ink-2); }
  small, .small-text { font-size: 13px; line-height: 20px; }
  h3 { font-size: 15px; line-height: 22px; font-weight: 600; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

  .icon { width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
  .icon .filled { fill: currentColor; stroke: none; }
  .icon .over { stroke: var(--behind, var(--surface)); }
  .icon .dashed { stroke-dasharray: 2.6 3; }
  .weight .body { fill: var(--petrol); stroke: none; }
  .weight .star { fill: var(--star); stroke: none; }

  .head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; padding-block: 12px; min-height: 48px; }
  .head h2 { font-size: 15px; line-height: 22px; font-weight: 600; white-space: nowrap; }
  .head .end { margin-inline-start: auto; color: var(--ink-2); font-size: 13px; line-height: 20px; text-align: end; }

  .figure { font-family: var(--figures); font-weight: 600; }
  .figure.large { font-size: 44px; line-height: 48px; }
  .figure.middle { font-size: 32px; line-height: 38px; }
  .figure.small { font-size: 20px; line-height: 26px; }
  .large .sign, .middle .sign { font-size: 62%; margin-inline-end: 2px; }

  .tag {
    display: inline-flex; align-items: center; gap: 6px; padding: 2px 8px; border: 1px solid transparent; border-radius: 4px;
    font-size: 13px; line-height: 20px; white-space: nowrap; color: var(--ink-2); background: var(--sunken); --behind: var(--sunken);
  }
  .tag .icon { width: 15px; height: 15px; stroke-width: 2; }
  .petrol { color: var(--petrol); background: var(--tint); --behind: var(--tint); }
  .leaf { color: var(--leaf); background: var(--leaf-tint); --behind: var(--leaf-tint); }
  .brass { color: var(--brass-text); background: var(--brass-tint); --behind: var(--brass-tint); }
  .brick { color: var(--brick); background: var(--brick-tint); --behind: var(--brick-tint); }
  .doubt { color: var(--brass-text); background: none; border: 1px dashed var(--brass); }
  .petrol.filled { color: var(--on); background: var(--petrol); --behind: var(--petrol); }
  .leaf.filled { color: var(--surface); background: var(--leaf); --behind: var(--leaf); }
  .brick.filled { color: var(--surface); background: var(--brick); --behind: var(--brick); }

  .notice { display: flex; gap: 12px; padding: 12px; border-radius: 8px; --behind: var(--sunken); }
  .notice > div { flex: 1; min-width: 0; color: var(--ink); }
  .notice strong { font-weight: 600; display: block; }
  .notice .icon { margin-block-start: 1px; }
  .notice.neutral { background: var(--sunken); }

  .line { display: flex; align-items: baseline; gap: 8px; padding-block: 4px; }
  .line dt { flex: 1 0 auto; display: flex; align-items: baseline; gap: 8px; color: var(--ink-2); }
  .line dt::after {
    content: ""; flex: 1; min-width: 16px; height: 3px;
    background: radial-gradient(circle at 1.5px 1.5px, var(--control) 1px, transparent 1.4px) 0 0 / 8px 3px repeat-x; opacity: 0.7;
  }
  .line dd { text-align: end; font-weight: 500; }
  .line dd small { display: block; font-weight: 400; }
  .line.total { margin-block: 8px; padding-block: 8px; border-block: 2px solid var(--ink); border-block-end: 1px solid var(--line); }
  .line.total dt { color: var(--ink); font-weight: 600; }
  .line.total dd { font-weight: 600; }

  .primary, .secondary {
    display: block; width: 100%; min-height: 44px; padding: 8px 12px; border: 1px solid var(--control); border-radius: min(8px, var(--radius));
    background: none; color: var(--petrol); font-weight: 600; text-align: center; text-decoration: none;
  }
  .primary { min-height: 52px; padding: 14px; border-color: transparent; background: var(--petrol); color: var(--on); }
  .primary:hover { background: var(--hover); }
  .secondary:hover { background: var(--tint); }
  .primary:disabled, .secondary:disabled { background: var(--sunken); color: var(--ink-2); }
  .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
  .link { padding: 0; border: 0; background: none; color: var(--petrol); font: inherit; text-decoration: underline; text-underline-offset: 4px; cursor: pointer; }
  .link:hover { color: var(--hover); }
  summary { list-style: none; width: fit-content; }
  summary::-webkit-details-marker { display: none; }
  summary.link { position: relative; }
  summary.link::after, button.link::after { content: ""; position: absolute; inset: -12px -8px; }
  button.link { position: relative; }

  .numbers > summary { font-size: 13px; line-height: 20px; }
  table { width: 100%; border-collapse: collapse; font-size: 13px; line-height: 20px; }
  caption { text-align: start; color: var(--ink-2); padding-block: 8px; }
  th, td { padding: 8px 4px; border-block-end: 1px solid var(--line); font-weight: 400; text-align: end; }
  thead th { color: var(--ink-2); }
  th:first-child { text-align: start; padding-inline-start: 0; }
  td:last-child, th:last-child { padding-inline-end: 0; }

  .beam { display: block; width: calc(100% - 12px); height: 14px; margin-inline: 6px; overflow: visible; }
  :host(:dir(rtl)) :is(.beam, .slider svg) { transform: scaleX(-1); }
  line { stroke-linecap: round; }
  .rim { stroke: var(--control); stroke-width: 13; }
  .rest { stroke: var(--sunken); stroke-width: 11; }
  line.done { stroke: var(--petrol); stroke-width: 13; }
  circle { fill: var(--control); }
  circle.lit { fill: var(--tint); }
  circle.lit.large { fill: var(--star); }
  pattern .ground { fill: var(--brass-tint); }
  pattern .stroke { stroke: var(--brass); stroke-width: 2; }
  pattern.petrol .ground { fill: var(--tint); }
  pattern.petrol .stroke { stroke: var(--petrol); }

  .bones { display: grid; gap: 12px; color: var(--ink-2); font-size: 13px; }
  .bone { display: block; background: var(--bone); border-radius: 4px; height: 16px; }
  .bone.half { width: 50%; }
  .bone.figure { width: 60%; height: 48px; }
  .bone.chart { height: 160px; }
  .bone.press { height: 52px; border-radius: 8px; }

  @container (max-width: 359px) { .card { --pad: 16px; } }
  @container (max-width: 279px) { .line dt { flex-shrink: 1; } }
  @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
  @media (forced-colors: active) { .tag, .notice { border: 1px solid; } }
`;
