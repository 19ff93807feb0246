import { css } from "lit";

/** One line of 68 px: icon 36, title with its figure, reason, chevron. */
export const tileStyle = css`
  .tile {
    display: flex; align-items: center; gap: 12px; width: 100%; min-height: 66px; padding: 8px 16px; border: 0;
    background: none; text-align: start; border-radius: inherit;
  }
  .tile > div, .tile > span.text { flex: 1; min-width: 0; }
  .tile .name { display: block; font-weight: 600; line-height: 26px; }
  .tile .name b { font: 600 20px/26px var(--figures); }
  .tile .name .tag { font-weight: 400; margin-inline-start: 4px; padding-block: 0; vertical-align: 2px; }
  .tile .why { display: block; color: var(--ink-2); font-size: 13px; line-height: 20px; }
  .tile .box { display: grid; place-items: center; width: 36px; height: 36px; flex: none; border-radius: 8px; --behind: var(--sunken); }
  .tile .box .weight { width: 24px; height: 24px; }
  .tile .box.neutral { background: var(--sunken); color: var(--ink-2); }
  .tile .box.doubt { background: var(--brass-tint); border: 0; }
  .tile > .icon { color: var(--ink-2); }
  .tile .bone { height: 12px; margin-block: 6px; width: 80%; }
  .tile .bone:first-child { width: 60%; }
  button.tile:hover { background: var(--sunken); }
  :host(:dir(rtl)) .tile > .icon { transform: scaleX(-1); }
`;
