import { css } from "lit";

/** The one style sheet of all screens. Parts have a class each; a screen adds nothing that another could use. */
export const style = css`
  * { box-sizing: border-box; }
  :host {
    display: block; container-type: inline-size; color: var(--ink); background: transparent;
    font: 400 15px/22px var(--text); font-variant-numeric: tabular-nums;
  }
  :host(:lang(en)) { font-size: 14px; }
  h2, h3, p, dl, dd, ol, ul { margin: 0; padding: 0; }
  button { font: inherit; color: inherit; }
  :focus-visible { outline: 3px solid var(--brass); outline-offset: 2px; border-radius: 4px; }
  .card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
  .figure { font-family: var(--figures); font-weight: 600; }
  .figure .sign { font-size: 62%; }
  .icon { width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
  .tile {
    display: flex; align-items: center; gap: 12px; width: 100%; min-height: 66px; padding: 12px 16px; border: 0;
    background: none; text-align: start; cursor: pointer; border-radius: 10px;
  }
  .tile > span { flex: 1; min-width: 0; }
  .tile .name { display: block; font-weight: 600; }
  .tile .name b { font: 600 20px/26px var(--figures); margin: 0 4px; }
  .tile .why { display: block; color: var(--ink-2); font-size: 13px; line-height: 20px; }
  .tile .box { display: grid; place-items: center; width: 36px; height: 36px; flex: none; border-radius: 8px; background: var(--tint); color: var(--petrol); }
  .bone { background: var(--bone); border-radius: 4px; height: 14px; }
`;
