import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { share, type Star } from "../model/beam.js";

/** Slanted strokes: what is estimated or on its way. To be filled with `url(#hatch)`, in brass or `petrol`. */
export const hatch = (petrol = false): SVGTemplateResult =>
  svg`<defs><pattern id=${petrol ? "hatch-petrol" : "hatch"} class=${petrol ? "petrol" : ""} width="5" height="5" patternUnits="userSpaceOnUse"
    patternTransform="rotate(45)"><path class="ground" d="M0 0h5v5H0z"/><path class="stroke" d="M0 0v5"/></pattern></defs>`;

/** The beam itself: `done` and `coming` in hundredths of it, and its stars. */
export const scale = (stars: readonly Star[], done: number, coming = 0): SVGTemplateResult => svg`
  <line class="rim" x2="100%"/><line class="rest" x2="100%"/>
  ${done ? svg`<line class="done" x2="${done}%"/>` : nothing}
  ${coming ? svg`<rect class="coming" x="${done}%" width="${coming}%" y="-5.500" height="11" fill="url(#hatch-petrol)"/>` : nothing}
  ${stars.map(({ at, large }) => svg`<circle class="${at <= done ? "lit" : ""} ${large ? "large" : ""}" cx="${at}%" r=${large ? 2.2 : 1.1}/>`)}`;

/** A sum with a ceiling: solid what is there, hatched what is on its way, and what remains. `label` says it in words. */
export function beam(most: number, settled: number, pending: number, stars: readonly Star[], label: string): TemplateResult {
  const done = share(settled, 0, most);
  return html`<svg class="beam" role="img" aria-label=${label}>${hatch(true)}<svg y="7" overflow="visible">${scale(stars, done, share(settled + pending, 0, most) - done)}</svg></svg>`;
}
