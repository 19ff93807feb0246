import { svg, type SVGTemplateResult, html, type TemplateResult } from "lit";

/** The strokes of each icon, on a field of 20. */
const PATHS = {
  chevron: svg`<path d="M7.5 4.5 13 10l-5.5 5.5"/>`,
  offline: svg`<path d="M3 3l14 14M2.500 8a11 11 0 0 1 4-2.300M9 5a11 11 0 0 1 8.500 3M5.500 11.500a7 7 0 0 1 3-1.700M12.500 10.200a7 7 0 0 1 2 1.300M10 15.500h.01"/>`,
} satisfies Record<string, SVGTemplateResult>;
export type Icon = keyof typeof PATHS | "weight";

/** An icon, for the eye only: the words beside it say the same. `weight` is the logo. */
export function icon(name: Icon): TemplateResult {
  if (name === "weight") {
    return html`<svg class="icon weight" viewBox="0 0 20 20" aria-hidden="true"><path d="M6 3h8l3 14H3z"/><circle class="star" cx="10" cy="12" r="2.200"/></svg>`;
  }
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">${PATHS[name]}</svg>`;
}
