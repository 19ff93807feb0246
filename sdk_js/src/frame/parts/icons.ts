import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";

const RING = "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14";

/** The strokes of each icon on a field of 20, and what of it is filled. */
const PATHS = {
  chevron: ["M7.500 4.500 13 10l-5.500 5.500"],
  up: ["M10 16V4M5 9l5-5 5 5"],
  down: ["M10 4v12M5 11l5 5 5-5"],
  minus: ["M4 10h12"],
  plus: ["M4 10h12M10 4v12"],
  check: ["m4 10.500 4 4 8-9"],
  cross: ["m5 5 10 10M15 5 5 15"],
  ring: [RING],
  half: [RING, "M10 3a7 7 0 0 0 0 14z"],
  most: [RING, "M10 3v7H3a7 7 0 1 0 7-7z"],
  full: ["", RING],
  done: ["m6.500 10.200 2.500 2.500 4.500-5", `${RING}z`],
  stop: [`${RING}M6.500 10h7`],
  fail: ["m7.500 7.500 5 5m0-5-5 5", RING],
  info: [`${RING}M10 9.500v4M10 6.700v.1`],
  pause: [`${RING}M8 7.500v5M12 7.500v5`],
  clock: [`${RING}M10 6v4l2.500 2`],
  eye: ["M2 10c2-3.500 4.700-5 8-5s6 1.500 8 5c-2 3.500-4.700 5-8 5s-6-1.500-8-5zM10 8a2 2 0 1 0 0 4a2 2 0 1 0 0-4"],
  loop: ["M16 8a6.500 6.500 0 0 0-11.500-2L3 7.500M3 3.500v4h4M4 12a6.500 6.500 0 0 0 11.500 2L17 12.500M17 16.500v-4h-4"],
  back: ["M7 4 3.500 7.500 7 11M4 7.500h8a4 4 0 0 1 0 8H9"],
  warn: ["M10 3.500 2.500 16.500h15zM10 8v4M10 14.200v.1"],
  doubt: ["M7.800 8a2.200 2.200 0 1 1 3.200 2c-.7.400-1 .8-1 1.500M10 13.800v.1"],
  dotted: [""],
  calendar: ["M4 5h12v11H4zM4 9h12M7.500 3v3M12.500 3v3"],
  lock: ["M5 9h10v7.500H5zM7 9V6.500a3 3 0 0 1 6 0V9"],
  key: ["M6 7a3 3 0 1 0 0 6a3 3 0 1 0 0-6M9 10h8v3M14 10v2"],
  offline: [
    "M3 3l14 14M2.500 8a11 11 0 0 1 4-2.300M9 5a11 11 0 0 1 8.500 3M5.500 11.500a7 7 0 0 1 3-1.700M12.500 10.200a7 7 0 0 1 2 1.300M10 15.500h.01",
  ],
} satisfies Record<string, readonly [stroke: string, filled?: string]>;
export type Icon = keyof typeof PATHS | "weight";

/** The trader's weight, which is the logo and the slider's handle, around (0, 0), 32 wide and 34 high. */
export const weight: SVGTemplateResult = svg`<path class="body" d="M-9.500-15.500a2 2 0 0 1 2-1.500H7.500a2 2 0 0 1 2 1.500L15.800 14a2.500 2.500 0 0 1-2.500 3H-13.300a2.500 2.500 0 0 1-2.500-3z"/><circle class="star" cy="5" r="4.500"/>`;

/** An icon, for the eye only: the words beside it say the same. `weight` is the logo. */
export function icon(name: Icon): TemplateResult {
  if (name === "weight") return html`<svg class="icon weight" viewBox="-18 -18 36 36" aria-hidden="true">${weight}</svg>`;
  const [stroke, filled] = PATHS[name] as readonly [string, string?];
  const dashed = name === "doubt" || name === "dotted";
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
    ${filled ? svg`<path class="filled" d=${filled} />` : nothing}${dashed ? svg`<path class="dashed" d=${RING} />` : nothing}
    <path class=${name === "done" || name === "fail" ? "over" : ""} d=${stroke} />
  </svg>`;
}
