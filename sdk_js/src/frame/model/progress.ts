import type { Schemas } from "../../client/client.js";

/** How a loan is coming back; each sum of `plan`, `paid` and `ahead` counts from its beginning. `days`: newest first. */
export type Progress = Schemas["Progress"];
/** What a share of a business day's sales came to. */
export type Day = Progress["days"][number];

const DAY_MS = 86_400_000;

/** Days from `from` to `to`; below zero when `to` is earlier. */
export const daysBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);

/** The repayment line laid out: paths as SVG writes them, and where days and amounts stand. */
export interface Line {
  plan: string;
  paid: string;
  /** Forth along the quick path, back along the cautious one. */
  band: string;
  /** Where the paid line ends: today, while the loan runs. */
  now?: Point;
  first_on: string;
  last_on: string;
  x(on: string): number;
  y(amount: number): number;
}
type Point = readonly [x: number, y: number];

const path = (points: readonly Point[], end = ""): string => points.length ? `M${points.map((point) => point.join(" ")).join("L")}${end}` : "";
const round = (value: number): number => Math.round(value * 10) / 10;

/** Lay the line out. Time runs from the first day to the last on which anything may come, amounts from 0 to `total`. */
export function line({ plan, paid, ahead }: Progress, total: number, today_on: string, width: number, height: number): Line {
  const days = [...plan, ...paid, ...ahead].map((one) => one.on).concat(today_on).sort();
  const first_on = days[0]!;
  const last_on = days.at(-1)!;
  const span = daysBetween(first_on, last_on) || 1;
  const x = (on: string) => round((daysBetween(first_on, on) / span) * width);
  const y = (amount: number) => round(height - (Math.min(amount, total) / (total || 1)) * height);
  const last = paid.at(-1);
  const done = [...paid, ...(last && ahead.length ? [{ ...last, on: today_on }] : [])].map(({ on, amount }): Point => [x(on), y(amount)]);
  const now = done.at(-1);
  const low = ahead.map(({ on, low_amount }): Point => [x(on), y(low_amount)]);
  const high = ahead.map(({ on, high_amount }): Point => [x(on), y(high_amount)]);
  return {
    plan: path(plan.map(({ on, amount }) => [x(on), y(amount)])),
    paid: path(done),
    band: path(now && ahead.length ? [now, ...high, ...low.reverse()] : [], "Z"),
    now, first_on, last_on, x, y,
  };
}

/** The amounts along the side: 0, a round one about the middle, and the total. */
export function marks(total: number, unit: number): number[] {
  const step = unit * 10 ** Math.floor(Math.log10(Math.max(1, total / 2 / unit)));
  return [0, Math.round(total / 2 / step) * step, total];
}

/** A day of the chart's table: what was planned by then, what is paid, and between what the rest may come. */
export interface Row {
  on: string;
  amount?: number;
  paid?: number;
  low_amount?: number;
  high_amount?: number;
}

/** The numbers of the chart, evenly apart, at most about `most` of them; today's and the last one are always there. */
export function rows({ plan, paid, ahead }: Progress, most = 16): Row[] {
  const found = new Map<string, Row>();
  const put = (row: Row) => void found.set(row.on, { ...found.get(row.on), ...row });
  plan.forEach(put);
  paid.forEach(({ on, amount }) => put({ on, paid: amount }));
  ahead.forEach(put);
  const all = [...found.values()].sort((a, b) => (a.on < b.on ? -1 : 1));
  const every = Math.ceil(all.length / most);
  return all.filter(({ on }, n) => n % every === 0 || on === paid.at(-1)?.on || n === all.length - 1);
}
