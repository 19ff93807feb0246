/** A mark on a beam: where, in hundredths of its length, and whether it is a large one. */
export interface Star {
  at: number;
  large: boolean;
}

const MOST_STARS = 36;
const LARGE_EVERY = 5;

/** Hundredths of the way from `from` to `to`, never outside. */
export const share = (value: number, from: number, to: number): number =>
  to <= from ? 0 : Math.round(Math.min(1, Math.max(0, (value - from) / (to - from))) * 10_000) / 100;

/** How far apart stars for sums stand: 1,000 of the currency, or as many times 2, 5, 10 more as there is room for. */
export function spacing(to: number, unit: number): number {
  let step = 1_000 * unit;
  for (let turn = 0; to / step > MOST_STARS; turn += 1) step *= turn % 3 === 1 ? 2.5 : 2;
  return step;
}

/** The stars from `from` to `to` at the multiples of `step`, each fifth of them (or `every`) large. */
export function stars(from: number, to: number, step: number, every = LARGE_EVERY): Star[] {
  const first = Math.ceil(from / step);
  const count = Math.max(0, Math.floor(to / step) - first + 1);
  return Array.from({ length: count }, (_, n) => ({ at: share((first + n) * step, from, to), large: (first + n) % every === 0 }));
}
