import type { Summary } from "./summary.js";

/** What sums may be borrowed: multiples of `step` from `least` to `most`. */
export interface Scope {
  least: number;
  most: number;
  step: number;
}

/** A sum worth stopping at. `week`: what 7 days' sales use up, `month`: 30 days', `most`: all there is. */
export interface Landmark {
  kind: "week" | "month" | "most";
  amount: number;
}

/** The scope of an open offer. */
export const scopeOf = ({ offer }: Summary): Scope => ({
  least: offer?.minimum_amount ?? 0,
  most: offer?.available_amount ?? 0,
  step: offer?.step_amount || 1,
});

/** The nearest sum that may be borrowed. */
export const settle = (amount: number, { least, most, step }: Scope): number =>
  Math.min(most, Math.max(least, Math.round(amount / step) * step));

/** A sum as it was typed, in any of the writings of our languages; NaN when it is none. `unit`: minor units in one. */
export function typed(text: string, unit: number): number {
  const plain = text.normalize("NFKC").replace(/[^\d.]/g, "");
  return plain ? Math.round(Number(plain) * unit) : Number.NaN;
}

/** Where to begin: what was suggested, never the most unless nothing less may be borrowed. */
export const suggested = (summary: Summary): number => settle(summary.offer?.suggested_amount ?? 0, scopeOf(summary));

/** The sums worth stopping at, ascending, each once. A month needs as much more than a week as it sells more. */
export function landmarks(summary: Summary): Landmark[] {
  const scope = scopeOf(summary);
  const week = suggested(summary);
  const forecast = summary.forecast;
  const sold = forecast?.forecast_7.p50_amount ?? 0;
  const need = sold > 0 ? (forecast!.stocking_need_amount * forecast!.forecast_30.p50_amount) / sold : 0;
  const month = settle(Math.ceil(need / scope.step) * scope.step, scope);
  const found: Landmark[] = [];
  if (week < scope.most) found.push({ kind: "week", amount: week });
  if (month > week && month < scope.most) found.push({ kind: "month", amount: month });
  return [...found, { kind: "most", amount: scope.most }];
}
